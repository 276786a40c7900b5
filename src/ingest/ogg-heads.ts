import type { Bytes } from '../units.ts';

/** Streams that play at the same time begin one behind the other. */
const GROUP: Bytes = 4096;
const CAPTURE = Buffer.from('OggS\0', 'latin1');
const FLAGS: Bytes = 5;
const IS_FIRST = 2;

/**
 * Where the newest logical stream begins (RFC 3533 section 4), given `bytes` that begin at `at` of the whole, and where it
 * was known to begin before. A page of which only the first bytes are there is missed: whoever joins has the stream before.
 */
export function oggHeadIn(bytes: Uint8Array, at: Bytes, known: Bytes | null): Bytes | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let newest = known;
  for (let place = buffer.indexOf(CAPTURE); place >= 0; place = buffer.indexOf(CAPTURE, place + 1)) {
    const isFirst = ((buffer[place + FLAGS] ?? 0) & IS_FIRST) !== 0;
    if (isFirst && (newest === null || at + place - newest > GROUP)) newest = at + place;
  }
  return newest;
}
