import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { writeId3 } from '../../src/media/id3-write.ts';
import { privateLink, publicLink, readLink, type LinkContent } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { TITLES } from '../support/fixture-encode.ts';
import { join } from '../support/mp3-forge.ts';
import { startOrigin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k~start.1000ms';
const AAC = 'audio/mp4; codecs="mp4a.40.2"';
const OPUS = 'audio/mp4; codecs="opus"';

const contentOf = (url: string, options = OPTIONS): LinkContent => ({
  ...{ kind: 'embed', options, source: url, name: 'my-episode.html' },
});
const embed = (baton: TestBaton, url: string, options?: string): string =>
  baton.origin + publicLink(contentOf(url, options), baton.keys);

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_match, code: string) => String.fromCharCode(Number(code)));

/** What the player is given to play: paths on the server, and their types. */
const sources = ({ bytes }: Answer): { path: string; type: string }[] =>
  [...bytes.toString().matchAll(/<source src="([^"]*)" type="([^"]*)">/g)].map(([, src = '', type = '']) => ({
    path: new URL(src, 'http://x/embed/token/options/source/name').pathname,
    type: unescaped(type),
  }));

interface Details {
  readonly title?: string;
  readonly artist?: string;
  readonly artwork?: string;
  readonly duration?: number;
  readonly chapters?: readonly { start: number; end: number; title: string }[];
  readonly error?: { code: string; message: string };
}

const details = ({ bytes }: Answer): Details =>
  JSON.parse(
    /<script type="application\/json" id="details">(.*?)<\/script>/s.exec(bytes.toString())?.[1] ?? '',
  ) as Details;

