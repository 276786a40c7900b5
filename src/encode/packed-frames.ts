import { BatonError } from '../errors.ts';
import type { Bytes, Frames } from '../units.ts';

/** Frames that differ in size are kept one behind the other, each after its size in two bytes, the higher one first. */
const SIZE_BYTES: Bytes = 2;

/** `frame` as it is kept. Throws ENCODER_FAILED when it is empty or larger than any codec makes them. */
export function packFrame(frame: Uint8Array): Uint8Array {
  if (frame.length === 0 || frame.length > 0xffff)
    throw new BatonError('ENCODER_FAILED', `a frame of ${frame.length} bytes`);
  const packed = new Uint8Array(SIZE_BYTES + frame.length);
  packed.set([frame.length >> 8, frame.length & 255]);
  packed.set(frame, SIZE_BYTES);
  return packed;
}

/** How many frames `bytes` hold, or null when the last one is not whole. */
export function countPacked(bytes: Uint8Array): Frames | null {
  let [at, count] = [0, 0];
  while (at < bytes.length) {
    at += sizeAt(bytes, at) ?? Infinity;
    count += 1;
  }
  return at === bytes.length ? count : null;
}

/** Takes a chunk apart that comes in pieces: gives the frames that are whole, with `frameBytes` each or packed (null). */
export function frameSplitter(frameBytes: Bytes | null): (bytes: Uint8Array) => readonly Uint8Array[] {
  let rest: Uint8Array = new Uint8Array();
  const headBytes = frameBytes === null ? SIZE_BYTES : 0;
  return (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const frames: Uint8Array[] = [];
    let at = 0;
    for (let size = frameBytes ?? sizeAt(all, 0); size !== null && at + size <= all.length;) {
      frames.push(all.subarray(at + headBytes, at + size));
      at += size;
      size = frameBytes ?? sizeAt(all, at);
    }
    rest = all.subarray(at);
    return frames;
  };
}

/** Of a packed frame with its size; null when that is not there. */
const sizeAt = (bytes: Uint8Array, at: number): Bytes | null =>
  at + SIZE_BYTES > bytes.length ? null : SIZE_BYTES + ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
