import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Stored } from './store.ts';

/** What a folder store knows of one entry without reading it. */
export interface Entry {
  readonly key: string;
  readonly bytes: Bytes;
  readonly usedAt: Milliseconds;
}

const MAGIC = 'baton1';
const CHECKED_FROM: Bytes = MAGIC.length + 10; // after the magic, eight hex digits of CRC-32, and a space each

/** The file of an entry: one line of text (`baton1 <crc-32> <length> <tag> <key>`), then the value as it is. */
export function encodeEntry(key: string, tag: string, bytes: Uint8Array): Buffer {
  const rest = Buffer.from(`${bytes.byteLength} ${tag} ${key}\n`, 'latin1');
  const sum = crc32(bytes, crc32(rest)).toString(16).padStart(8, '0');
  return Buffer.concat([Buffer.from(`${MAGIC} ${sum} `, 'latin1'), rest, bytes]);
}

/** The value in the file of `key`, or null when a bit, the end, or the name is not what was written. */
export function decodeEntry(file: Buffer, key: string): Stored | null {
  const head = file.indexOf('\n');
  if (head < CHECKED_FROM) return null;
  const [magic, sum, length, tag, name] = file.toString('latin1', 0, head).split(' ');
  const bytes = new Uint8Array(file.buffer, file.byteOffset + head + 1, file.byteLength - head - 1);
  if (magic !== MAGIC || name !== key || tag === undefined || Number(length) !== bytes.byteLength) return null;
  return crc32(file.subarray(CHECKED_FROM)) === Number.parseInt(sum ?? '', 16) ? { bytes, tag } : null;
}

/** What a file of this length takes on a disk; small entries would otherwise slip past the budget. */
export const diskBytes = (length: Bytes): Bytes => Math.ceil(length / 4096) * 4096;
