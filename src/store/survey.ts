import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes, Milliseconds } from '../units.ts';
import { diskBytes } from './entry.ts';
import type { Entry } from './entry.ts';
import { entryKey } from './entry-path.ts';
import { unless } from './errno.ts';
import { isKeptFamily, isKey } from './store.ts';

/** What stands in a folder. */
export interface Survey {
  /** All entries that may be evicted, and temporary files. */
  readonly held: Bytes;
  /** The entries unused for longest, the longest unused last. */
  readonly oldest: Entry[];
  /** How many processes have lately written here: at least one. */
  readonly writers: number;
}

/** How far to look, and when it is. */
export interface SurveyOptions {
  /** How many bytes of entries `oldest` is to cover. */
  readonly oldestBytes: Bytes;
  readonly now: Milliseconds;
  readonly signal: AbortSignal;
}

/** Looks at every entry below `folder`, a few at a time so that reads get in between, and clears what the dead left. */
export async function survey(folder: string, { oldestBytes, now, signal }: SurveyOptions): Promise<Survey> {
  let held: Bytes = 0;
  let oldest: Entry[] = [];
  let covered: Bytes = 0;
  for await (const { directory, files } of buckets(folder, (family) => !isKeptFamily(family))) {
    for (let at = 0; at < files.length; at += AT_ONCE) {
      signal.throwIfAborted();
      const seen = await Promise.all(files.slice(at, at + AT_ONCE).map((file) => look(directory, file)));
      for (const entry of seen.filter((entry) => entry !== null)) {
        held += entry.bytes;
        covered += entry.bytes;
        oldest.push(entry);
      }
    }
    if (covered > 2 * oldestBytes) [oldest, covered] = longestUnused(oldest, oldestBytes);
  }
  [oldest] = longestUnused(oldest, oldestBytes);
  const temporary = await sweep(join(folder, '.tmp'), now - ABANDONED_AFTER);
  await sweep(join(folder, '.locks'), now - ABANDONED_AFTER);
  return { held: held + temporary.bytes, oldest: oldest.reverse(), writers: Math.max(1, temporary.directories) };
}

interface EntryFile {
  readonly key: string;
  readonly name: string;
}

/** The directories of entries whose family passes `wanted`, each with its files. What no key leads to is left alone. */
export async function* buckets(
  folder: string,
  wanted: (family: string) => boolean,
): AsyncGenerator<{ readonly directory: string; readonly files: readonly EntryFile[] }> {
  for (const family of await names(folder)) {
    if (!isKey(family) || !wanted(family)) continue;
    for (const bucket of await names(join(folder, family))) {
      if (!/^[0-9a-f]{2}$/.test(bucket)) continue;
      const directory = join(folder, family, bucket);
      const files = (await names(directory)).map((name) => ({ key: entryKey(family, bucket, name), name }));
      yield { directory, files: files.filter((file): file is EntryFile => file.key !== null) };
    }
  }
}

const AT_ONCE = 32; // a read that comes now waits for these: well under a millisecond
const ABANDONED_AFTER: Milliseconds = 600_000;

const names = async (directory: string): Promise<readonly string[]> =>
  (await unless(readdir(directory), 'ENOENT', 'ENOTDIR')) ?? [];

async function look(directory: string, { key, name }: EntryFile): Promise<Entry | null> {
  const stats = await unless(lstat(join(directory, name)), 'ENOENT');
  return stats?.isFile() === true ? { key, bytes: diskBytes(stats.size), usedAt: stats.mtimeMs } : null;
}

/** The entries unused for longest, the longest unused first, until they cover `bytes`. */
function longestUnused(entries: Entry[], bytes: Bytes): [entries: Entry[], covered: Bytes] {
  entries.sort((a, b) => a.usedAt - b.usedAt);
  let covered: Bytes = 0;
  let end = 0;
  for (const entry of entries) {
    if (covered >= bytes) break;
    covered += entry.bytes;
    end += 1;
  }
  return [entries.slice(0, end), covered];
}

/** Removes files below `directory` from before `since`, and directories that nobody used since; counts what is left. */
async function sweep(directory: string, since: Milliseconds): Promise<{ bytes: Bytes; directories: number }> {
  const left = { bytes: 0, directories: 0 };
  for (const name of await names(directory)) {
    const path = join(directory, name);
    const stats = await unless(lstat(path), 'ENOENT');
    if (stats === undefined) continue;
    if (stats.isDirectory()) {
      left.bytes += (await sweep(path, since)).bytes;
      if (stats.mtimeMs < since) await unless(rmdir(path), 'ENOENT', 'ENOTEMPTY', 'EEXIST');
      else left.directories += 1;
    } else if (stats.mtimeMs < since) {
      await unless(unlink(path), 'ENOENT');
    } else {
      left.bytes += diskBytes(stats.size);
    }
  }
  return left;
}
