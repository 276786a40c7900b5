import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { S3Object } from './s3-server.ts';

/** An object of these bytes, written now. */
export function newObject(bytes: Uint8Array, headers: Readonly<Record<string, string>>): S3Object {
  const copy = Buffer.from(bytes);
  const etag = `"${createHash('md5').update(copy).digest('hex')}"`;
  return { bytes: copy, etag, modified: new Date(), crc32: crc32Of(copy), headers };
}

/** As S3 writes it: four bytes, big-endian, in base64. */
export function crc32Of(bytes: Uint8Array): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
}