describe('the embed page', () => {
  test('sends the player before the source has answered, and what became known after it', async () => {
    const { bytes } = await source('chapters.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes, { latencyMs: 700 });
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const response = await fetch(embed(baton, origin.url()));
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const shell = Buffer.from((await reader.read()).value ?? []).toString();
    expect(origin.bytesSent).toBe(0);
    expect(shell).toContain('</baton-player>');
    expect(shell).toContain('<title>my episode</title>');
    let rest = '';
    for (let read = await reader.read(); !read.done; read = await reader.read())
      rest += Buffer.from(read.value).toString();
    expect(rest).toContain(`<h1>${TITLES.title}</h1>`);
    expect(rest).toMatch(/<\/html>\n$/);
  });

  test.each([
    [
      'codec.mp3~bitrate.64k~start.1000ms',
      [
        ['codec.aac~bitrate.64k~start.1000ms', AAC, 'mp4'],
        ['codec.mp3~bitrate.64k~start.1000ms', 'audio/mpeg', 'mp3'],
      ],
    ],
    [
      'codec.mp3~bitrate.320k',
      [
        ['codec.aac~bitrate.256k', AAC, 'mp4'],
        ['codec.mp3~bitrate.320k', 'audio/mpeg', 'mp3'],
      ],
    ],
    [
      'codec.opus~bitrate.24k',
      [
        ['codec.opus~bitrate.24k', OPUS, 'mp4'],
        ['codec.aac~bitrate.32k', AAC, 'mp4'],
        ['codec.mp3~bitrate.32k', 'audio/mpeg', 'mp3'],
      ],
    ],
    ['codec.pcm', [['codec.pcm', 'audio/wav', 'wav']]],
    ['codec.copy', [['codec.copy', 'audio/mpeg', 'mp3']]],
  ])('of %s offers files that exist, the framed ones first', async (options, expected) => {
    const { bytes } = await source('cbr.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const found = sources(await get(embed(baton, origin.url(), options)));
    const links = found.map(({ path, type }) => ({ ...readLink(path, baton.keys, Date.now() / 1000), type }));
    expect(links.map((link) => [link.options, link.type, link.name])).toEqual(
      expected.map(([rendition, type, extension = '']) => [rendition, type, `my-episode.${extension}`]),
    );
    for (const { path, type } of found) {
      const head = await get(baton.origin + path, { method: 'HEAD' });
      expect([head.status, head.headers['content-type']]).toEqual([200, type.split(';', 1)[0]]);
    }
  });

  test('tells title, artist, artwork, length and chapters on the timeline of the rendition', async () => {
    const { bytes } = await source('chapters.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const url = embed(baton, origin.url());
    const page = await get(url);
    const told = details(page);
    expect(told).toMatchObject({ title: TITLES.title, artist: TITLES.artist, artwork: 'my-episode.html/artwork' });
    expect(told.duration).toBeCloseTo(5, 1);
    expect(told.chapters?.length).toBeGreaterThan(1);
    expect(told.chapters?.[0]?.start).toBe(0);
    expect(told.chapters?.at(-1)?.end).toBeLessThanOrEqual(5);
    const artwork = await get(`${url}/artwork`);
    expect(artwork.headers['content-type']).toMatch(/^image\/(jpeg|png)$/);
    expect(artwork.bytes.length).toBeGreaterThan(100);
    const script = await get(`${baton.origin}/player/frame.js`);
    expect([script.status, script.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  });

  test('allows its own scripts and one style, and any page may frame it', async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const page = await get(embed(baton, origin.url()));
    const policy = String(page.headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'none'"]),
    );
    expect(policy.filter((rule) => /unsafe|\*|frame-ancestors/.test(rule))).toEqual([]);
    const style = /<style>(.*?)<\/style>/s.exec(page.bytes.toString())?.[1] ?? '';
    expect(policy).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(page.headers['x-frame-options']).toBeUndefined();
    expect(page.bytes.toString()).not.toMatch(/ on\w+=|javascript:| style=/);
    expect(details(page)).toMatchObject({ title: 'my episode', chapters: [] });
  });

  test.each([
    ['frames.none', "frame-ancestors 'none'"],
    ['frames.self', "frame-ancestors 'self'"],
    ['frames.example.com_.example.org', 'frame-ancestors example.com *.example.org'],
  ])('%s says who may frame it', async (option, rule) => {
    await using baton = await startBaton({ allowOrigins: [] });
    const head = await get(embed(baton, 'https://a.test/a.mp3', `codec.mp3~bitrate.64k~${option}`), { method: 'HEAD' });
    expect(String(head.headers['content-security-policy']).split('; ')).toContain(rule);
  });

  test.each([
    '"><script>alert(1)</script>',
    '</title><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    '</script><script>alert(1)</script>',
    '&quot; &amp; &#34; <!-- x',
    '{{constructor}} ${x} `y`',
  ])('shows the hostile title %j as text', async (title) => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    const artist = `by ${title}`;
    await using origin = await startOrigin(join(writeId3({ title, artist, chapters: [] }), bytes));
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    for (const agent of ['Mozilla/5.0', 'Twitterbot/1.0']) {
      const page = await get(embed(baton, origin.url()), { headers: { 'user-agent': agent } });
      const html = page.bytes.toString();
      expect(details(page)).toMatchObject({ title, artist });
      expect(unescaped(/<h1>([^<]*)<\/h1>/.exec(html)?.[1] ?? '')).toBe(title);
      expect(html.match(/<script/g)).toHaveLength(2);
      const outsideData = html.replace(/<script type="application\/json".*?<\/script>/s, '');
      expect(outsideData).not.toMatch(/<img|<!--|' onload/);
    }
  });

  test('HEAD has no body, and asks nothing of the source', async () => {
    await using origin = await startOrigin(new Uint8Array());
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const head = await get(embed(baton, origin.url()), { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, complete: true });
    expect(head.bytes).toHaveLength(0);
    expect(origin.seen).toHaveLength(0);
  });

  test('of a private link holds private file links that end with the hour', async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    let now = Date.parse('2026-11-23T10:20:00Z');
    await using baton = await startBaton({ allowOrigins: [origin.origin], now: () => now });
    const access = { expiresAt: now / 1000 + 600, scope: 'listener-1' };
    const url = baton.origin + privateLink(contentOf(origin.url()), access, baton.keys, now / 1000);
    const path = sources(await get(url)).at(-1)?.path ?? '';
    const link = readLink(path, baton.keys, now / 1000);
    expect(link).toMatchObject({ kind: 'file', scope: 'listener-1' });
    expect(link.expiresAt).toBe(Date.parse('2026-11-23T11:00:00Z') / 1000);
    const file = await get(baton.origin + path, { method: 'HEAD' });
    expect(file.headers['cache-control']).toMatch(/^private, /);
    now += 601_000;
    expect((await get(url)).status).toBe(410);
    expect((await get(baton.origin + path, { method: 'HEAD' })).status).toBe(200);
    now = Date.parse('2026-11-23T11:00:00Z');
    expect((await get(baton.origin + path, { method: 'HEAD' })).status).toBe(410);
  });

  test('of a link whose source is sealed does not give the source away', async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const path = publicLink(contentOf(origin.url('/secret-token.mp3')), baton.keys, { encryptSource: true });
    const page = await get(baton.origin + path);
    for (const file of sources(page)) expect(file.path.split('/')[4]).toMatch(/^~/);
    expect(page.bytes.toString()).not.toContain(Buffer.from(origin.url()).toString('base64url').slice(0, 20));
    expect((await get(baton.origin + (sources(page).at(-1)?.path ?? ''), { range: '0-99' })).status).toBe(206);
  });

  test('a source that cannot be played is a readable part of the page, and of the log', async () => {
    await using origin = await startOrigin(new Uint8Array(), { status: 404 });
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const page = await get(embed(baton, origin.url()));
    expect(page).toMatchObject({ status: 200, complete: true });
    expect(page.bytes.toString()).toContain('<p class="failure" role="alert">The source does not exist');
    expect(details(page).error?.code).toBe('SOURCE_MISSING');
    expect(baton.usage).toMatchObject([{ kind: 'embed', status: 200, outcome: 'cut', error: 'SOURCE_MISSING' }]);
  });

  test.each([
    'codec.wma',
    'codec.mp3~bitrate.64k~theme.pink',
    'codec.mp3~bitrate.64k~theme.dark~frames.none',
    'codec.mp3~bitrate.64k~video.480',
    'codec.mp3~bitrate.64k~theme.dark~video.480p',
    'codec.mp3~bitrate.64k~video.480p~list.feed',
    'codec.mp3~bitrate.64k~start.1000ms~video.480p',
    'codec.copy~video.480p',
    'codec.mp3~bitrate.64k~frames.-a-',
    'codec.mp3~bitrate.64k~list.queue',
  ])('with options %s is refused', async (options) => {
    await using baton = await startBaton({ allowOrigins: [] });
    const answer = await get(embed(baton, 'https://a.test/a.mp3', options));
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'OPTIONS_INVALID' });
  });
});

