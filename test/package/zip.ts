import { readFile } from 'node:fs/promises';
import { inflateRawSync } from 'node:zlib';

/** One file of a zip. */
export interface ZipEntry {
  /** Permission bits as Unix has them. */
  readonly mode: number;
  readonly bytes: () => Buffer;
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;

/** The files of a zip by name, from its central directory (APPNOTE 4.3): what AWS unpacks. */
export async function readZip(path: string): Promise<ReadonlyMap<string, ZipEntry>> {
  const zip = await readFile(path);
  let end = zip.length - 22;
  while (zip.readUInt32LE(end) !== END) end--;
  const entries = new Map<string, ZipEntry>();
  let at = zip.readUInt32LE(end + 16);
  for (let i = 0; i < zip.readUInt16LE(end + 10); i++) {
    if (zip.readUInt32LE(at) !== CENTRAL) throw new Error(`no entry at ${at}`);
    const nameLength = zip.readUInt16LE(at + 28);
    const method = zip.readUInt16LE(at + 10);
    const size = zip.readUInt32LE(at + 20);
    const local = zip.readUInt32LE(at + 42);
    entries.set(zip.toString('utf8', at + 46, at + 46 + nameLength), {
      mode: (zip.readUInt32LE(at + 38) >>> 16) & 0o777,
      bytes: () => {
        const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
        const packed = zip.subarray(start, start + size);
        return method === 0 ? packed : inflateRawSync(packed);
      },
    });
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}
