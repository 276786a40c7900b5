import { createDecipheriv } from 'node:crypto';
import { BatonError } from '../errors.ts';
import type { Key } from '../hls/media-playlist.ts';

const BLOCK_BYTES = 16;

/**
 * What makes plain bytes of a segment that is encrypted whole (RFC 8216 4.3.2.4).
 * @throws SOURCE_DAMAGED when it is not whole, or the key is not its own
 */
export function decrypted(bytes: Uint8Array, key: Uint8Array, iv: Uint8Array): Uint8Array {
  if (bytes.length === 0 || bytes.length % BLOCK_BYTES !== 0)
    throw new BatonError('SOURCE_DAMAGED', `${bytes.length} bytes are no encrypted segment`);
  const decipher = createDecipheriv('aes-128-cbc', key, iv);
  try {
    return Buffer.concat([decipher.update(bytes), decipher.final()]);
  } catch {
    throw new BatonError('SOURCE_DAMAGED', 'the key does not fit the segment');
  }
}

/** The same of the beginning of one: as many bytes as are there for certain. */
export function decryptedStart(bytes: Uint8Array, key: Uint8Array, iv: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-128-cbc', key, iv).setAutoPadding(false);
  return decipher.update(bytes.subarray(0, bytes.length - (bytes.length % BLOCK_BYTES)));
}

/** The initialization vector: as stated, else the number of the segment in 128 bits. */
export function vectorOf({ iv }: Key, mediaSequence: number): Uint8Array {
  if (iv !== null) return iv;
  const vector = Buffer.alloc(BLOCK_BYTES);
  vector.writeBigUInt64BE(BigInt(mediaSequence), 8);
  return vector;
}

/** The address of the key that opens a segment. Throws SOURCE_PROTECTED for every other kind of protection. */
export function keyUrl({ method, format, url }: Key): string {
  if (method !== 'AES-128' || format !== 'identity') throw new BatonError('SOURCE_PROTECTED', `${method}, ${format}`);
  if (url === null) throw new BatonError('PLAYLIST_INVALID', 'a key without an address');
  return url;
}

/** A key as it is fetched. Throws SOURCE_DAMAGED when it is none. */
export function expectKey(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== BLOCK_BYTES) throw new BatonError('SOURCE_DAMAGED', `a key of ${bytes.length} bytes`);
  return bytes;
}
