import { Buffer } from 'node:buffer';
import { closeSync, fstatSync, futimesSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import type { Bytes, Milliseconds } from '../units.ts';
import { decodeEntry } from './entry.ts';
import { isErrno } from './errno.ts';
import type { Stored } from './store.ts';

const TOUCH_AFTER: Milliseconds = 60_000; // recency to the minute: a hot entry costs one write of its inode a minute

/**
 * The entry of `key` in the file at `path`, whose use at `now` is noted in the file's modification time. `damaged`: the
 * file is not what was written, or larger than `maxBytes`. Throws the system's error when it cannot be read.
 */
export async function readEntry(
  path: string,
  key: string,
  now: Milliseconds,
  maxBytes: Bytes,
): Promise<Stored | 'absent' | 'damaged'> {
  const fd = openFile(path);
  if (fd === null) return 'absent';
  try {
    const { size, mtimeMs } = fstatSync(fd);
    const file = size > maxBytes ? null : await readWhole(fd, size);
    const stored = file && decodeEntry(file, key);
    if (stored === null) return 'damaged';
    if (now - mtimeMs > TOUCH_AFTER) touch(fd, now);
    return stored;
  } finally {
    closeSync(fd);
  }
}

/** At once: a name is looked up in memory as a rule, and a second thread hop would double the cost of a cached read. */
function openFile(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    if (isErrno(thrown, 'ENOENT', 'ENOTDIR')) return null;
    throw thrown;
  }
}

/** At most `size` bytes; fewer when the file has shrunk. */
async function readWhole(fd: number, size: Bytes): Promise<Buffer> {
  const file = Buffer.allocUnsafeSlow(size); // its own memory: a pooled slab would live as long as its smallest entry
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await promisify(read)(fd, file, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return file.subarray(0, filled);
}

function touch(fd: number, now: Milliseconds): void {
  try {
    futimesSync(fd, now / 1000, now / 1000);
  } catch {
    // A folder that is read-only, or somebody else's, still serves reads.
  }
}
