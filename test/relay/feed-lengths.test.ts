import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { get } from '../support/client.ts';
import { settled } from '../support/leaks.ts';
import { source } from '../support/sources.ts';
import { item, listed, OPTIONS, ours, rss, setting, type Setting } from './feed-setting.ts';

const HOUR = 3_600_000;

const many = (count: number) => (media: { url: (path: string) => string }) =>
  rss(Array.from({ length: count }, (_, at) => item(media.url(`/${at}.mp3`))).join(''));
const one = many(1);

const countOurs = async (place: Setting): Promise<number> =>
  listed((await place.feed({}, NO_ALTERNATES)).bytes).filter(({ url }) => url.startsWith(place.baton.origin)).length;
const NO_ALTERNATES = `${OPTIONS}~alternates.none`;

describe('what is not known in time', () => {
  test('stays as it is, the answer comes within the budget, and the next one has it', async () => {
    await using place = await setting(one, { config: { feedMs: 300 } });
    place.media.behaviour = { latencyMs: 700 };
    const began = performance.now();
    const { bytes, headers } = await place.feed();
    expect(performance.now() - began).toBeLessThan(3000);
    expect(bytes.equals(Buffer.from(one(place.media)))).toBe(true);
    expect(headers.etag).toBeUndefined();
    expect(headers['cache-control']).toBe('public, max-age=30');
    expect(
      await settled(
        () => countOurs(place),
        (count) => count === 1,
        15_000,
      ),
    ).toBe(1);
  });

  test('of many episodes is found out behind the response, newest first, eight at a time', async () => {
    const dated = (media: { url: (path: string) => string }): string =>
      rss(
        Array.from({ length: 40 }, (_, at) =>
          item(media.url(`/${at}.mp3`), `<pubDate>${new Date(Date.UTC(2020, 0, 1 + at)).toUTCString()}</pubDate>`),
        ).join(''),
      );
    await using place = await setting(dated, { config: { feedMs: 0 } });
    place.media.behaviour = { latencyMs: 40 };
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, place.media.connections)), 2);
    expect(await countOurs(place)).toBe(0);
    await settled(
      () => place.media.seen.length,
      (count) => count >= 80,
      15_000,
    );
    clearInterval(watch);
    expect(
      place.media.seen
        .slice(0, 8)
        .map(({ url }) => url)
        .sort(),
    ).toEqual(Array.from({ length: 8 }, (_, at) => `/${39 - at}.mp3`).sort());
    expect(most).toBeLessThanOrEqual(16); // each look reads both ends of its source
    expect(
      await settled(
        () => countOurs(place),
        (count) => count === 40,
        15_000,
      ),
    ).toBe(40);
  });

  test('because the length takes a look at every frame stays as it is', async () => {
    const { bytes: bare } = await source('vbr-bare.mp3', { seconds: 8 });
    await using place = await setting(one, { episodes: bare });
    expect((await place.feed()).bytes.equals(Buffer.from(one(place.media)))).toBe(true);
  });

  test('because the listener left is found out all the same', async () => {
    await using place = await setting(many(30), { config: { feedMs: 2000 } });
    place.media.behaviour = { latencyMs: 20 };
    await get(place.link(NO_ALTERNATES), { leaveAfter: 100 });
    expect(
      await settled(
        () => countOurs(place),
        (count) => count === 30,
        15_000,
      ),
    ).toBe(30);
  });
});

describe('a source that fails', () => {
  test('is not asked again for a while, and then found', async () => {
    let now = Date.now();
    await using place = await setting(one, { now: () => now });
    place.media.behaviour = { status: 404 };
    expect(await countOurs(place)).toBe(0);
    const asked = place.media.seen.length;
    place.media.behaviour = {};
    now += 60_000;
    const { headers, bytes } = await place.feed({}, NO_ALTERNATES);
    expect([ours(bytes, place.baton).length, place.media.seen.length]).toEqual([0, asked]);
    expect(headers.etag).toBeDefined();
    now += 300_000;
    expect(await countOurs(place)).toBe(1);
  });

  test('later on becomes what it was', async () => {
    let now = Date.now();
    await using place = await setting(one, { now: () => now });
    expect(await countOurs(place)).toBe(1);
    place.media.behaviour = { status: 410 };
    now += 25 * HOUR;
    expect((await place.feed({}, NO_ALTERNATES)).bytes.equals(Buffer.from(one(place.media)))).toBe(true);
  });
});

test('a source that changed has its new length after a day, which HEAD says, too', async () => {
  let now = Date.now();
  await using place = await setting(one, { now: () => now });
  const [before] = ours((await place.feed()).bytes, place.baton);
  place.media.content = (await source('cbr.mp3', { seconds: 6 })).bytes;
  now += 25 * HOUR;
  const [after] = ours((await place.feed()).bytes, place.baton);
  expect(after?.url).toBe(before?.url);
  expect(after?.length).not.toBe(before?.length);
  const head = await get(after?.url ?? '', { method: 'HEAD' });
  expect(head.headers['content-length']).toBe(String(after?.length));
});

