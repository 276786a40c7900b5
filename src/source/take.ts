import type { Bytes } from '../units.ts';

/** The first bytes of a body, at least `wanted` unless it ends before; the rest can be read on. */
export async function take(body: AsyncGenerator<Uint8Array, void>, wanted: Bytes): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  while (length < wanted) {
    const { done, value } = await body.next();
    if (done === true) break;
    pieces.push(value);
    length += value.length;
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

/** All bytes of a body. */
export const takeAll = (body: AsyncGenerator<Uint8Array, void>): Promise<Uint8Array> => take(body, Infinity);
