import { Buffer } from 'node:buffer';
import { mkdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderStore } from '../../src/store/folder.ts';
import { describeStore } from './contract.ts';
import { bytesBelow, filesBelow, openFolder } from './open-folder.ts';

describeStore('folder', () => openFolder());

let opened: Awaited<ReturnType<typeof openFolder>>;
beforeEach(async () => {
  opened = await openFolder();
});
afterEach(() => opened.close());

const onlyFile = async (): Promise<string> => {
  const [path = '', ...others] = await filesBelow(opened.folder);
  expect(others).toEqual([]);
  return path;
};

test('a person finds an entry by its name and reads what it is', async () => {
  await opened.store.putIfAbsent('chunk/ab12/cd34/7', Buffer.from('the value'));
  const path = await onlyFile();
  expect(relative(opened.folder, path)).toMatch(/^chunk\/[0-9a-f]{2}\/ab12~cd34~7$/);
  expect(await readFile(path, 'latin1')).toMatch(
    /^baton1 [0-9a-f]{8} 9 [0-9a-f]{16}-\d+ chunk\/ab12\/cd34\/7\nthe value$/,
  );
});

const DAMAGE: readonly [string, (path: string) => Promise<void>][] = [
  ['is empty', (path) => truncate(path, 0)],
  ['ends within its first line', (path) => truncate(path, 20)],
  ['lacks its last byte', async (path) => truncate(path, (await readFile(path)).byteLength - 1)],
  ['has a byte too many', (path) => writeFile(path, 'x', { flag: 'a' })],
  ['has a flipped bit in the value', (path) => flip(path, -1)],
  ['has a flipped bit in the first line', (path) => flip(path, 20)],
  ['has a flipped bit in the checksum', (path) => flip(path, 8)],
  [
    'holds zeros, as after a power cut',
    async (path) => writeFile(path, Buffer.alloc((await readFile(path)).byteLength)),
  ],
  ['holds something else', (path) => writeFile(path, 'not an entry at all\n')],
  ['is larger than the whole store', (path) => truncate(path, 10_000_001)],
];

async function flip(path: string, at: number): Promise<void> {
  const file = await readFile(path);
  file.writeUInt8((file.at(at) ?? 0) ^ 1, at < 0 ? file.byteLength + at : at);
  await writeFile(path, file);
}

for (const key of ['chunk/a/b/0', 'pin/a']) {
  test.each(DAMAGE)(`an entry ${key} whose file %s is absent, removed and made again`, async (_, damage) => {
    await opened.store.putIfAbsent(key, Buffer.from('the value'));
    await damage(await onlyFile());
    expect(await opened.store.get(key)).toBeNull();
    expect(await filesBelow(opened.folder)).toEqual([]);
    expect(await opened.store.putIfAbsent(key, Buffer.from('again'))).toBe(true);
    expect(Buffer.from((await opened.store.get(key))?.bytes ?? []).toString()).toBe('again');
  });

  test.each(DAMAGE)(`an entry ${key} whose file %s does not count as standing`, async (_, damage) => {
    await opened.store.putIfAbsent(key, Buffer.from('the value'));
    const { tag = '' } = (await opened.store.get(key)) ?? {};
    await damage(await onlyFile());
    expect(await opened.store.replaceIfMatch(key, Buffer.from('other'), tag)).toBe(false);
    await damageAgain(key, damage);
    expect(await opened.store.putIfAbsent(key, Buffer.from('again'))).toBe(true);
    expect(Buffer.from((await opened.store.get(key))?.bytes ?? []).toString()).toBe('again');
  });
}

async function damageAgain(key: string, damage: (path: string) => Promise<void>): Promise<void> {
  await opened.store.putIfAbsent(key, Buffer.from('the value'));
  await damage(await onlyFile());
}

test('a file under the name of another key is not taken for its value', async () => {
  await opened.store.putIfAbsent('chunk/a', Buffer.from('of a'));
  const copy = await readFile(await onlyFile());
  await opened.store.delete('chunk/a');
  await opened.store.putIfAbsent('chunk/b', Buffer.from('of b'));
  await writeFile(await onlyFile(), copy);
  expect(await opened.store.get('chunk/b')).toBeNull();
});

test('a folder that is cleared away under the store is made again', async () => {
  await opened.store.putIfAbsent('chunk/a', Buffer.from('1'));
  await rm(opened.folder, { recursive: true });
  expect(await opened.store.get('chunk/a')).toBeNull();
  expect(await Array.fromAsync(opened.store.list(''))).toEqual([]);
  expect(await opened.store.putIfAbsent('chunk/a', Buffer.from('2'))).toBe(true);
  expect(await opened.store.replaceIfMatch('pin/a', Buffer.from('3'), null)).toBe(true);
  const { tag = '' } = (await opened.store.get('pin/a')) ?? {};
  expect(await opened.store.replaceIfMatch('pin/a', Buffer.from('4'), tag)).toBe(true);
});

test('what writers left behind is swept, what they are writing and what is not ours is kept', async () => {
  const longAgo = new Date(Date.now() - 3_600_000);
  const left = ['.tmp/dead/dead-1', '.tmp/dead/dead-2/dead-2', '.locks/pin~a/dead-3'].map((path) =>
    join(opened.folder, path),
  );
  const kept = [
    '.tmp/alive/alive-1',
    '.locks/pin~b/alive-2',
    'notes.txt',
    'chunk/notes.txt',
    'chunk/00/notes.txt',
    'chunk/00/~a',
  ];
  for (const path of [...left, ...kept.map((path) => join(opened.folder, path))]) {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, 'half a val');
  }
  for (const path of left) await utimes(path, longAgo, longAgo);
  await opened.store.putIfAbsent('probe/a', Buffer.from('1'));
  const others = async () => {
    const files = (await filesBelow(opened.folder)).map((path) => relative(opened.folder, path));
    return files.filter((path) => !path.startsWith('probe/')).sort();
  };
  await expect.poll(others).toEqual(kept.sort());
  expect(await Array.fromAsync(opened.store.list(''))).toEqual(['probe/a']);
});

