import { trailingTagBytes } from '../media/id3.ts';
import { MAX_FRAME_BYTES, mp3Walker } from '../media/mp3.ts';
import type { ByteRange, Bytes, Frames } from '../units.ts';
import type { Mp3Opening } from './mp3-layout.ts';
import type { SourceMeter } from './reader.ts';
import { type Sample, UNKNOWN_END } from './sample.ts';
import { takeAll } from './take.ts';

/** How an MP3 ends, as far as the probe could look; offsets from the first byte of the source. */
export interface AudioEnd {
  /** Where the last frame ends, as far as can be seen. */
  readonly end: Bytes;
  readonly size: Bytes | null;
  /** The last bytes without trailing tags; null when the end cannot be read first. */
  readonly window: { readonly bytes: Uint8Array; readonly range: ByteRange } | null;
  /** All frames of a source that was seen whole. */
  readonly counted: { readonly frames: Frames; readonly end: Bytes } | null;
}

/** How far what a tag states may be off: by one frame, which encoders count differently. */
export const TAG_TOLERANCE: Bytes = MAX_FRAME_BYTES;

const WINDOW: Bytes = 16 * 1024;
const LEAST_WINDOW: Bytes = 4096;

/** Where the audio of an MP3 ends: before its trailing tags, behind the last whole frame. */
export async function findAudioEnd(
  sample: Sample,
  opening: Mp3Opening,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<AudioEnd> {
  const { size, head } = sample;
  const tail = await sample.tail;
  if (size === null || tail === null) return { end: statedEnd(opening, size), size, window: null, counted: null };

  const window = await lastBytes(size, tail, opening, sample, signal, meter);
  const { start } = window.range;
  const walked = walk(window.bytes, opening, start === opening.start);
  const end = walked.frames === 0 ? window.range.end : start + walked.end;
  const isWhole = size === head.length && start === opening.start;
  return { end, size, window, counted: isWhole ? { frames: walked.frames, end } : null };
}

/** The tag may leave out what stands behind the audio; when it says something quite different, it is not believed. */
function statedEnd({ first, tag }: Mp3Opening, size: Bytes | null): Bytes {
  if (size === null) return UNKNOWN_END;
  const stated = first.offset + (tag?.bytes ?? 0);
  return stated <= size && size - stated <= TAG_TOLERANCE ? stated : size;
}

async function lastBytes(
  size: Bytes,
  tail: Uint8Array,
  opening: Mp3Opening,
  sample: Sample,
  signal: AbortSignal,
  meter?: SourceMeter,
) {
  const end = Math.max(opening.start, size - trailingTagBytes(tail));
  const tailStart = size - tail.length;
  const isAll = size === sample.head.length;
  const start = Math.max(opening.start, isAll ? 0 : tailStart);
  if (end - start >= LEAST_WINDOW || start === opening.start || sample.peek === null) {
    const bytes = isAll ? sample.head.subarray(start, end) : tail.subarray(start - tailStart, end - tailStart);
    return { bytes, range: { start, end } };
  }
  const range = { start: Math.max(opening.start, end - WINDOW), end };
  return { bytes: await takeAll(sample.peek(range, signal, meter)), range };
}

function walk(bytes: Uint8Array, { first }: Mp3Opening, atFrame: boolean): { frames: Frames; end: Bytes } {
  const walker = mp3Walker(first.header, atFrame ? 'frame' : 'anywhere');
  const frames = [...walker.push(bytes), ...walker.end()];
  const last = frames.at(-1);
  return { frames: frames.length, end: last ? last.offset + last.bytes.length : 0 };
}
