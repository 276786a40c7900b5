import { beforeAll, describe, expect, test } from 'vitest';
import { rawBlocks } from '../../src/media/adts.ts';
import { sameDecoder } from '../../src/intake/same-decoder.ts';
import { inGroups, splitAdts, withCrc } from '../support/adts-forge.ts';
import { id3v1, id3v2, join, junk, splitFrames } from '../support/mp3-forge.ts';
import { type ProgramKind, radioProgram } from '../support/radio-program.ts';
import { source } from '../support/sources.ts';
import { type Demuxed, demuxed, samplesIn } from './demuxed.ts';
import { heAac } from './he-aac.ts';

const programs = new Map<ProgramKind, Uint8Array>();
const bytesOf = (kind: ProgramKind): Uint8Array => programs.get(kind) ?? new Uint8Array();
const mp3 = (kind: ProgramKind): Uint8Array[] => splitFrames(bytesOf(kind));
const aac = (kind: ProgramKind): Uint8Array[] => splitAdts(bytesOf(kind));

beforeAll(async () => {
  for (const kind of [
    'mp3-128k',
    'mp3-64k',
    'mp3-48k',
    'mp3-mono',
    'mp3-22k',
    'aac-96k',
    'aac-48k',
    'aac-24k',
  ] as const)
    programs.set(kind, (await radioProgram(kind, { seconds: 6 })).fixture.bytes);
});

const hex = (frames: readonly Uint8Array[]): string[] => frames.map((frame) => Buffer.from(frame).toString('hex'));
const packets = ({ packets: found }: Demuxed): string[] => hex(found.map(({ bytes }) => bytes));
const codecs = ({ formats }: Demuxed): string[] => formats.map(({ codec, sampleRate }) => `${codec} ${sampleRate}`);

describe('MP3', () => {
  test('is free of what stands between its frames', () => {
    const frames = mp3('mp3-128k');
    const part = (k: number): Uint8Array => join(...frames.slice(k * 40, (k + 1) * 40));
    const between = [junk(5000, 3, frames[0]), id3v2('In the middle', 30_000), new Uint8Array(700), id3v1('Title')];
    const stream = join(junk(300, 1), ...between.flatMap((piece, k) => [part(k), piece]), part(4));
    for (const size of [1, 7, 1000]) expect(packets(demuxed(stream, [size]))).toEqual(hex(frames.slice(0, 200)));
  });

  test('is free of what looks like frames in a tag', () => {
    const frames = mp3('mp3-128k');
    const content = join(...mp3('mp3-64k').slice(0, 10));
    const size = [content.length >> 21, content.length >> 14, content.length >> 7, content.length].map(
      (byte) => byte & 127,
    );
    const tag = join(Buffer.from('ID3\x04\0\0', 'latin1'), Uint8Array.from(size), content);
    const stream = join(tag, ...frames.slice(0, 20), tag, tag, ...frames.slice(20, 40));
    for (const pushes of [1, 1000]) expect(packets(demuxed(stream, [pushes]))).toEqual(hex(frames.slice(0, 40)));
  });

  test('is free of frames that only tell a length, where files are played one behind the other', async () => {
    const files = [];
    for (const name of ['vbr-xing.mp3', 'vbr-vbri.mp3', 'cbr.mp3'] as const)
      files.push((await source(name, { seconds: 6 })).bytes);
    const found = demuxed(join(...files.flatMap((bytes) => [bytes, id3v1('Title')])));
    expect(packets(found)).toEqual(hex(files.flatMap((bytes) => splitFrames(bytes).slice(1))));
    expect(found.formats).toHaveLength(1);
  });

  test('stays one format through other bitrates and mono frames, and is a new one at another rate', () => {
    const stream = [
      mp3('mp3-128k'),
      mp3('mp3-mono'),
      mp3('mp3-64k').slice(0, 1),
      mp3('mp3-128k'),
      mp3('mp3-48k'),
      mp3('mp3-22k'),
    ];
    const found = demuxed(join(...stream.flat()));
    expect(packets(found)).toEqual(hex(stream.flat()));
    expect(codecs(found)).toEqual(['mp3 44100', 'mp3 48000', 'mp3 22050']);
    expect(found.formats.map(({ channels }) => channels)).toEqual([2, 2, 2]);
    const mono = demuxed(join(...mp3('mp3-mono'))).formats[0];
    expect(mono && sameDecoder(mono, found.formats[0] ?? mono)).toBe(true);
  });

  test.each<ProgramKind>(['mp3-48k', 'mp3-64k'])(
    'loses no more than the frame that is cut where %s takes over',
    (kind) => {
      const [one, other] = [mp3('mp3-128k'), mp3(kind)];
      const cut = (one[50] ?? new Uint8Array()).subarray(0, 200);
      const stream = join(...one.slice(0, 50), cut, ...other.slice(0, 50));
      for (const size of [1, 7, 1000])
        expect(packets(demuxed(stream, [size]))).toEqual(hex([...one.slice(0, 50), ...other.slice(0, 50)]));
    },
  );
});

