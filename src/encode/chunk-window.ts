import { BatonError } from '../errors.ts';
import type { ChunkPlan } from '../grid/chunk.ts';
import type { Timeline } from '../grid/timeline.ts';
import type { Bytes } from '../units.ts';
import { adtsUnits } from './adts-units.ts';
import { packFrame } from './packed-frames.ts';

/** What of an encoder's output is the chunk. */
export interface ChunkWindow {
  /** The next bytes of the chunk: frames one behind the other, packed where they differ in size. */
  take(bytes: Uint8Array): Uint8Array;
  isFull(): boolean;
}

/**
 * Lets the chunk's own frames through: neither the pre-roll, nor the tail, nor the bytes that were `given` before. Throws
 * ENCODER_FAILED for what are no frames of the grid: an encoder that breaks its promise must not go unnoticed.
 */
export const chunkWindow = (plan: ChunkPlan, timeline: Timeline, given: Bytes): ChunkWindow =>
  timeline.frameBytes === null ? packedWindow(plan, given) : evenWindow(plan, timeline, timeline.frameBytes, given);

function evenWindow(plan: ChunkPlan, { codec }: Timeline, frameBytes: Bytes, given: Bytes): ChunkWindow {
  const start = plan.preroll * frameBytes + given;
  const end = (plan.preroll + plan.frames) * frameBytes;
  const beginsFrame = BEGINS_FRAME[codec];
  let position = 0;
  return {
    take: (bytes) => {
      const from = Math.max(0, start - position);
      const to = Math.max(from, Math.min(bytes.length, end - position));
      const first = beginsFrame === undefined ? Infinity : (frameBytes - (position % frameBytes)) % frameBytes;
      for (let at = first; at < bytes.length; at += frameBytes)
        if (beginsFrame?.(bytes[at] ?? 0) === false)
          throw new BatonError('ENCODER_FAILED', `no frame at ${position + at}`);
      position += bytes.length;
      return bytes.subarray(from, to);
    },
    isFull: () => position >= end,
  };
}

/** Opus configurations with frames of 20 ms (RFC 6716 section 3.1). */
const OPUS_20_MS = new Set([1, 5, 9, 13, 15, 19, 23, 27, 31]);

/** By its first byte; any two bytes are a sample of PCM, and AAC has headers to be checked. */
const BEGINS_FRAME: Readonly<Partial<Record<Timeline['codec'], (first: number) => boolean>>> = {
  mp3: (first) => first === 0xff,
  opus: (first) => OPUS_20_MS.has(first >> 3),
};

function packedWindow(plan: ChunkPlan, given: Bytes): ChunkWindow {
  const units = adtsUnits();
  const end = plan.preroll + plan.frames;
  let count = 0;
  let skip = given;
  return {
    take: (bytes) => {
      const packed: Uint8Array[] = [];
      for (const unit of units(bytes)) {
        if (count >= plan.preroll && count < end) packed.push(packFrame(unit));
        count += 1;
      }
      const all = Buffer.concat(packed);
      const fresh = all.subarray(skip);
      skip -= all.length - fresh.length;
      return fresh;
    },
    isFull: () => count >= end,
  };
}
