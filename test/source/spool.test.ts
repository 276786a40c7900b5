import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { decode } from '../support/ffmpeg.ts';
import { slicePcm, snr } from '../support/signal.ts';
import { source, type SourceName, sourceNames } from '../support/sources.ts';
import { collect, decodeRun, digest, digestOf, setting, soon } from './setting.ts';

const NO_RANGES = { range: 'ignored' } as const;

describe('a source without ranges', () => {
  it.each(sourceNames)('%s has the length of its sound, downloaded once', async (name) => {
    const fixture = await source(name);
    await using at = await setting(fixture, NO_RANGES);
    const opened = await at.sources.open(at.origin.url(), soon());
    const { record } = await at.sources.indexed(opened, soon());
    expect(record.samples).toBe(fixture.expectedSamples);
    await decodeRun(at.sources, opened, 100_000, 110_000);
    expect(at.origin.seen.length).toBe(1);
  });

  it.each(['vbr-xing.mp3', 'vbr-bare.mp3', 'end.m4a'] as const)('%s may be without a length, too', async (name) => {
    const fixture = await source(name);
    await using at = await setting(fixture, { ...NO_RANGES, length: false });
    const opened = await at.sources.open(at.origin.url(), soon());
    expect(opened.record.size).toBeNull();
    const { record } = await at.sources.indexed(opened, soon());
    expect(record.samples).toBe(fixture.expectedSamples);
    const run = await decodeRun(at.sources, opened, 200_000, 240_000);
    expect(snr(run, slicePcm(await decode(fixture.path), 200_000, 240_000))).toBeGreaterThan(45);
  });

  it('is heard before it has arrived, when its start says how long it is', async () => {
    await using at = await setting(await source('vbr-xing.mp3', { seconds: 120 }), {
      ...NO_RANGES,
      bytesPerSecond: 400_000,
    });
    const opened = await at.sources.open(at.origin.url(), soon());
    expect(opened.record.samples).toBe(120 * 44_100 + 77);
    await decodeRun(at.sources, opened, 0, 100_000);
    expect(at.origin.seen[0]?.state).toBe('open');
  });

  it('is read from the store by others, without a request', async () => {
    const bytes = await readFile((await source('cbr-320.mp3', { seconds: 60 })).path);
    await using at = await setting(bytes, NO_RANGES);
    const read = async (sources = at.sources): Promise<string> =>
      await digestOf(sources, await sources.open(at.origin.url(), soon()), 0, bytes.length);
    expect(await read()).toBe(digest(bytes));
    const { version } = (await at.sources.open(at.origin.url(), soon())).record;
    await expect.poll(() => at.store.get(`spool/${version}/end`)).not.toBeNull();
    await at.sources.close();
    expect(await read(at.another(at.store))).toBe(digest(bytes));
    expect(at.origin.seen.length).toBe(1);
  });

  it('is downloaded again when the store has lost parts of it, and compared', async () => {
    const bytes = await readFile((await source('cbr-320.mp3', { seconds: 60 })).path);
    await using at = await setting(bytes, { ...NO_RANGES, etag: null, lastModified: null });
    const opened = await at.sources.open(at.origin.url(), soon());
    const whole = { start: 0, end: bytes.length };
    await collect(at.sources.bytes(opened, whole, soon()));
    const key = `spool/${opened.record.version}/1`;
    await at.store.delete(key);
    expect(await digestOf(at.sources, opened, 0, bytes.length)).toBe(digest(bytes));
    expect(at.origin.seen.length).toBe(2);

    await at.store.delete(key);
    const other = Buffer.from(bytes);
    other.fill(0, 1_500_000);
    at.origin.content = other;
    await expect(collect(at.sources.bytes(opened, whole, soon()))).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('is asked again from its start when the connection breaks', async () => {
    const bytes = await readFile((await source('cbr-320.mp3', { seconds: 60 })).path);
    await using at = await setting(bytes, { ...NO_RANGES, dieAfter: { bytes: 1_300_000, how: 'reset' } });
    const opened = await at.sources.open(at.origin.url(), soon());
    delete at.origin.behaviour.dieAfter;
    expect(await digestOf(at.sources, opened, 0, bytes.length)).toBe(digest(bytes));
  });

  it('is refused when it is larger than allowed, stated or not', async () => {
    const name: SourceName = 'cbr-320.mp3';
    await using stated = await setting(await source(name), NO_RANGES, { maxSpoolBytes: 500_000 });
    await expect(stated.sources.open(stated.origin.url(), soon())).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' });
    await using endless = await setting(await source(name), { endless: true }, { maxSpoolBytes: 5e6 });
    const opened = await endless.sources.open(endless.origin.url(), soon());
    await expect(endless.sources.indexed(opened, soon())).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' });
    await using radio = await setting(await source(name), { endless: true, headers: { 'icy-name': 'Radio' } });
    await expect(radio.sources.open(radio.origin.url(), soon())).rejects.toMatchObject({ code: 'SOURCE_TOO_LARGE' });
    expect(radio.origin.bytesSent).toBeLessThan(5e6);
  });

  it('is kept in memory while the store takes nothing', async () => {
    const bytes = await readFile((await source('cbr-320.mp3', { seconds: 60 })).path);
    const inner = memoryStore({ maxBytes: 1e6 });
    const full: Store = {
      ...inner,
      get: () => Promise.resolve(null),
      getRange: () => Promise.resolve(null),
      putIfAbsent: () => Promise.resolve(false),
    };
    await using at = await setting(bytes, NO_RANGES, { store: full });
    const opened = await at.sources.open(at.origin.url(), soon());
    expect(await digestOf(at.sources, opened, 0, bytes.length)).toBe(digest(bytes));
    expect(await digestOf(at.sources, opened, 9, bytes.length)).toBe(digest(bytes.subarray(9)));
    expect(at.origin.seen.length).toBe(1);
  });
});
