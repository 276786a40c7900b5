import type { Bytes } from '../units.ts';

/** Bytes of a stream that have come and not left, by their place in the stream. */
export interface ByteWindow {
  push(bytes: Uint8Array): void;
  /** Takes out what lies before `end`, without copying. */
  take(end: Bytes): readonly Uint8Array[];
  size(): Bytes;
}

/** An empty one, at the start of the stream. */
export function byteWindow(): ByteWindow {
  const pieces: Uint8Array[] = [];
  let start: Bytes = 0;
  let held: Bytes = 0;

  function take(end: Bytes): readonly Uint8Array[] {
    const wanted = Math.max(0, Math.min(end - start, held));
    start += wanted;
    held -= wanted;
    const taken: Uint8Array[] = [];
    let left = wanted;
    for (let piece = pieces[0]; piece !== undefined && left >= piece.length; piece = pieces[taken.length]) {
      taken.push(piece);
      left -= piece.length;
    }
    pieces.splice(0, taken.length);
    const [next] = pieces;
    if (next === undefined || left === 0) return taken;
    taken.push(next.subarray(0, left));
    pieces[0] = next.subarray(left);
    return taken;
  }

  return {
    push: (bytes) => {
      if (bytes.length > 0) pieces.push(bytes);
      held += bytes.length;
    },
    take,
    size: () => held,
  };
}
