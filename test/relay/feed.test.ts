import RssParser from 'rss-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { privateLink, publicLink, readLink } from '../../src/sign/link.ts';
import type { SourceName } from '../support/sources.ts';
import { source } from '../support/sources.ts';
import { get } from '../support/client.ts';
import { ffprobe } from '../support/ffmpeg.ts';
import { item, listed, OPTIONS, ours, rss, setting, type Setting } from './feed-setting.ts';

const SOURCES: readonly SourceName[] = [
  'cbr.mp3',
  'vbr-xing.mp3',
  'mpeg2-24k.mp3',
  'front.m4a',
  'end.m4a',
  'chapters.m4a',
];

describe('enclosures', () => {
  let place: Setting;
  beforeAll(async () => {
    const files = await Promise.all(SOURCES.map((name) => source(name, { seconds: 8 })));
    place = await setting((media) => rss(SOURCES.map((name) => item(media.url(`/${name}`))).join('')), {
      episodes: ({ url }) => files.find(({ name }) => url.endsWith(name))?.bytes ?? new Uint8Array(),
    });
  });
  afterAll(() => place[Symbol.asyncDispose]());

  // At one Baton, for most of the alternates are the same files.
  test.each([
    OPTIONS,
    'codec.mp3~bitrate.128k~channels.mono~start.1000ms~end.5000ms',
    'codec.opus~bitrate.64k',
    'codec.pcm',
  ])('as %s have the length and type that HEAD and GET have, and so have the alternates', async (options) => {
    const { status, bytes } = await place.feed({}, options);
    expect(status).toBe(200);
    const found = ours(bytes, place.baton);
    expect(found.length).toBeGreaterThanOrEqual(2 * SOURCES.length);
    expect(found).toHaveLength(listed(bytes).length);
    for (const { url, length, type } of found) {
      const head = await get(url, { method: 'HEAD' });
      const whole = await get(url);
      expect([head.headers['content-length'], whole.bytes.length, head.headers['content-type']?.split(';')[0]]).toEqual(
        [...[String(length), length, type]],
      );
    }
  });
});

test('ffprobe plays what the feed names', async () => {
  await using place = await setting((media) => rss(item(media.url('/a.mp3'))));
  const found = ours((await place.feed()).bytes, place.baton);
  expect(found.map(({ type }) => type)).toEqual(['audio/mpeg', 'audio/ogg', 'audio/mpeg']);
  for (const { url } of found) {
    const probed = await ffprobe((await get(url)).bytes);
    if (probed === null) return; // not installed here
    const seconds = Number(probed.format.duration);
    expect(seconds).toBeGreaterThan(7.9);
    expect(seconds).toBeLessThan(8.2);
  }
});

test('a client library reads the relayed feed as it reads the source', async () => {
  const feed = (media: { url: (path: string) => string }): string =>
    `<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Töne &amp; mehr</title><description><![CDATA[<b>Alles</b>]]></description><itunes:author>X</itunes:author><itunes:image href="https://example.com/p.png"/>
${Array.from({ length: 30 }, (_, at) => `<item><title>Folge ${at} 😀</title><guid isPermaLink="false">${at}</guid><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate><content:encoded><![CDATA[<p>${at}</p>]]></content:encoded>${item(media.url(`/${at}.mp3`)).replace(/^<item><title>[^<]*<\/title>|<\/item>\n$/g, '')}<itunes:duration>0:08</itunes:duration></item>`).join('\n')}
</channel></rss>`;
  await using place = await setting(feed);
  const parser = new RssParser();
  const [theirs, relayed] = await Promise.all([parser.parseURL(place.publisher.url()), parser.parseURL(place.link())]);
  expect(relayed.items).toHaveLength(30);
  const bare = ({ items, ...rest }: typeof theirs): unknown => ({
    ...rest,
    items: items.map((each) => ({ ...each, enclosure: null })),
  });
  expect(bare(relayed)).toEqual(bare(theirs));
  for (const { enclosure } of relayed.items) {
    expect(enclosure?.url).toContain(`${place.baton.origin}/file/`);
    expect(enclosure).toMatchObject({ type: 'audio/mpeg' });
    expect(Number(enclosure?.length)).toBeGreaterThan(90_000);
  }
});

