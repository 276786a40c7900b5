import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderStore } from '../../src/store/folder.ts';

test('what was published here stays in a folder that is full, and takes no room from what is made', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-kept-'));
  const store = folderStore(folder, { maxBytes: 200_000, now: Date.now });
  try {
    const bytes = new Uint8Array(20_000);
    for (let index = 0; index < 15; index++) expect(await store.putIfAbsent(`ingest/c/s/${index}`, bytes)).toBe(true);
    for (let index = 0; index < 30; index++) expect(await store.putIfAbsent(`chunk/${index}`, bytes)).toBe(true);
    const there = await Promise.all(Array.from({ length: 15 }, (_, index) => store.get(`ingest/c/s/${index}`)));
    expect(there.filter((each) => each === null)).toEqual([]);
    const chunks = await Promise.all(Array.from({ length: 30 }, (_, index) => store.get(`chunk/${index}`)));
    const kept = chunks.filter((each) => each !== null).length;
    expect(kept).toBeGreaterThan(4);
    expect(kept).toBeLessThan(10);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});
