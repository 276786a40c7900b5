import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataFolderAt } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { get } from '../support/client.ts';
import { inFolder } from '../support/ffmpeg.ts';
import { settled } from '../support/leaks.ts';
import { startOrigin, type Behaviour } from '../support/origin.ts';
import { serve } from '../support/served.ts';
import { source } from '../support/sources.ts';
import { item, OPTIONS, ours, rss, setting } from './feed-setting.ts';

const MB = 2 ** 20;
const large = (bytes: number): string => rss(`<item><d>${'All that can be said. '.repeat(bytes / 22)}</d></item>`);
const laughs = `<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha">${'<!ENTITY b "&a;&a;&a;">'.repeat(9)}]>${rss('<x>&b;</x>').slice(38)}`;

describe('refused before the first byte', () => {
  test.each<[what: string, status: number, code: string, text: string, behaviour: Behaviour]>([
    ['a feed of 11 MB', 413, 'SOURCE_TOO_LARGE', large(11 * MB), {}],
    ['a billion laughs', 422, 'FEED_DTD', laughs, {}],
    ['a web page', 415, 'FEED_INVALID', '<!doctype html><html><title>x</title></html>', { contentType: 'text/html' }],
    ['a web page said to be a feed', 415, 'FEED_INVALID', '<!doctype html><html><title>x</title></html>', {}],
    ['JSON', 415, 'FEED_INVALID', '{"items": []}', {}],
    ['nothing', 422, 'SOURCE_EMPTY', '', {}],
    ['a missing feed', 404, 'SOURCE_MISSING', rss(''), { status: 404 }],
    ['a feed behind a login', 403, 'SOURCE_PRIVATE', rss(''), { status: 401 }],
    ['a feed with a fault', 502, 'SOURCE_FAILED', rss(''), { status: 500 }],
    ['a compressed feed', 502, 'SOURCE_ENCODED', rss(''), { gzip: true }],
    ['a feed that leads to a private address', 403, 'SOURCE_REFUSED', rss(''), { redirect: () => 'http://10.0.0.1/' }],
  ])('%s: %i %s', async (_what, status, code, text, behaviour) => {
    await using place = await setting(() => text);
    place.publisher.behaviour = { ...place.publisher.behaviour, ...behaviour };
    for (const method of ['GET', 'HEAD']) {
      const answer = await place.feed({ method });
      expect(answer.status).toBe(status);
      if (method === 'GET') expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code });
    }
    expect(place.baton.usage).toMatchObject([
      { kind: 'feed', error: code },
      { kind: 'feed', error: code },
    ]);
    expect(
      await settled(
        () => place.publisher.seen.filter(({ state }) => state === 'open').length,
        (open) => open === 0,
      ),
    ).toBe(0);
  });
});

describe('cut, since it cannot be told before', () => {
  test.each<[what: string, code: string, text: string, behaviour: Behaviour]>([
    ['11 MB without a length', 'SOURCE_TOO_LARGE', large(11 * MB), { length: false }],
    ['a feed that breaks off', 'SOURCE_CUT', large(2 * MB), { dieAfter: { bytes: MB, how: 'close' } }],
    ['a feed shorter than it says', 'SOURCE_CUT', large(MB), { length: 500 }],
    ['a document type far behind', 'FEED_DTD', large(2 * MB).replace('</channel>', '<!DOCTYPE x></channel>'), {}],
  ])('%s: %s', async (_what, code, text, behaviour) => {
    await using place = await setting(() => text);
    place.publisher.behaviour = behaviour;
    expect(await place.feed()).toMatchObject({ status: 200, complete: false });
    expect(place.baton.usage).toMatchObject([{ outcome: 'cut', error: code }]);
  });
});

test('what a browser would run is no web page here', async () => {
  await using place = await setting(() => rss('<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>'));
  place.publisher.behaviour = { contentType: 'text/html' };
  const { headers } = await place.feed();
  expect(headers).toMatchObject({
    'content-type': 'application/xml',
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
});

test('3,000 items in 9 MB pass within bounded memory, in a process of its own', async () => {
  const { bytes: episode } = await source('cbr.mp3', { seconds: 8 });
  await using media = await startOrigin(episode);
  const text = `<d><![CDATA[${'<p>What is said — all of it.</p>'.repeat(90)}]]></d>`;
  const feed = Buffer.from(
    rss(Array.from({ length: 3000 }, (_, at) => item(media.url(`/${at % 20}.mp3`), text)).join('')),
  );
  expect(feed.length).toBeGreaterThan(8 * MB);
  await using publisher = await startOrigin(feed);
  await inFolder(async (folder) => {
    const data = join(folder, 'data');
    await using baton = await serve(data, { BATON_ALLOW_ORIGINS: `${media.origin},${publisher.origin}` });
    const keys = await dataFolderAt(data).readKeys();
    const content = {
      kind: 'feed',
      options: `${OPTIONS}~alternates.none`,
      source: publisher.url('/feed'),
      name: 'feed.xml',
    } as const;
    const url = baton.origin + publicLink(content, keys);
    const megabytes = (field: string): number =>
      Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${baton.pid}/status`, 'latin1'))?.[1]) / 1024;
    const before = megabytes('VmRSS');
    const answers = [await get(url), await get(url), await get(url)];
    for (const { status, complete, bytes } of answers) {
      expect([status, complete]).toEqual([200, true]);
      expect(bytes.toString().split(`url="${baton.origin}/file/`)).toHaveLength(3001);
    }
    expect(answers[2]?.bytes.equals(answers[1]?.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(megabytes('VmHWM') - before).toBeLessThan(120);
  });
});

test.runIf(process.env['BATON_FULL'] === '1')(
  '3,000 different episodes all become known',
  { timeout: 300_000 },
  async () => {
    const episode = (await source('cbr.mp3', { seconds: 8 })).bytes;
    const feedOf = (media: { url: (path: string) => string }): string =>
      rss(Array.from({ length: 3000 }, (_, at) => item(media.url(`/${at}.mp3`))).join(''));
    await using place = await setting(feedOf, { episodes: episode });
    const known = async (): Promise<number> =>
      ours((await place.feed({}, `${OPTIONS}~alternates.none`)).bytes, place.baton).length;
    expect(await settled(known, (count) => count === 3000, 240_000)).toBe(3000);
  },
);
