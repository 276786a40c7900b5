import { describe, expect, it } from 'vitest';
import { createSeekIndex, decodeSeekIndex, encodeSeekIndex } from '../../src/source/seek-index.ts';

const offsetOf = (frame: number): number => 1234 + frame * 417 + (frame % 7);

function indexOf(frames: number) {
  const index = createSeekIndex(1234);
  for (let frame = 0; frame < frames; frame++) index.note(frame, offsetOf(frame), offsetOf(frame + 1));
  return index;
}

describe('a seek index', () => {
  it.each([1, 31, 32, 33, 138_000])('of %i frames survives being stored', (frames) => {
    const index = indexOf(frames);
    index.finish();
    const bytes = encodeSeekIndex(index);
    const again = decodeSeekIndex(bytes, true);
    expect(again).toMatchObject({ frames, end: index.end, complete: true });
    for (const frame of [0, 31, 32, frames - 1, frames]) expect(again?.locate(frame)).toEqual(index.locate(frame));
    expect(bytes.length).toBeLessThan(20 + frames / 10);
  });

  it('of the beginning of a source goes on where it was stored', () => {
    const again = decodeSeekIndex(encodeSeekIndex(indexOf(100)), false);
    expect(again).toMatchObject({ frames: 100, complete: false });
    for (let frame = 100; frame < 200; frame++) again?.note(frame, offsetOf(frame), offsetOf(frame + 1));
    expect(again).toMatchObject({ frames: 200, end: offsetOf(200) });
    for (const frame of [0, 99, 100, 128, 199]) expect(again?.locate(frame)).toEqual(indexOf(200).locate(frame));
  });

  it('finds a frame at most 31 frames before, and none that it does not know', () => {
    const index = indexOf(100);
    expect(index.locate(95)).toEqual({ frame: 64, offset: offsetOf(64) });
    expect(index.locate(100)).toBeNull();
    expect(createSeekIndex(9).locate(0)).toEqual({ frame: 0, offset: 9 });
  });

  it('takes frames only in order, and none once it is complete', () => {
    const index = indexOf(10);
    index.note(12, 1, 2);
    index.note(3, 1, 2);
    expect(index).toMatchObject({ frames: 10, end: offsetOf(10) });
    index.finish();
    index.note(10, offsetOf(10), offsetOf(11));
    expect(index.frames).toBe(10);
  });

  it('is not read from bytes that are something else', () => {
    expect(decodeSeekIndex(Uint8Array.of(2, 0, 0), true)).toBeNull();
    expect(decodeSeekIndex(encodeSeekIndex(indexOf(100)).subarray(0, 5), true)).toBeNull();
  });
});