describe('the embed page of a feed', () => {
  const feed = (
    url: string,
  ): string => `<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>
    <title>Show</title><itunes:author>Us</itunes:author><itunes:image href="https://elsewhere.test/a.png"/>
    <item><title>Two &lt;/script&gt;</title><itunes:duration>0:20</itunes:duration><enclosure url="${url}?2" type="audio/mpeg" length="1"/></item>
    <item><title>Text only</title></item>
    <item><title>One</title><enclosure url="${url}?1" type="audio/mpeg" length="1"/></item>
  </channel></rss>`;

  test('plays its episodes, asks nobody else, and is called as the feed is', async () => {
    const { bytes } = await source('cbr.mp3', { seconds: 6 });
    await using origin = await startOrigin(({ url }) =>
      url.startsWith('/feed') ? Buffer.from(feed(origin.url())) : bytes,
    );
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const page = await get(embed(baton, origin.url('/feed.xml'), 'codec.mp3~bitrate.64k~list.feed'));
    const told = details(page) as {
      title?: string;
      playlist?: { title: string; artist: string; duration?: number; sources: { src: string }[] }[];
    };
    expect(told.title).toBe('Show');
    expect(told.playlist).toMatchObject([
      { title: 'Two </script>', artist: 'Us', duration: 20 },
      { title: 'One', artist: 'Us' },
    ]);
    expect(page.bytes.toString()).not.toContain('elsewhere.test');
    const src = told.playlist?.[1]?.sources.at(-1)?.src ?? '';
    const path = new URL(src, 'http://x/embed/token/options/source/name').pathname;
    expect(readLink(path, baton.keys, 0)).toMatchObject({
      source: `${origin.url()}?1`,
      options: 'codec.mp3~bitrate.64k',
    });
    expect((await get(baton.origin + path, { range: '0-99' })).status).toBe(206);
  });

  test('that is none says so in the page', async () => {
    await using origin = await startOrigin(Buffer.from('<html>not a feed</html>'));
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const page = await get(embed(baton, origin.url('/feed.xml'), 'codec.mp3~bitrate.64k~list.feed'));
    expect(details(page).error?.code).toBe('FEED_INVALID');
  });
});