test('a feed that is known costs one read of the store, and no request for an episode', async () => {
  const store = memoryStore({ maxBytes: 2 ** 26 });
  let reads = 0;
  const counting = { ...store, get: (...args: Parameters<typeof store.get>) => (reads++, store.get(...args)) };
  {
    await using first = await setting(many(60), { store: counting });
    await first.feed();
    expect((await first.feed()).headers.etag).toBeDefined();
    const asked = first.media.seen.length;
    reads = 0;
    const { bytes } = await first.feed();
    expect(ours(bytes, first.baton)).toHaveLength(180);
    expect([reads, first.media.seen.length]).toEqual([1, asked]);
  }
});

describe('conditional requests', () => {
  test('a listener who has the feed gets 304, and its origin is asked once in a while, on a condition', async () => {
    let now = Date.now();
    await using place = await setting(one, { now: () => now });
    await place.feed();
    const { headers } = await place.feed();
    const { etag = '', 'last-modified': modified = '' } = headers;
    expect(etag).toMatch(/^"/);
    expect(headers['content-type']).toBe('application/rss+xml; charset=utf-8');
    expect(headers['cache-control']).toBe('public, max-age=300');
    const asked = place.publisher.seen.length;
    for (const condition of [
      { 'if-none-match': etag },
      { 'if-none-match': `W/${etag}` },
      { 'if-modified-since': modified },
    ])
      expect(await place.feed({ headers: condition })).toMatchObject({ status: 304, bytes: Buffer.alloc(0) });
    expect(place.publisher.seen.length).toBe(asked);
    now += 400_000;
    expect((await place.feed({ headers: { 'if-none-match': etag } })).status).toBe(304);
    expect(place.publisher.seen.at(-1)).toMatchObject({ status: 304, bytesSent: 0 });
    expect((await place.feed({ headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  test('HEAD says what GET says', async () => {
    await using place = await setting(one);
    expect(await place.feed({ method: 'HEAD' })).toMatchObject({ status: 200, bytes: Buffer.alloc(0) });
    await place.feed();
    const get = await place.feed();
    const head = await place.feed({ method: 'HEAD' });
    const said = ({ headers }: typeof head): unknown => [
      headers.etag,
      headers['last-modified'],
      headers['content-type'],
    ];
    expect(said(head)).toEqual(said(get));
    expect(head.bytes).toHaveLength(0);
  });

  test('an origin that ignores conditions is let go of', async () => {
    let now = Date.now();
    const long = (media: { url: (path: string) => string }): string => `${one(media)}<!--${' '.repeat(500_000)}-->`;
    await using place = await setting(long, { now: () => now });
    place.publisher.behaviour = { ...place.publisher.behaviour, etag: null };
    await place.feed();
    now += 400_000;
    place.publisher.behaviour = { ...place.publisher.behaviour, stallAfter: 300_000 };
    expect((await place.feed({ method: 'HEAD' })).status).toBe(200);
    expect(place.publisher.seen.at(-1)).toMatchObject({ status: 200 });
    expect(
      await settled(
        () => place.publisher.seen.at(-1)?.state,
        (state) => state === 'cut',
      ),
    ).toBe('cut');
  });

  test('a feed that changed, or whose lengths did, is another', async () => {
    let now = Date.now();
    await using place = await setting(one, { now: () => now });
    await place.feed();
    const first = (await place.feed()).headers.etag ?? '';
    place.publisher.content = Buffer.from(many(2)(place.media));
    now += 400_000;
    expect((await place.feed({ headers: { 'if-none-match': first } })).status).toBe(200);
    const second = (await place.feed()).headers.etag ?? '';
    place.media.content = (await source('cbr.mp3', { seconds: 6 })).bytes;
    now += 25 * HOUR;
    await place.feed();
    const third = (await place.feed()).headers.etag ?? '';
    expect(new Set([first, second, third, '']).size).toBe(4);
  });

  test('a weak tag of the origin makes a weak one, and none makes none', async () => {
    await using place = await setting(one);
    place.publisher.behaviour = { ...place.publisher.behaviour, etag: 'weak' };
    await place.feed();
    expect((await place.feed()).headers.etag).toMatch(/^W\/"/);
    place.publisher.behaviour = { ...place.publisher.behaviour, etag: null, lastModified: null };
    await place.feed();
    const { status, headers } = await place.feed();
    expect([status, headers.etag, headers['last-modified']]).toEqual([200, undefined, undefined]);
  });
});
