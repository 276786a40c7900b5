import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { junk, splitFrames } from '../support/mp3-forge.ts';
import { trackers } from '../support/origin.ts';
import { locate } from '../support/signal.ts';
import { source, type SourceName, sourceNames, withAd } from '../support/sources.ts';
import { collect, decodeRun, digest, digestOf, setting, soon } from './setting.ts';

const bytesOf = async (name: SourceName): Promise<Uint8Array> => await readFile((await source(name)).path);

describe('a source', () => {
  it.each(sourceNames)('%s has the length of its sound, at once or after its index', async (name) => {
    const fixture = await source(name);
    await using at = await setting(fixture);
    const opened = await at.sources.open(at.origin.url(), soon());
    const { record } = await at.sources.indexed(opened, soon());
    expect(record).toMatchObject({
      samples: fixture.expectedSamples,
      sampleRate: fixture.sampleRate,
      channels: fixture.channels,
    });
  });

  it('is the same record for processes that share nothing', async () => {
    for (const name of ['vbr-bare.mp3', 'cbr-48k-bare.mp3', 'chapters.m4a'] as const) {
      await using at = await setting(await source(name));
      const [one, two] = [
        await at.sources.open(at.origin.url(), soon()),
        await at.another().open(at.origin.url(), soon()),
      ];
      expect(two.record).toEqual(one.record);
    }
  });

  it('is asked for once by many who want it at the same time, and then not before it may have changed', async () => {
    await using at = await setting(await source('cbr.mp3'));
    await Promise.all(Array.from({ length: 8 }, () => at.sources.open(at.origin.url(), soon())));
    const requests = at.origin.seen.length;
    expect(requests).toBeLessThanOrEqual(3);
    at.pass(299_000);
    await at.sources.open(at.origin.url(), soon());
    expect(at.origin.seen.length).toBe(requests);
    at.pass(2_000);
    const before = at.origin.bytesSent;
    await at.sources.open(at.origin.url(), soon());
    expect(at.origin.seen.length).toBe(requests + 1);
    expect(at.origin.bytesSent - before).toBe(1);
  });

  it('is not probed again by a process that finds its record in the store', async () => {
    await using at = await setting(await source('vbr-bare.mp3'));
    const first = await at.sources.indexed(await at.sources.open(at.origin.url(), soon()), soon());
    await at.sources.close(); // what it still had to write is written
    const requests = at.origin.seen.length;
    const second = await at.another(at.store).open(at.origin.url(), soon());
    expect(second.record).toEqual(first.record);
    expect(at.origin.seen.length).toBe(requests);
  });

  it('that changed is a new version, and reading the old one fails', async () => {
    const [old, other] = [await bytesOf('vbr-bare.mp3'), await bytesOf('cbr.mp3')];
    await using at = await setting(old);
    const opened = await at.sources.open(at.origin.url(), soon());
    at.origin.content = other;
    await expect(collect(at.sources.bytes(opened, { start: 0, end: old.length }, soon()))).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
    });
    const again = await at.sources.open(at.origin.url(), soon());
    expect(again.record.version).not.toBe(opened.record.version);
    expect(await digestOf(at.sources, again, 0, other.length)).toBe(digest(other));
  });

  it.each([
    ['a strong ETag', {}],
    ['a date', { etag: null }],
    ['nothing', { etag: null, lastModified: null }],
  ])('that changes unseen is noticed at the next look, with %s to tell it by', async (_, behaviour) => {
    const old = Buffer.from(await bytesOf('cbr-48k-bare.mp3'));
    const changed = Buffer.from(old);
    changed.fill(0x55, old.length - 2000);
    await using at = await setting(old, behaviour);
    const opened = await at.sources.open(at.origin.url(), soon());
    at.pass(301_000);
    expect((await at.sources.open(at.origin.url(), soon())).record.version).toBe(opened.record.version);
    at.origin.content = changed;
    if ('etag' in behaviour && at.origin.behaviour.lastModified !== null)
      at.origin.behaviour.lastModified = 'Tue, 03 Nov 2026 10:00:00 GMT';
    at.pass(301_000);
    expect((await at.sources.open(at.origin.url(), soon())).record.version).not.toBe(opened.record.version);
  });

  it('behind trackers stays where it was found, and is found again when that address expires', async () => {
    const bytes = await bytesOf('vbr-bare.mp3');
    await using at = await setting(bytes, { redirect: trackers(3, '/episode.mp3', { unique: true }) });
    const opened = await at.sources.open(at.origin.url('/hop/1'), soon());
    expect(opened.pin.finalUrl).toBe(at.origin.url('/episode.mp3?play=1'));
    const whole = (): Promise<string> => digestOf(at.sources, opened, 0, bytes.length);
    expect(await whole()).toBe(digest(bytes));
    expect(at.origin.seen.filter(({ url }) => url.startsWith('/hop'))).toHaveLength(3);

    at.origin.behaviour.failFirst = { times: 1, status: 403 };
    expect(await whole()).toBe(digest(bytes));
    const again = await at.sources.open(at.origin.url('/hop/1'), soon());
    expect(again.pin.finalUrl).toBe(at.origin.url('/episode.mp3?play=2'));
    expect(again.record).toBe(opened.record);
  });

  it('whose address is gone when it is looked at again is the same when it is found elsewhere', async () => {
    await using at = await setting(await source('vbr-bare.mp3'), {
      redirect: trackers(1, '/episode.mp3', { unique: true }),
    });
    const url = at.origin.url('/hop/1');
    const opened = await at.sources.open(url, soon());
    at.pass(301_000);
    at.origin.behaviour.failFirst = { times: 1, status: 404 };
    at.origin.behaviour.etag = '"other server"';
    const again = await at.sources.open(url, soon());
    expect(again.pin).toMatchObject({ finalUrl: at.origin.url('/episode.mp3?play=2'), etag: '"other server"' });
    expect(again.record).toBe(opened.record);
  });

  it('is read through when its server suddenly ignores ranges', async () => {
    const bytes = await bytesOf('vbr-bare.mp3');
    await using at = await setting(bytes);
    const opened = await at.sources.open(at.origin.url(), soon());
    at.origin.behaviour.range = 'ignored';
    expect(await digestOf(at.sources, opened, 100_000, 150_000)).toBe(digest(bytes.subarray(100_000, 150_000)));
    at.origin.behaviour.etag = null;
    at.origin.behaviour.lastModified = null;
    await expect(digestOf(at.sources, opened, 100_000, 150_000)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('has what its tag says behind megabytes of artwork', async () => {
    const audio = await bytesOf('vbr-bare.mp3');
    const text = (id: string, words: string): Buffer => id3Frame(id, Buffer.from(`\x03${words}`));
    const picture = id3Frame('APIC', Buffer.concat([Buffer.from('\x00image/jpeg\0\x03\0'), Buffer.alloc(2e6, 0x55)]));
    const frames = Buffer.concat([text('TIT2', 'In front'), picture, text('TPE1', 'Behind')]);
    await using at = await setting(Buffer.concat([id3Header(frames.length), frames, audio]));
    const meter = { sourceBytes: 0 };
    const { tags } = (await at.sources.open(at.origin.url(), soon(), meter)).record;
    expect(tags).toEqual({ title: 'In front', artist: 'Behind', chapters: [] });
    expect(meter.sourceBytes).toBeLessThan(256 * 1024);
  });

  it('with other advertising at every look is read from one place, and is another version when that is gone', async () => {
    const bare = await bytesOf('cbr-48k-bare.mp3');
    const ad = await bytesOf('cbr-48k-bare.mp3');
    const withAds = new Map<string, Uint8Array>();
    await using at = await setting((request) => {
      const stitched = withAds.get(request.url) ?? withAd(bare, ad.subarray(0, 384 * 40 * (withAds.size + 1)), 200);
      withAds.set(request.url, stitched);
      return stitched;
    });
    at.origin.behaviour.redirect = trackers(1, '/episode.mp3', { unique: true });
    const url = at.origin.url('/hop/1');
    const opened = await at.sources.open(url, soon());
    at.pass(301_000);
    expect((await at.sources.open(url, soon())).record.version).toBe(opened.record.version);
    at.origin.behaviour.failFirst = { times: 1, status: 410 };
    at.pass(301_000);
    const again = await at.sources.open(url, soon());
    expect(again.record.version).not.toBe(opened.record.version);
    expect(again.record.samples).toBe((opened.record.samples ?? 0) + 40 * 1152);
  });

  it('goes on where connections break', async () => {
    const bytes = await bytesOf('vbr-bare.mp3');
    await using at = await setting(bytes);
    const opened = await at.sources.open(at.origin.url(), soon());
    at.origin.behaviour.dieAfter = { bytes: 60_000, how: 'reset' };
    expect(await digestOf(at.sources, opened, 1000, bytes.length)).toBe(digest(bytes.subarray(1000)));
    at.origin.behaviour.dieAfter = { bytes: 0, how: 'close' };
    await expect(collect(at.sources.bytes(opened, { start: 0, end: 1000 }, soon()))).rejects.toMatchObject({
      code: 'SOURCE_CUT',
    });
  });

  it('is tried again while its server is busy', async () => {
    await using at = await setting(await source('cbr.mp3'), { failFirst: { times: 2, status: 503 } });
    const opened = await at.sources.open(at.origin.url(), soon());
    at.origin.behaviour.failFirst = { times: 1, status: 429 };
    expect(await collect(at.sources.bytes(opened, { start: 0, end: 10 }, soon()))).toHaveLength(1);
  });

  it('survives that its server fails when it is looked at again', async () => {
    await using at = await setting(await source('cbr.mp3'));
    const opened = await at.sources.open(at.origin.url(), soon());
    at.pass(301_000);
    at.origin.behaviour.status = 500;
    expect((await at.sources.open(at.origin.url(), soon())).record).toBe(opened.record);
    at.origin.behaviour.status = 404;
    at.pass(11_000);
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
  });

  it('of one hour without any header is heard after less than 512 kB', async () => {
    await using at = await setting(await source('hour-vbr-bare.mp3', { seconds: 900 }));
    const meter = { sourceBytes: 0 };
    const opened = await at.sources.open(at.origin.url(), soon(), meter);
    const run = await at.sources.packets(opened, 0, 120_000, soon(), meter);
    await collect(run.packets);
    expect(meter.sourceBytes).toBeLessThan(256 * 1024);
    expect(at.origin.bytesSent).toBe(meter.sourceBytes);
  });
});

describe('a seek index', () => {
  it('lets a seek wait only until the scan has passed it', async () => {
    const fixture = await source('hour-vbr-bare.mp3', { seconds: 900 });
    await using at = await setting(fixture);
    const opened = await at.sources.open(at.origin.url(), soon());
    const from = 44_100 * 60;
    const run = await decodeRun(at.sources, opened, from, from + 20_000);
    expect(locate(run, from, { reference: fixture.pcm })).toMatchObject({ offset: 0 });
    expect(at.origin.bytesSent).toBeLessThan(fixture.expectedSamples / 10);
  });

  it('is read by other processes from the store', async () => {
    const fixture = await source('hour-vbr-bare.mp3', { seconds: 900 });
    await using at = await setting(fixture);
    await at.sources.indexed(await at.sources.open(at.origin.url(), soon()), soon());
    await at.sources.close();
    const other = at.another(at.store);
    const before = at.origin.bytesSent;
    const opened = await other.open(at.origin.url(), soon());
    const from = 44_100 * 700;
    const run = await decodeRun(other, opened, from, from + 20_000);
    expect(locate(run, from, { reference: fixture.pcm })).toMatchObject({ offset: 0 });
    expect(at.origin.bytesSent - before).toBeLessThan(100_000);
  });

  it('grows with a play from the start, which needs no scan', async () => {
    await using at = await setting(await source('hour-vbr-bare.mp3', { seconds: 900 }));
    const opened = await at.sources.open(at.origin.url(), soon());
    const meter = { sourceBytes: 0 };
    const step = 105_840;
    for (let from = 0; from < 10 * step; from += step) {
      const run = await at.sources.packets(opened, from, from + step, soon(), meter);
      expect((await collect(run.packets)).length).toBeGreaterThan(90);
    }
    expect(meter.sourceBytes).toBeLessThan(24 * 30_000);
  });

  it('takes over where frames of a constant bitrate are not in their places', async () => {
    const frames = splitFrames(await bytesOf('cbr-48k-bare.mp3'));
    const at300 = Buffer.concat(frames.slice(0, 300));
    const between = Buffer.concat(frames.slice(300, 400));
    // Together one frame long, so that samples before and behind find every frame in place.
    const bytes = Buffer.concat([at300, junk(100, 1), between, junk(284, 2), ...frames.slice(400)]);
    await using at = await setting(bytes);
    const opened = await at.sources.open(at.origin.url(), soon());
    expect(opened.record.mp3?.cbrKbps).toBe(128);
    const run = await at.sources.packets(opened, 340 * 1152, 350 * 1152, soon());
    expect(digest(Buffer.concat(await collect(run.packets)))).toBe(digest(Buffer.concat(frames.slice(328, 351))));
  });
});

function id3Header(size: number): Buffer {
  return Buffer.from([0x49, 0x44, 0x33, 4, 0, 0, ...synchsafe(size)]);
}

function id3Frame(id: string, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(id), Buffer.from([...synchsafe(content.length), 0, 0]), content]);
}

const synchsafe = (value: number): number[] => [21, 14, 7, 0].map((shift) => (value >> shift) & 127);