describe('who shows the page as a card', () => {
  test('finds the player, sound and picture in its head', async () => {
    const { bytes } = await source('chapters.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const url = embed(baton, origin.url());
    const page = await get(url, { headers: { 'user-agent': 'facebookexternalhit/1.1' } });
    const head = /<head>(.*)<\/head>/s.exec(page.bytes.toString())?.[1] ?? '';
    const meta = Object.fromEntries(
      [...head.matchAll(/<meta (?:property|name)="([^"]*)" content="([^"]*)">/g)].map(([, name = '', content = '']) => [
        name,
        unescaped(content),
      ]),
    );
    expect(meta).toMatchObject({
      'og:title': TITLES.title,
      'twitter:card': 'player',
      'twitter:player': url,
      'og:url': url,
    });
    expect((await get(meta['og:audio'] ?? '', { method: 'HEAD' })).headers['content-type']).toBe(meta['og:audio:type']);
    expect((await get(meta['og:image'] ?? '')).headers['content-type']).toMatch(/^image\//);
    expect(head).toContain(`<title>${TITLES.title}</title>`);
  });

  test('finds that of a channel, too, without a station that has answered', async () => {
    await using baton = await startBaton({ allowOrigins: [] });
    const url = embed(baton, 'https://radio.example/stream', 'codec.opus~bitrate.64k~kind.live');
    const page = await get(url, { headers: { 'user-agent': 'facebookexternalhit/1.1' } });
    const text = page.bytes.toString();
    expect(text).toContain('<meta property="og:title" content="my episode">');
    expect(text).toContain('<meta property="og:audio:type" content="audio/mpeg">');
    expect(sources(page).map(({ type }) => type)).toEqual([OPUS, AAC, 'audio/mpeg']);
    for (const { path } of sources(page)) expect(readLink(path, baton.keys, 0)).toMatchObject({ kind: 'live' });
    const oembed = await get(`${url}/oembed.json`);
    expect(JSON.parse(oembed.bytes.toString())).toMatchObject({ type: 'rich', title: 'my episode' });
  });

  test('oEmbed gives the frame within the size that is asked for', async () => {
    const { bytes } = await source('chapters.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const url = embed(baton, origin.url());
    const href = /<link rel="alternate" type="application\/json\+oembed" href="([^"]*)"/.exec(
      (await get(url)).bytes.toString(),
    );
    const found = new URL(href?.[1] ?? '', url).href;
    const answer = await get(`${found}?maxwidth=400&maxheight=300&format=json`);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'public, max-age=300',
    });
    const told = JSON.parse(answer.bytes.toString()) as Record<string, unknown>;
    expect(told).toMatchObject({
      version: '1.0',
      type: 'rich',
      title: TITLES.title,
      author_name: TITLES.artist,
      width: 400,
      height: 200,
    });
    expect(told['thumbnail_url']).toBe(`${url}/artwork`);
    expect(told['thumbnail_width']).toBeGreaterThan(0);
    const frame = /^<iframe src="([^"]*)" title="[^"]*" width="400" height="200"/.exec(String(told['html']))?.[1] ?? '';
    expect(unescaped(frame)).toBe(url);
    const sized = async (query: string): Promise<unknown[]> => {
      const { width, height } = JSON.parse((await get(`${found}?${query}`)).bytes.toString()) as Record<
        string,
        unknown
      >;
      return [width, height];
    };
    expect(await sized('maxwidth=320&maxheight=120')).toEqual([320, 120]);
    expect(await sized('maxwidth=0&maxheight=x')).toEqual([640, 200]);
    expect((await get(`${found}?format=xml`)).status).toBe(404);
    expect((await get(`${url}/elsewhere`)).status).toBe(404);
  });
});