test('a full folder lets the entries go that were used longest ago', async () => {
  let now = Date.now();
  const { store, folder, ...opening } = await openFolder(50 * 8192, () => now);
  const lastUse = new Map<string, number>();
  const use = async (n: number): Promise<void> => {
    now += 90_000;
    if (await store.get(`chunk/${n}`)) lastUse.set(`chunk/${n}`, now);
  };
  for (let n = 0; n < 150; n += 1) {
    now += 90_000;
    await store.putIfAbsent(`chunk/${n}`, Buffer.alloc(8000));
    lastUse.set(`chunk/${n}`, now);
    if (n % 3 === 0) await use(0);
    if (n % 5 === 0) await use(Math.max(0, n - 20));
    expect(await bytesBelow(folder)).toBeLessThanOrEqual(50 * 8192);
  }
  const kept = new Set(await Array.fromAsync(store.list('')));
  const uses = [...lastUse].map(([key, at]) => ({ kept: kept.has(key), at }));
  const firstKept = Math.min(...uses.filter((use) => use.kept).map((use) => use.at));
  expect(kept).toContain('chunk/0');
  expect(kept.size).toBeGreaterThan(35);
  expect(uses.filter((use) => !use.kept && use.at > firstKept)).toEqual([]);
  await opening.close();
});

test('an entry that was used since the last look at the folder is not the one to go', async () => {
  let now = Date.now();
  const { store, ...opening } = await openFolder(50 * 8192, () => now);
  const byUse: string[] = [];
  for (let n = 0; n < 120; n += 1) {
    const [longestUnused = 'chunk/none'] = byUse;
    now += 90_000;
    const used = (await store.get(longestUnused)) !== null;
    byUse.shift();
    now += 90_000;
    await store.putIfAbsent(`chunk/${n}`, Buffer.alloc(8000));
    byUse.push(...(used ? [longestUnused] : []), `chunk/${n}`);
    if (used) expect(await store.getRange(longestUnused, { start: 0, end: 1 })).not.toBeNull();
  }
  await opening.close();
});

test('a store that is opened with a smaller budget comes down to it at its next write', async () => {
  for (let n = 0; n < 100; n += 1) await opened.store.putIfAbsent(`chunk/${n}`, Buffer.alloc(8000));
  const smaller = folderStore(opened.folder, { maxBytes: 200_000, now: Date.now });
  await smaller.putIfAbsent('chunk/new', Buffer.alloc(8000));
  expect(await bytesBelow(opened.folder)).toBeLessThan(200_000);
  expect(await bytesBelow(opened.folder)).toBeGreaterThan(120_000);
  expect(await smaller.get('chunk/new')).not.toBeNull();
  await smaller.close();
});

test('replaced, refused and deleted entries do not count, small ones count as the disk does', async () => {
  const { store, folder, ...opening } = await openFolder(100 * 4096);
  for (let n = 0; n < 92; n += 1) await store.putIfAbsent(`probe/${n}`, Buffer.from('1'));
  const [kept = ''] = await Array.fromAsync(store.list(''));
  await store.putIfAbsent('pin/a', Buffer.from('1'));
  for (let round = 0; round < 12; round += 1) {
    const { tag = '' } = (await store.get('pin/a')) ?? {};
    expect(await store.replaceIfMatch('pin/a', Buffer.from('2'), tag)).toBe(true);
  }
  for (let round = 0; round < 12; round += 1) {
    await store.putIfAbsent('chunk/passing', Buffer.from('3'));
    await store.delete('chunk/passing');
  }
  for (let round = 0; round < 12; round += 1) expect(await store.putIfAbsent(kept, Buffer.from('4'))).toBe(false);
  expect(await filesBelow(folder)).toHaveLength(93);
  for (let n = 0; n < 100; n += 1) await store.putIfAbsent(`index/${n}`, Buffer.from('1'));
  expect((await filesBelow(folder)).length).toBeLessThanOrEqual(100);
  await opening.close();
});

test('a value that no eviction makes room for is refused, and evicts nothing', async () => {
  const { store, ...opening } = await openFolder(100_000);
  await store.putIfAbsent('chunk/a', Buffer.alloc(8000));
  await expect(store.putIfAbsent('chunk/b', Buffer.alloc(100_000))).rejects.toMatchObject({ code: 'STORE_FAILED' });
  expect(await store.get('chunk/a')).not.toBeNull();
  await opening.close();
});

test('a store that is closed leaves no temporary file', async () => {
  await opened.store.putIfAbsent('chunk/a', Buffer.from('1'));
  await opened.store.replaceIfMatch('pin/a', Buffer.from('1'), null);
  const { tag = '' } = (await opened.store.get('pin/a')) ?? {};
  await opened.store.replaceIfMatch('pin/a', Buffer.from('2'), tag);
  await opened.store.close();
  const left = (await filesBelow(opened.folder)).map((path) => relative(opened.folder, path).split('/')[0]);
  expect(left.sort()).toEqual(['chunk', 'pin']);
});