describe('AAC', () => {
  test('in frames with a CRC, or of several blocks, is the same sound', () => {
    const frames = aac('aac-96k').slice(0, 120);
    const plain = demuxed(join(...frames));
    expect(packets(plain)).toEqual(hex(frames.map(rawBlocks)));
    expect(demuxed(join(...withCrc(frames))).lines).toEqual(plain.lines);
    for (const count of [2, 3, 4]) {
      const grouped = demuxed(join(...inGroups(frames, count, true)));
      expect(grouped.packets.every(({ samples }) => samples === 1024 * count)).toBe(true);
      expect(samplesIn(grouped.packets)).toBe(samplesIn(plain.packets));
      expect(
        Buffer.concat(grouped.packets.map(({ bytes }) => bytes)).equals(
          Buffer.concat(plain.packets.map(({ bytes }) => bytes)),
        ),
      ).toBe(true);
      expect(grouped.formats).toEqual(plain.formats);
    }
    const mixed = demuxed(join(...frames.slice(0, 60), ...inGroups(frames.slice(60), 3)));
    expect(mixed.formats).toHaveLength(1);
    expect(samplesIn(mixed.packets)).toBe(samplesIn(plain.packets));
  });

  test('is a new format where its headers change, and nothing is lost', () => {
    const stream = [
      aac('aac-96k'),
      aac('aac-48k'),
      aac('aac-24k'),
      splitAdts(heAac('he-aac-v1')),
      splitAdts(heAac('he-aac-v2')),
      aac('aac-96k'),
    ];
    const found = demuxed(join(...stream.flat()));
    expect(packets(found)).toEqual(hex(stream.flat().map(rawBlocks)));
    expect(codecs(found)).toEqual(['aac 44100', 'aac 48000', 'aac 24000', 'aac 44100', 'aac 48000', 'aac 44100']);
    expect(found.formats.map(({ channels }) => channels)).toEqual([2, 2, 1, 2, 2, 2]);
  });

  test('with single frames without SBR is HE-AAC all the same, from its first frame on', async () => {
    const core = (await radioProgram('aac-22k', { seconds: 6 })).pieces.map(({ bytes }) => bytes);
    const he = splitAdts(heAac('he-aac-v1'));
    const found = demuxed(join(...core.slice(0, 5), ...he.slice(0, 20), ...core.slice(5, 40), ...he.slice(20)));
    expect(codecs(found)).toEqual(['aac 44100']);
    expect(found.packets.every(({ samples }) => samples === 2048)).toBe(true);
    const late = demuxed(join(...core.slice(0, 40), ...he));
    expect(codecs(late)).toEqual(['aac 22050', 'aac 44100']);
    expect(late.packets.map(({ samples }) => samples)).toEqual([
      ...core.slice(0, 40).map(() => 1024),
      ...he.map(() => 2048),
    ]);
  });

  test('of a short stream that ends before it is known is LC', () => {
    const found = demuxed(join(...aac('aac-24k').slice(0, 4)));
    expect([codecs(found), found.packets.length]).toEqual([['aac 24000'], 4]);
  });

  test.each([
    ['AAC Main', 2, 0x3f, 0x00],
    ['channels that nothing tells', 3, 0x3f, 0x00],
  ])('%s is not supported', (what, at, keep, set) => {
    const frames = aac('aac-96k')
      .slice(0, 40)
      .map((frame) => Uint8Array.from(frame));
    for (const frame of frames) {
      frame[at] = ((frame[at] ?? 0) & keep) | set;
      if (what.startsWith('channels')) frame[2] = (frame[2] ?? 0) & 0xfe;
    }
    expect(() => demuxed(join(...frames))).toThrow(expect.objectContaining({ code: 'CODEC_UNSUPPORTED' }) as Error);
  });
});

test('one kind may follow the other, and back', () => {
  const [frames, blocks] = [mp3('mp3-128k').slice(0, 100), aac('aac-24k').slice(0, 10)];
  const found = demuxed(join(...frames, ...blocks, ...frames, ...blocks.slice(0, 3)));
  expect(codecs(found)).toEqual(['mp3 44100', 'aac 24000', 'mp3 44100', 'aac 24000']);
  const expected = [...frames, ...blocks.map(rawBlocks), ...frames, ...blocks.slice(0, 3).map(rawBlocks)];
  expect(packets(found)).toEqual(hex(expected));
});

test('a stream that turns into something else is damaged', () => {
  const frames = join(...mp3('mp3-128k'));
  expect(demuxed(join(frames, junk(200_000, 9), frames)).packets.length).toBe(2 * mp3('mp3-128k').length);
  expect(() => demuxed(join(frames, junk(300_000, 9)))).toThrow(
    expect.objectContaining({ code: 'SOURCE_DAMAGED' }) as Error,
  );
});
