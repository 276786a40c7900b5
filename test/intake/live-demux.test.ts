import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { sameDecoder } from '../../src/intake/same-decoder.ts';
import { type Program, programOf, radioProgram } from '../support/radio-program.ts';
import { demuxed, placeIn } from './demuxed.ts';
import { heAac } from './he-aac.ts';

const KINDS = ['mp3-128k', 'mp3-vbr', 'mp3-22k', 'aac-96k', 'aac-24k', 'opus', 'opus-mono', 'vorbis', 'flac'] as const;
const programs = new Map<string, Program>();
const programOfKind = (kind: string): Program => {
  const found = programs.get(kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
};
const bytesOf = ({ pieces }: Program): Buffer => Buffer.concat(pieces.map(({ bytes }) => bytes));

beforeAll(async () => {
  for (const kind of KINDS) programs.set(kind, await radioProgram(kind, { seconds: 6, title: kind }));
  for (const name of ['he-aac-v1', 'he-aac-v2', 'he-aac-mono']) programs.set(name, programOf(heAac(name), 'audio/aac'));
});

const ALL = [...KINDS, 'he-aac-v1', 'he-aac-v2', 'he-aac-mono'];

describe.each(ALL)('%s', (kind) => {
  test('is the same in pushes of every size', () => {
    const bytes = bytesOf(programOfKind(kind)).subarray(0, 100_000);
    const whole = demuxed(bytes, [bytes.length]);
    expect(whole.packets.length).toBeGreaterThan(10);
    for (const size of [1, 3, 7, 1000]) {
      const { lines, formats, titles } = demuxed(bytes, [size]);
      expect(lines.join()).toBe(whole.lines.join());
      expect([formats, titles]).toEqual([whole.formats, whole.titles]);
    }
  });

  test('is the same wherever it is joined', () => {
    const program = programOfKind(kind);
    const whole = demuxed(bytesOf(program));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.9, noNaN: true }), fc.integer({ min: 1, max: 3000 }), (where, size) => {
        const { lines, formats } = demuxed(joinedAt(program, where), [size]);
        const place = placeIn(whole.lines, lines);
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place + lines.length).toBe(whole.lines.length);
        // At most a page is lost, or two frames.
        expect(place).toBeLessThanOrEqual(where * whole.lines.length + 50);
        expect(formats).toHaveLength(1);
        expect(formats.every((format) => whole.formats.every((first) => sameDecoder(first, format)))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

/** What a server gives those who join there: any byte of frames, a page of Ogg behind its headers. */
function joinedAt(program: Program, where: number): Buffer {
  const bytes = bytesOf(program);
  const index = Math.floor(where * program.pieces.length);
  const head = program.pieces[index]?.head ?? null;
  if (head === null) return bytes.subarray(Math.floor(where * bytes.length));
  return index === 0 ? bytes : Buffer.concat([head, ...program.pieces.slice(index).map((piece) => piece.bytes)]);
}
