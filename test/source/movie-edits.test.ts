import { describe, expect, it } from 'vitest';
import { statedEnd, statedPriming } from '../../src/source/movie-edits.ts';

function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([uint32(content.length + 8), Buffer.from(type), content]);
}

const uint32 = (...values: readonly number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes;
    }),
  );

const track = (id: number, ...edits: readonly (readonly [duration: number, mediaTime: number])[]): Buffer =>
  box(
    'trak',
    box('tkhd', uint32(0, 0, 0, id)),
    box(
      'edts',
      box('elst', uint32(0, edits.length, ...edits.flatMap(([duration, start]) => [duration, start, 0x10000]))),
    ),
  );

const moov = (timescale: number, ...tracks: readonly Buffer[]) => [
  { start: 0, bytes: box('ftyp', Buffer.from('isom')) },
  { start: 40, bytes: box('moov', box('mvhd', uint32(0, 0, 0, timescale)), ...tracks) },
];

describe('the edit list of a movie', () => {
  it('ends the presentation of its own track', () => {
    const movie = moov(44_100, track(1, [99, 0]), track(2, [441_000, 2112]));
    expect(statedEnd(movie, 2, 44_100)).toBe(441_000);
    expect(statedEnd(movie, 3, 44_100)).toBeNull();
  });

  it('is found wherever the index was cut when it was read', () => {
    const [file, whole] = moov(44_100, track(2, [441_000, 2112]));
    if (file === undefined || whole === undefined) expect.unreachable('no index');
    const { start, bytes } = whole;
    for (let cut = 1; cut < bytes.length; cut += 7) {
      const pieces = [
        { start: start + cut, bytes: bytes.subarray(cut) },
        file,
        { start, bytes: bytes.subarray(0, cut) },
      ];
      expect(statedEnd(pieces, 2, 44_100)).toBe(441_000);
    }
  });

  it('is rounded up where the clock of the movie is coarse, and counts a delay', () => {
    expect(statedEnd(moov(1000, track(1, [20_001, 1024])), 1, 44_100)).toBe(882_089);
    expect(statedEnd(moov(600, track(1, [60, -1], [6000, 0])), 1, 48_000)).toBe(484_880);
  });

  it('says nothing with several edits, or without a duration', () => {
    expect(statedEnd(moov(1000, track(1, [10, 0], [10, 50])), 1, 44_100)).toBeNull();
    expect(statedEnd(moov(1000, track(1, [0, 1024])), 1, 44_100)).toBeNull();
    expect(statedEnd([{ start: 0, bytes: Buffer.from('not a movie') }], 1, 44_100)).toBeNull();
  });
});

describe('the note of iTunes', () => {
  const noted = (words: string) => [
    { start: 0, bytes: box('name', Buffer.from(`\0\0\0\0iTunSMPB____data____ ${words}`)) },
  ];

  it('states priming and length', () => {
    const words = '00000000 00000840 000001CA 00000000003F31F6 00000000';
    expect(statedPriming(noted(words))).toEqual({ priming: 2112, samples: 0x3f31f6 });
  });

  it('is not believed when it makes no sense', () => {
    expect(statedPriming(noted('00000000 7FFFFFFF 000001CA 00000000003F31F6'))).toBeNull();
    expect(statedPriming(noted('nothing'))).toBeNull();
    expect(statedPriming([])).toBeNull();
  });
});
