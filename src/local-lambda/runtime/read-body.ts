import type { Readable } from 'node:stream';

/** Reads to the end in any case and gives what was read, or null when there was more than `limitBytes`. Throws when the sender dies. */
export async function readWholeBody(stream: Readable, limitBytes: number): Promise<Buffer | null> {
  const pieces: Uint8Array[] = [];
  let total = 0;
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    total += piece.length;
    if (total <= limitBytes) pieces.push(piece);
  }
  return total <= limitBytes ? Buffer.concat(pieces) : null;
}