test('links are the same every time, and stay when an episode gets another title', async () => {
  await using place = await setting((media) => rss(item(media.url('/a.mp3'))));
  const first = await place.feed();
  const again = await place.feed();
  expect(again.bytes.equals(first.bytes)).toBe(true);
  place.publisher.content = Buffer.from(rss(item(place.media.url('/a.mp3')).replace(/<title>[^<]*/, '<title>New')));
  const changed = await place.feed();
  expect(changed.bytes.toString()).toContain('<title>New');
  expect(ours(changed.bytes, place.baton)).toEqual(ours(first.bytes, place.baton));
});

describe('options', () => {
  test('choose the alternates', async () => {
    await using place = await setting((media) => rss(item(media.url('/a.mp3'))));
    const types = async (options: string): Promise<string[]> =>
      ours((await place.feed({}, options)).bytes, place.baton).map(({ type }) => type);
    expect(await types(`${OPTIONS}~alternates.none`)).toEqual(['audio/mpeg']);
    expect(await types(`${OPTIONS}~alternates.opus`)).toEqual(['audio/mpeg', 'audio/ogg']);
    expect(await types(`${OPTIONS}~alternates.mp3`)).toEqual(['audio/mpeg', 'audio/mpeg']);
    // what is not smaller is not offered
    expect(await types('codec.mp3~bitrate.64k')).toEqual(['audio/mpeg', 'audio/ogg']);
    expect(await types('codec.opus~bitrate.24k')).toEqual(['audio/ogg']);
  });

  test('offer HLS of each episode, and a station as a live item', async () => {
    const station = Buffer.from('https://radio.example/stream').toString('base64url');
    await using place = await setting((media) => rss(item(media.url('/a.mp3')) + item(media.url('/b.mp3'))));
    const asked = 'codec.mp3~bitrate.96k~channels.mono~alternates.none~hls.yes~station.';
    const { bytes } = await place.feed({}, asked + station);
    const text = bytes.toString();
    const offered = text.matchAll(
      /<podcast:alternateEnclosure type="application\/x-mpegURL" title="HLS"><podcast:source uri="([^"]+)"/g,
    );
    const links = [...offered].map(([, url = '']) => url);
    expect(links).toHaveLength(2);
    const playlist = await get(links[0] ?? '');
    expect(playlist.status).toBe(200);
    expect(playlist.bytes.toString()).toContain('CHANNELS="1"');
    const [, live = '', channel = ''] =
      /<channel><title>[^<]*<\/title>(<podcast:liveItem .*<enclosure url="([^"]+)".*<\/podcast:liveItem>)<item>/.exec(
        text,
      ) ?? [];
    expect(live).toMatch(/ status="live" start="20\d\d-[^"]+Z"><title>Live<\/title><guid isPermaLink="false">/);
    expect(live).toMatch(/<podcast:contentLink href="[^"]*\/embed\/[^"]+">/);
    expect(live.match(/xmlns:podcast=/g)).toHaveLength(1);
    const { pathname } = new URL(channel);
    expect(readLink(pathname, place.baton.keys, 0)).toMatchObject({
      ...{ kind: 'hls', options: 'mode.live~bitrate.128k', source: 'https://radio.example/stream' },
    });
    expect((await place.feed({}, asked + station)).bytes.toString()).toContain('status="live"');
  });

  test.each([
    [`${OPTIONS}~hls.no`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~hls.yes~alternates.none`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~station.a.b`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~hls.yes~view.playlist`, 'OPTIONS_INVALID'],
    ['', 'OPTIONS_INVALID'],
    ['codec.aac~bitrate.96k', 'OPTIONS_INVALID'],
    ['format.auto~bitrate.96k', 'OPTIONS_INVALID'],
    [`${OPTIONS}~alternates.all`, 'OPTIONS_INVALID'],
    [`alternates.none~${OPTIONS}`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~alternates.none~alternates.none`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~alternates.wav`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~view.playlist~items.50`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~view.playlist~items.501`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~view.playlist~alternates.none`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~items.20`, 'OPTIONS_INVALID'],
    [`${OPTIONS}~view.page`, 'OPTIONS_INVALID'],
    ['view.playlist', 'OPTIONS_INVALID'],
  ])('%j is refused', async (options, code) => {
    await using place = await setting(() => rss(''));
    const { status, bytes } = await place.feed({}, options);
    expect([status, (JSON.parse(bytes.toString()) as { code: string }).code]).toEqual([400, code]);
    expect(place.publisher.seen).toHaveLength(0);
  });

  test('a link of another kind, and one with a place, lead nowhere', async () => {
    await using place = await setting(() => rss(''));
    expect((await get(`${place.link()}/t.100`)).status).toBe(404);
    expect((await get(place.link().replace('/feed/', '/file/'))).status).toBe(403);
  });
});

test('a private feed has private links with its own expiry, and hides what its own link hides', async () => {
  await using place = await setting((media) => rss(item(media.url('/a.mp3'))));
  const { keys, origin } = place.baton;
  const now = Date.now() / 1000;
  const content = {
    kind: 'feed',
    options: OPTIONS,
    source: place.publisher.url('/feed.xml'),
    name: 'feed.xml',
  } as const;
  const asked =
    origin + privateLink(content, { expiresAt: now + 5400, scope: 'me' }, keys, now, { encryptSource: true });
  const { bytes, headers } = await get(asked);
  expect(headers['cache-control']).toMatch(/^private/);
  const [enclosure] = ours(bytes, place.baton);
  expect(enclosure?.url).toMatch(/\/file\/[a-z0-9]+\.[a-z0-9]+\.me\.[^/]+\/[^/]+\/~/);
  expect((await get(enclosure?.url ?? '', { method: 'HEAD' })).headers['content-length']).toBe(
    String(enclosure?.length),
  );
  expect((await get(asked)).bytes.equals(bytes)).toBe(true);
});

test('a private feed of seven days is the same in its first second and in the next ones', async () => {
  let now = Date.parse('2026-11-23T10:20:00Z');
  await using place = await setting((media) => rss(item(media.url('/a.mp3'))), { now: () => now });
  const { keys, origin } = place.baton;
  const content = { kind: 'feed', options: OPTIONS, source: place.publisher.url(), name: 'feed.xml' } as const;
  const access = { expiresAt: now / 1000 + 7 * 86_400, scope: 'me' };
  const asked = origin + privateLink(content, access, keys, now / 1000);
  const { bytes } = await get(asked);
  expect(ours(bytes, place.baton).length).toBeGreaterThan(0);
  now += 1_000;
  expect((await get(asked)).bytes.equals(bytes)).toBe(true);
});

test('links begin with the public origin where one is configured', async () => {
  const publicOrigin = 'https://media.example.com/audio';
  await using place = await setting((media) => rss(item(media.url('/a.mp3'))), { config: { publicOrigin } });
  expect(listed((await place.feed()).bytes)[0]?.url).toMatch(/^https:\/\/media\.example\.com\/audio\/file\//);
});

describe('on functions', () => {
  const asFunction = { packageFolder: '/task' };

  test('a feed wants to be told its public origin: the host of a request is not that of the listener', async () => {
    await using place = await setting((media) => rss(item(media.url('/a.mp3'))), { config: asFunction });
    const { status, bytes } = await place.feed();
    expect(status).toBe(500);
    expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(place.baton.usage[0]?.detail).toContain('BATON_PUBLIC_ORIGIN');
  });

  test('or the trusted edge tells it', async () => {
    const config = { ...asFunction, trustEdge: true };
    await using place = await setting((media) => rss(item(media.url('/a.mp3'))), { config });
    const { bytes } = await place.feed({ headers: { 'x-baton-host': 'd111.cloudfront.net' } });
    expect(listed(bytes)[0]?.url).toMatch(/^https:\/\/d111\.cloudfront\.net\/file\//);
    expect((await place.feed()).status).toBe(500);
  });
});

test('a feed of relayed enclosures is left as it is', async () => {
  await using place = await setting((media) => rss(item(media.url('/a.mp3'))));
  const first = await place.feed();
  place.publisher.content = first.bytes;
  expect((await place.feed()).bytes.equals(first.bytes)).toBe(true);
});

describe('chapters', () => {
  test('are served where the source has some and the item has none', async () => {
    await using place = await setting((media) => rss(item(media.url('/a.mp3'))));
    const url =
      /<podcast:chapters url="([^"]*)" type="application\/json\+chapters"\/>/.exec(
        (await place.feed()).bytes.toString(),
      )?.[1] ?? '';
    const { status, headers, bytes } = await get(url);
    expect([status, headers['content-type']]).toEqual([200, 'application/json+chapters']);
    expect(JSON.parse(bytes.toString())).toMatchObject({
      version: '1.2.0',
      chapters: [{ startTime: 0, title: 'Anfang' }, { title: 'Mitte' }, { title: 'Ende' }],
    });
    expect(await get(url, { headers: { 'if-none-match': headers.etag ?? '' } })).toMatchObject({ status: 304 });
    const head = await get(url, { method: 'HEAD' });
    expect([head.headers['content-length'], head.bytes.length]).toEqual([String(bytes.length), 0]);
  });

  test('lie on the timeline of a trimmed enclosure', async () => {
    await using place = await setting((media) => rss(item(media.url('/a.mp3'))));
    const { bytes } = await place.feed({}, `${OPTIONS}~start.2000ms~end.6000ms`);
    const url = /<podcast:chapters url="([^"]*)"/.exec(bytes.toString())?.[1] ?? '';
    const { chapters } = JSON.parse((await get(url)).bytes.toString()) as {
      chapters: { startTime: number; endTime: number }[];
    };
    expect(chapters.map(({ startTime, endTime }) => [startTime, endTime])).toEqual([
      [0, 0.666],
      [0.666, 3.332],
      [3.332, 4],
    ]);
  });

  test('are not offered, nor found, where the source has none', async () => {
    const { bytes: plain } = await source('cbr.mp3', { seconds: 8 });
    await using place = await setting((media) => rss(item(media.url('/a.mp3'))), { episodes: plain });
    expect((await place.feed()).bytes.toString()).not.toContain('podcast:chapters');
    const { keys, origin } = place.baton;
    const content = {
      kind: 'feed',
      options: 'view.chapters',
      source: place.media.url('/a.mp3'),
      name: 'a.json',
    } as const;
    expect((await get(origin + publicLink(content, keys))).status).toBe(404);
  });
});

describe('the playlist', () => {
  const feed = (media: { url: (path: string) => string }, count: number): string =>
    `<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Töne</title><itunes:image href="https://example.com/p.png"/>${Array.from(
      { length: count },
      (_, at) =>
        item(
          media.url(`/${at}.mp3`),
          at === 1 ? '<itunes:author>Y</itunes:author><itunes:duration>1:02:03</itunes:duration>' : '',
        ),
    ).join('')}</channel></rss>`;

  test('has the first episodes, and how to play them', async () => {
    await using place = await setting((media) => feed(media, 70));
    const { headers, bytes } = await place.feed({}, `${OPTIONS}~view.playlist`);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    const entries = JSON.parse(bytes.toString()) as { sources: { src: string; type: string }[] }[];
    expect(entries).toHaveLength(50);
    expect(entries[0]).toMatchObject({ title: '0.mp3', artist: 'Töne', artwork: 'https://example.com/p.png' });
    expect(entries[1]).toMatchObject({ title: '1.mp3', artist: 'Y', duration: 3723 });
    expect(entries[1]?.sources.map(({ type }) => type)).toEqual(['audio/mp4; codecs="mp4a.40.2"', 'audio/mpeg']);
    expect(await get(entries[1]?.sources.at(-1)?.src ?? '', { method: 'HEAD' })).toMatchObject({ status: 200 });
    expect(place.media.seen.length).toBeLessThan(5);
    const again = await place.feed({ headers: { 'if-none-match': headers.etag ?? '' } }, `${OPTIONS}~view.playlist`);
    expect(again.status).toBe(304);
    const few = await place.feed({}, `${OPTIONS}~view.playlist~items.3`);
    expect(JSON.parse(few.bytes.toString())).toHaveLength(3);
  });

  test('leaves out an episode whose address is too long for a link', async () => {
    await using place = await setting((media) =>
      rss(item(media.url(`/${'x'.repeat(7000)}`)) + item(media.url('/a.mp3'))),
    );
    const { status, bytes } = await place.feed({}, `${OPTIONS}~view.playlist`);
    expect(status).toBe(200);
    expect(JSON.parse(bytes.toString())).toMatchObject([{ title: 'a.mp3' }]);
  });
});
