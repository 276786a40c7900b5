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

const contentOf = (url: string): LinkContent => ({
  kind: 'embed',
  options: OPTIONS,
  source: url,
  name: 'episode.html',
});
const embed = (baton: TestBaton, url: string): string => baton.origin + publicLink(contentOf(url), baton.keys);

/** The attributes of the player in a page, as a browser reads them. */
function player({ bytes }: Answer): Record<string, string> {
  const [, attributes = ''] = /<baton-player ([^>]*)><\/baton-player>/.exec(bytes.toString()) ?? [];
  const found = [...attributes.matchAll(/([a-z]+)="([^"]*)"/g)];
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, unescaped(value)]));
}

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_match, code: string) => String.fromCharCode(Number(code)));

describe('the embed page', () => {
  test('plays the file that its link describes, with a script of its own origin', async () => {
    const { bytes } = await source('chapters.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const page = await get(embed(baton, origin.url()));
    expect(page).toMatchObject({ status: 200, complete: true });
    const { src = '', title, artist, artwork } = player(page);
    expect({ title, artist }).toEqual({ title: TITLES.title, artist: TITLES.artist });
    expect(artwork).toMatch(/^data:image\/(jpeg|png);base64,[A-Za-z0-9+/]+=*$/);
    expect(readLink(src, baton.keys, Date.now() / 1000)).toMatchObject({
      ...{ kind: 'file', options: OPTIONS, source: origin.url(), name: 'episode.mp3', expiresAt: null },
    });
    const file = await get(baton.origin + src, { range: '0-999' });
    expect(file).toMatchObject({ status: 206, complete: true });
    expect(file.headers['content-type']).toBe('audio/mpeg');

    const scripts = [...page.bytes.toString().matchAll(/<script[^>]*src="([^"]*)"/g)].map(([, path = '']) => path);
    expect(scripts).toEqual(['/player/baton-player.js']);
    const script = await get(baton.origin + (scripts[0] ?? ''));
    expect(script.status).toBe(200);
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.bytes.toString()).toContain('baton-player');
  });

  test('allows nothing but its own script, and any page may frame it', async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const page = await get(embed(baton, origin.url()));
    const policy = String(page.headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "base-uri 'none'", "form-action 'none'"]),
    );
    expect(policy.filter((rule) => /unsafe-(inline|eval)|\*/.test(rule))).toEqual(["style-src 'unsafe-inline'"]);
    expect(policy.some((rule) => rule.startsWith('frame-ancestors'))).toBe(false);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(page.headers['x-frame-options']).toBeUndefined();
    expect(page.bytes.toString()).not.toMatch(/ on\w+=|javascript:/);
    expect(player(page)).toEqual({ src: expect.any(String) as string, title: 'Baton' });
  });

  test.each([
    '"><script>alert(1)</script>',
    '</title><img src=x onerror=alert(1)>',
    "' onload='alert(1)",
    '&quot; &amp; &#34; <!-- x',
    '{{constructor}} ${x} `y`',
  ])('shows the hostile title %j as text', async (title) => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    const artist = `by ${title}`;
    await using origin = await startOrigin(join(writeId3({ title, artist, chapters: [] }), bytes));
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const page = await get(embed(baton, origin.url()));
    const html = page.bytes.toString();
    expect(player(page)).toMatchObject({ title, artist });
    expect(unescaped(/<title>([^<]*)<\/title>/.exec(html)?.[1] ?? '')).toBe(title);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/<img|<!--|' onload/);
  });

  test('HEAD has the length of GET and no body', async () => {
    const { bytes } = await source('chapters.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const url = embed(baton, origin.url());
    const head = await get(url, { method: 'HEAD' });
    const page = await get(url);
    expect(head).toMatchObject({ status: 200, complete: true });
    expect(head.bytes).toHaveLength(0);
    expect(head.headers['content-length']).toBe(String(page.bytes.length));
    expect(baton.usage).toMatchObject([
      { kind: 'embed', method: 'HEAD', status: 200, bytes: 0, outcome: 'whole' },
      { kind: 'embed', method: 'GET', rendition: OPTIONS, bytes: page.bytes.length, chunksEncoded: 0 },
    ]);
  });

  test('of a private link holds a private file link that ends with the hour', async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    let now = Date.parse('2026-11-23T10:20:00Z');
    await using baton = await startBaton({ allowOrigins: [origin.origin], now: () => now });
    const access = { expiresAt: now / 1000 + 600, scope: 'listener-1' };
    const url = baton.origin + privateLink(contentOf(origin.url()), access, baton.keys, now / 1000);
    const { src = '' } = player(await get(url));
    const link = readLink(src, baton.keys, now / 1000);
    expect(link).toMatchObject({ kind: 'file', scope: 'listener-1' });
    expect(link.expiresAt).toBe(Date.parse('2026-11-23T11:00:00Z') / 1000);
    const file = await get(baton.origin + src, { method: 'HEAD' });
    expect(file.headers['cache-control']).toMatch(/^private, /);
    now += 601_000;
    expect((await get(url)).status).toBe(410);
    expect((await get(baton.origin + src, { method: 'HEAD' })).status).toBe(200);
    now = Date.parse('2026-11-23T11:00:00Z');
    expect((await get(baton.origin + src, { method: 'HEAD' })).status).toBe(410);
  });

  test('of a link whose source is sealed does not give the source away', async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const path = publicLink(contentOf(origin.url('/secret-token.mp3')), baton.keys, { encryptSource: true });
    const page = await get(baton.origin + path);
    const { src = '' } = player(page);
    expect(src.split('/')[4]).toMatch(/^~/);
    expect(page.bytes.toString()).not.toContain(Buffer.from(origin.url()).toString('base64url').slice(0, 20));
    expect((await get(baton.origin + src, { range: '0-99' })).status).toBe(206);
  });

  test.each([
    ['with options that are none', { options: 'codec.wma' }, {}, 400, 'OPTIONS_INVALID'],
    ['of a source that is missing', {}, { status: 404 }, 404, 'SOURCE_MISSING'],
  ])('%s is an error in words', async (_name, part, behaviour, status, code) => {
    await using origin = await startOrigin(new Uint8Array(), behaviour);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const path = publicLink({ ...contentOf(origin.url()), ...part }, baton.keys);
    const answer = await get(baton.origin + path);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code });
  });
});
