import type { Bytes, Frames } from '../units.ts';

/** Where the frames of an MP3 are; grows from the start while somebody reads on. Frame 0 is the first audio frame. */
export interface SeekIndex {
  /** Frames known so far, and where the last of them ends. */
  readonly frames: Frames;
  readonly end: Bytes;
  /** No frame follows the known ones. */
  readonly complete: boolean;
  /** Takes notice of a frame; one that does not follow the known ones is ignored. */
  note(frame: Frames, start: Bytes, end: Bytes): void;
  finish(): void;
  /** A place at or before `frame` where a known frame starts, at most 31 frames away; null when it is not known yet. */
  locate(frame: Frames): Place | null;
}

/** Where a frame starts, from the first byte of the source. */
export interface Place {
  readonly frame: Frames;
  readonly offset: Bytes;
}

const STEP: Frames = 32;
const FORMAT = 1;

/** An index that knows nothing but where the audio starts. */
export function createSeekIndex(start: Bytes): SeekIndex {
  return growing([start], 0, start, false);
}

/** The known part as bytes: format, frames, then LEB128 numbers: the start, every 32nd frame's distance, the end. */
export function encodeSeekIndex(index: SeekIndex): Uint8Array {
  const bytes: number[] = [FORMAT];
  const points = Array.from({ length: Math.ceil(index.frames / STEP) }, (_, i) => index.locate(i * STEP)?.offset ?? 0);
  writeNumber(bytes, index.frames);
  let last = 0;
  for (const offset of [...points, index.end]) {
    writeNumber(bytes, offset - last);
    last = offset;
  }
  return Uint8Array.from(bytes);
}

/** The index in `bytes`, which is that of a whole source or of its beginning; null when they hold none. */
export function decodeSeekIndex(bytes: Uint8Array, complete: boolean): SeekIndex | null {
  if (bytes[0] !== FORMAT) return null;
  const numbers = readNumbers(bytes.subarray(1));
  const frames = numbers[0] ?? 0;
  if (numbers.length !== Math.ceil(frames / STEP) + 2) return null;
  let offset = 0;
  const points = numbers.slice(1).map((distance) => (offset += distance));
  return growing(points.slice(0, -1), frames, points.at(-1) ?? 0, complete);
}

function growing(points: Bytes[], frames: Frames, end: Bytes, complete: boolean): SeekIndex {
  return {
    get frames() {
      return frames;
    },
    get end() {
      return end;
    },
    get complete() {
      return complete;
    },
    note(frame, start, stop) {
      if (complete || frame !== frames) return;
      if (frame % STEP === 0) points[frame / STEP] = start;
      frames++;
      end = stop;
    },
    finish() {
      complete = true;
    },
    locate(frame) {
      if (frame > 0 && frame >= frames) return null;
      const point = Math.floor(frame / STEP);
      const offset = points[point];
      return offset === undefined ? null : { frame: point * STEP, offset };
    },
  };
}

function writeNumber(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
}

function readNumbers(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    numbers.push(value);
    value = 0;
    scale = 1;
  }
  return numbers;
}
