import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import { BatonError, failureCodes, type FailureCode } from '../../src/errors.ts';
import { startServer } from '../../src/local/server.ts';
import type { UsageRecord } from '../../src/meter/usage.ts';
import { privateLink, publicLink, type LinkContent } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton, testEngine, testKeys, type TestBaton } from '../support/baton.ts';
import { get, type Answer, type Ask } from '../support/client.ts';
import { ffmpeg, inFolder } from '../support/ffmpeg.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { id3v2, join, junk } from '../support/mp3-forge.ts';
import { startOrigin, trackers, type Behaviour, type Content, type Origin, type Seen } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';
const now = Date.now() / 1000;

/** One kind of bad input, and the code that it must have. */
interface Case {
  readonly name: string;
  readonly code: FailureCode;
  readonly url: () => string | Promise<string>;
  readonly ask?: Ask;
}

const keys = testKeys();
const origins: Origin[] = [];
const content: LinkContent = { kind: 'file', options: OPTIONS, source: 'http://127.0.0.1:9/a.mp3', name: 'a.mp3' };
const path = (part: Partial<LinkContent>): string => publicLink({ ...content, ...part }, keys);
const link = (expiresIn: number, madeAt = now): string =>
  privateLink(content, { expiresAt: now + expiresIn, scope: 'x' }, keys, madeAt);

async function originOf(what: Content, behaviour: Behaviour = {}): Promise<Origin> {
  const origin = await startOrigin(what, behaviour);
  origins.push(origin);
  return origin;
}

/** A source that answers as told. */
const sourceOf =
  (what: () => Content | Promise<Content>, behaviour: Behaviour = {}, part: Partial<LinkContent> = {}, at?: string) =>
  async (): Promise<string> =>
    path({ source: (await originOf(await what(), behaviour)).url(at), ...part });

const episode = async (): Promise<Uint8Array> => (await source('cbr.mp3', { seconds: 8 })).bytes;
const text = (start: string) => (): Uint8Array => Buffer.from(start.padEnd(4000, start.slice(-1)));
const playlist =
  (...lines: string[]) =>
  (): Uint8Array =>
    Buffer.from(['#EXTM3U', '#EXT-X-TARGETDURATION:6', ...lines, ''].join('\n'));
const bytes = (start: number[]) => (): Uint8Array => join(Uint8Array.from(start), junk(90_000, 7));

const HTML = '<!doctype html>\n<html><title>Not found</title><p>There is no such episode.';

const links: readonly Case[] = [
  { name: 'a link with another letter', code: 'LINK_INVALID', url: () => path({}).replace(/a\.mp3$/, 'b.mp3') },
  { name: 'a link with other options', code: 'LINK_INVALID', url: () => path({}).replace('64k', '96k') },
  {
    name: 'a link of another kind',
    code: 'LINK_INVALID',
    url: () => path({ kind: 'embed' }).replace('/embed/', '/file/'),
  },
  { name: 'a link with a query', code: 'LINK_INVALID', url: () => `${path({})}?x=1` },
  { name: 'a link that is cut off', code: 'LINK_INVALID', url: () => path({}).slice(0, -20) },
  { name: 'a link with an escape', code: 'LINK_INVALID', url: () => path({}).replace('a.mp3', '%61.mp3') },
  {
    name: 'a link with another expiry',
    code: 'LINK_INVALID',
    url: () => link(60).replace(/\.(\w)(?=\w{5}\.x\.)/, '.z'),
  },
  { name: 'a link made with other keys', code: 'LINK_INVALID', url: () => publicLink(content, testKeys()) },
  { name: 'a link from a far future', code: 'LINK_INVALID', url: () => link(30 * 86_400, now + 29 * 86_400) },
  { name: 'no link at all', code: 'LINK_INVALID', url: () => '/file/' },
  { name: 'an expired link', code: 'LINK_EXPIRED', url: () => link(-1, now - 60) },
  { name: 'an unknown option', code: 'OPTIONS_INVALID', url: () => path({ options: `${OPTIONS}~x.y` }) },
  { name: 'a repeated option', code: 'OPTIONS_INVALID', url: () => path({ options: `${OPTIONS}~bitrate.64k` }) },
  { name: 'options out of order', code: 'OPTIONS_INVALID', url: () => path({ options: 'bitrate.64k~codec.mp3' }) },
  { name: 'an unknown codec', code: 'OPTIONS_INVALID', url: () => path({ options: 'codec.wma~bitrate.64k' }) },
  {
    name: 'a bitrate that MP3 has not',
    code: 'OPTIONS_INVALID',
    url: () => path({ options: 'codec.mp3~bitrate.65k' }),
  },
  { name: 'no options', code: 'OPTIONS_INVALID', url: () => path({ options: '' }) },
  {
    name: 'a trim beyond the end',
    code: 'TRIM_OUT_OF_RANGE',
    url: sourceOf(episode, {}, { options: `${OPTIONS}~start.60000ms` }),
  },
  { name: 'a mode that HLS has not', code: 'OPTIONS_INVALID', url: () => path({ kind: 'hls', options: 'mode.x' }) },
  {
    name: 'HLS in a codec that it has not',
    code: 'OPTIONS_INVALID',
    url: () => path({ kind: 'hls', options: 'codec.mp3', name: 'a.m3u8' }),
  },
  {
    name: 'HLS without a playlist',
    code: 'OPTIONS_INVALID',
    url: () => path({ kind: 'hls', options: '', name: 'a.mp4' }),
  },
  { name: 'an address that is nothing', code: 'NOT_FOUND', url: () => '/nothing/here' },
  { name: 'the root', code: 'NOT_FOUND', url: () => '/' },
  { name: 'a method that is not served', code: 'METHOD_NOT_ALLOWED', url: () => path({}), ask: { method: 'POST' } },
  { name: 'a range beyond the end', code: 'RANGE_NOT_SATISFIABLE', url: sourceOf(episode), ask: { range: '9999999-' } },
];

const addresses: readonly Case[] = [
  { name: 'a private address', code: 'SOURCE_REFUSED', url: () => path({ source: 'http://10.0.0.5/a.mp3' }) },
  {
    name: 'the metadata service',
    code: 'SOURCE_REFUSED',
    url: () => path({ source: 'http://169.254.169.254/latest' }),
  },
  { name: 'this machine', code: 'SOURCE_REFUSED', url: () => path({ source: 'http://127.0.0.1/a.mp3' }) },
  { name: 'this machine as a number', code: 'SOURCE_REFUSED', url: () => path({ source: 'http://2130706433/a.mp3' }) },
  { name: 'this machine by name', code: 'SOURCE_REFUSED', url: () => path({ source: 'http://localhost/a.mp3' }) },
  { name: 'this machine over IPv6', code: 'SOURCE_REFUSED', url: () => path({ source: 'http://[::1]/a.mp3' }) },
  { name: 'a port of another service', code: 'SOURCE_REFUSED', url: () => path({ source: 'http://192.0.2.1:22/' }) },
  { name: 'credentials in the URL', code: 'SOURCE_REFUSED', url: () => path({ source: 'http://a:b@1.1.1.1/' }) },
  { name: 'a bucket that is not allowed', code: 'SOURCE_REFUSED', url: () => path({ source: 's3://bucket/a.mp3' }) },
  {
    name: 'a redirect to a private address',
    code: 'SOURCE_REFUSED',
    url: sourceOf(episode, { redirect: () => 'http://169.254.169.254/latest/meta-data' }),
  },
  {
    name: 'a redirect to a file',
    code: 'SOURCE_REFUSED',
    url: sourceOf(episode, { redirect: () => 'file:///etc/passwd' }),
  },
  {
    name: 'redirects without end',
    code: 'SOURCE_FAILED',
    url: sourceOf(episode, { redirect: trackers(99) }, {}, '/hop/1'),
  },
  {
    name: 'a server that is not there',
    code: 'SOURCE_UNREACHABLE',
    url: async () => path({ source: await closedPort() }),
  },
];

const statuses: readonly Case[] = [
  { name: 'a source that is missing', code: 'SOURCE_MISSING', url: sourceOf(episode, { status: 404 }) },
  { name: 'a source that is gone', code: 'SOURCE_MISSING', url: sourceOf(episode, { status: 410 }) },
  { name: 'a source behind a login', code: 'SOURCE_PRIVATE', url: sourceOf(episode, { status: 401 }) },
  { name: 'a source that is forbidden', code: 'SOURCE_PRIVATE', url: sourceOf(episode, { status: 403 }) },
  { name: 'a server with a fault', code: 'SOURCE_FAILED', url: sourceOf(episode, { status: 500 }) },
  { name: 'a status without content', code: 'SOURCE_FAILED', url: sourceOf(episode, { status: 204 }) },
];

const bodies: readonly Case[] = [
  { name: 'a web page', code: 'SOURCE_NOT_MEDIA', url: sourceOf(text(HTML), { contentType: 'text/html' }) },
  {
    name: 'a web page said to be audio',
    code: 'SOURCE_NOT_MEDIA',
    url: sourceOf(text(HTML), { contentType: 'audio/mpeg' }),
  },
  { name: 'a short web page', code: 'SOURCE_NOT_MEDIA', url: sourceOf(() => Buffer.from('<p>no')) },
  { name: 'a feed', code: 'SOURCE_NOT_MEDIA', url: sourceOf(text('<?xml version="1.0"?><rss><channel/></rss>\n')) },
  { name: 'JSON', code: 'SOURCE_NOT_MEDIA', url: sourceOf(text('{"error": "no such episode", "code": 404} ')) },
  { name: 'plain text', code: 'SOURCE_NOT_MEDIA', url: sourceOf(text('No such episode.')) },
  { name: 'a zip file', code: 'SOURCE_NOT_MEDIA', url: sourceOf(bytes([0x50, 0x4b, 3, 4])) },
  { name: 'a picture', code: 'SOURCE_NOT_MEDIA', url: sourceOf(bytes([0x89, 0x50, 0x4e, 0x47])) },
  { name: 'a playlist', code: 'SOURCE_NOT_MEDIA', url: sourceOf(text('#EXTM3U\n#EXTINF:10,\nsegment.ts\n')) },
  { name: 'a channel in HLS', code: 'SOURCE_LIVE', url: sourceOf(playlist('#EXTINF:6,', 'a.ts')) },
  {
    name: 'protected HLS',
    code: 'SOURCE_PROTECTED',
    url: sourceOf(playlist('#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key"', '#EXTINF:6,', 'a.ts', '#EXT-X-ENDLIST')),
  },
  { name: 'noise', code: 'SOURCE_NOT_MEDIA', url: sourceOf(bytes([])) },
  { name: 'nothing', code: 'SOURCE_EMPTY', url: sourceOf(() => new Uint8Array()) },
  { name: 'nothing without length', code: 'SOURCE_EMPTY', url: sourceOf(() => new Uint8Array(), { length: false }) },
  {
    name: 'a tag without audio',
    code: 'SOURCE_DAMAGED',
    url: sourceOf(() => join(id3v2('Only a tag', 2000), junk(90_000, 3))),
  },
  { name: 'a film without sound', code: 'SOURCE_NO_AUDIO', url: sourceOf(silentFilm) },
  { name: 'Windows Media', code: 'CODEC_UNSUPPORTED', url: sourceOf(() => encoded('asf', 'wmav2')) },
  { name: 'AC-3 in Matroska', code: 'CODEC_UNSUPPORTED', url: sourceOf(() => encoded('matroska', 'ac3')) },
  { name: 'AC-3 in MP4', code: 'CODEC_UNSUPPORTED', url: sourceOf(() => encoded('mp4', 'ac3')) },
  { name: 'ADPCM in WAV', code: 'CODEC_UNSUPPORTED', url: sourceOf(() => encoded('wav', 'adpcm_ms')) },
  { name: 'a compressed answer', code: 'SOURCE_ENCODED', url: sourceOf(episode, { range: 'ignored', gzip: true }) },
  {
    name: 'a radio',
    code: 'SOURCE_TOO_LARGE',
    url: sourceOf(episode, { endless: true, headers: { 'icy-name': 'x' } }),
  },
  { name: 'a large source without ranges', code: 'SOURCE_TOO_LARGE', url: sourceOf(large, { range: 'ignored' }) },
  { name: 'an endless page', code: 'SOURCE_NOT_MEDIA', url: sourceOf(text(HTML), { endless: true }) },
  {
    name: 'a source that is cut every time',
    code: 'SOURCE_CUT',
    url: sourceOf(episode, { dieAfter: { bytes: 20_000, how: 'reset' } }),
  },
  { name: 'a source that closes at once', code: 'SOURCE_CUT', url: sourceOf(episode, { hangUp: true }) },
  { name: 'parts shorter than said', code: 'SOURCE_CUT', url: sourceOf(episode, { length: 5000 }) },
  { name: 'parts longer than said', code: 'SOURCE_CUT', url: sourceOf(episode, { length: -500 }) },
  { name: 'a source that is never the same', code: 'SOURCE_CHANGED', url: sourceOf(restless) },
];

const slow: readonly Case[] = [
  { name: 'a head that drips', code: 'SOURCE_TIMEOUT', url: sourceOf(episode, { dripHeadMs: 200 }) },
  { name: 'a body that drips', code: 'SOURCE_SLOW', url: sourceOf(episode, { bytesPerSecond: 100 }) },
  { name: 'a body that stops', code: 'SOURCE_SLOW', url: sourceOf(episode, { stallAfter: 30_000 }) },
];

const cases = [...links, ...addresses, ...statuses, ...bodies, ...slow];

/** Stands in for ffmpeg; null: it is not there. The last one takes the ten seconds of the watchdog, twice. */
const encoders: readonly (readonly [what: string, script: string | null, code: FailureCode])[] = [
  ['is not there', null, 'ENCODER_MISSING'],
  ['fails', 'echo "secret of the machine" >&2; exit 1', 'ENCODER_FAILED'],
  ['gives nothing', 'exec /bin/cat >/dev/null', 'ENCODER_FAILED'],
  ['is killed every time', 'kill -KILL $$', 'ENCODER_FAILED'],
  ['runs out of processor time', 'kill -XCPU $$', 'ENCODER_LIMIT'],
  ['runs out of memory', 'echo "Cannot allocate memory" >&2; exit 1', 'ENCODER_LIMIT'],
  ['hangs', 'exec /bin/sleep 60', 'ENCODER_STALLED'],
];

/** Codes that another test of this file, or no request at all, brings about. */
const elsewhere: Partial<Record<FailureCode, string>> = {
  BUSY: 'below',
  STOPPING: 'below',
  CLIENT_GONE: 'nobody is left to read it; in the usage record it is tested',
  SOURCE_URL_INVALID: 'no link is made for such a source, so it takes the key to ask for one',
  STORE_FAILED: 'a store that fails counts as an empty one',
  SEGMENT_GONE: 'of HLS alone: test/relay/hls-http.test.ts',
  FEED_INVALID: 'of feeds alone: feed-refused.test.ts',
  FEED_DTD: 'of feeds alone: feed-refused.test.ts',
  PLAYLIST_INVALID: 'of HLS alone: test/hls',
  PLAYLIST_TOO_LARGE: 'of HLS alone: test/hls',
  SOURCE_NO_VIDEO: 'of pictures alone: test/relay/hls-video.test.ts',
  VIDEO_UNSUPPORTED: 'of pictures alone: test/relay/hls-video.test.ts',
  VIDEO_KEYS_RARE: 'of pictures alone: test/video/damaged.test.ts',
  SOURCE_NOT_LIVE: 'of live alone: test/intake/intake.test.ts',
  SOURCE_GONE: 'of live alone: test/live/listening.test.ts',
  PUBLISHER_REFUSED: 'of publishers alone: test/ingest/attacks.test.ts',
  PUBLISHER_EXPIRED: 'of publishers alone: test/ingest/attacks.test.ts',
  PUBLISHER_REPLACED: 'of publishers alone: test/live/ingest.test.ts',
  ORIGIN_REFUSED: 'of publishers alone: test/ingest/attacks.test.ts, by its status',
  INGEST_INVALID: 'of publishers alone: test/ingest/attacks.test.ts',
  INGEST_FORMAT: 'of publishers alone: test/ingest/attacks.test.ts',
  INGEST_FLOOD: 'of publishers alone: test/ingest/attacks.test.ts',
  INGEST_SILENT: 'of publishers alone: test/ingest/attacks.test.ts',
  SHOW_ENDED: 'of a publisher whose show ends while it sends: its connection is closed with its end',
  SHOW_UNFINISHED: 'of shows alone: test/live/ingest.test.ts',
  OFF_AIR: 'of shows alone: test/live/ingest.test.ts',
  CONFIG_INVALID: 'the server does not start',
  FILE_CHANGED: 'on functions alone: test/lambda',
  RANGES_UNSUPPORTED: 'on functions alone: test/relay/raw-lambda.test.ts',
  RESPONSE_LIMIT: 'on functions alone: test/lambda',
  SOURCE_UNMEASURED: 'on functions alone: test/lambda',
  INTERNAL: 'a fault of Baton, and none is known',
};

test('every code of the table has a test here, or a reason why no request can bring it about', () => {
  const tested = [...cases.map(({ code }) => code), ...encoders.map(([, , code]) => code)];
  const reached = new Set<string>([...tested, ...Object.keys(elsewhere)]);
  expect(failureCodes.filter((code) => !reached.has(code))).toEqual([]);
});

// Some of them take ten seconds and more, so all are under way from the start.
const answers = new Map<string, Promise<Answer>>();
const encoderAnswers = new Map<string, Promise<{ answer: Answer; usage: readonly UsageRecord[] }>>();

describe('bad input', () => {
  let baton: TestBaton;

  beforeAll(async () => {
    for (const [what, script] of encoders) encoderAnswers.set(what, answerWith(script));
    const paths = await Promise.all(cases.map(async ({ name, url, ask }) => ({ name, ask, path: await url() })));
    const allowOrigins = [...origins.map(({ origin }) => origin), ...refusing];
    baton = await startBaton({ keys, allowOrigins, config: { spoolBytes: 150_000 } });
    for (const { name, ask, path } of paths) answers.set(name, get(baton.origin, { ...ask, path }));
  });
  afterAll(async () => {
    await baton.stop();
    await Promise.all(origins.map((origin) => origin.close()));
  });

  test.each(cases)('$name: $code', async ({ name, code }) => {
    const answer = await answers.get(name);
    expectFailure(answer, code);
  });

  test('leaves neither a process nor a download behind, and each is in the usage log', async () => {
    await Promise.all(answers.values());
    const open = (): unknown[] =>
      origins.flatMap(({ seen, behaviour }) => seen.filter(({ state }) => state === 'open').map(() => behaviour));
    expect(await settled(open, (left) => left.length === 0, 4000)).toEqual([]);
    const refused = cases.filter(({ code }) => code !== 'NOT_FOUND');
    const codes = baton.usage.map(({ error }) => error).sort();
    expect(codes).toEqual(refused.map(({ code }) => code).sort());
    for (const record of baton.usage) expect(record).toMatchObject({ outcome: 'refused', chunksEncoded: 0 });
    await baton.stop();
    expect(
      await settled(
        () => origins.filter(({ connections }) => connections > 0),
        (left) => left.length === 0,
      ),
    ).toEqual([]);
  });
});

describe('an ffmpeg that', () => {
  test.each(encoders)('%s (%s): %s', async (what, _script, code) => {
    const { answer, usage } = (await encoderAnswers.get(what)) ?? {};
    expectFailure(answer, code);
    expect(usage).toMatchObject([{ status: answer?.status, outcome: 'refused', error: code, bytes: 0 }]);
  });

  test('is gone when the server is', async () => {
    await Promise.all(encoderAnswers.values());
    expect(await ffmpegProcesses()).toEqual([]);
  });
});

describe('lies that do no harm', () => {
  test.each<[name: string, behaviour: Behaviour]>([
    ['audio said to be a web page', { contentType: 'text/html' }],
    ['audio said to be a picture', { contentType: 'image/png' }],
    ['an origin whose connections all break in the middle', { dieAfter: { bytes: 70_000, how: 'close' } }],
  ])('%s plays as the real thing does', async (_name, behaviour) => {
    await using honest = await startOrigin(await episode());
    await using liar = await startOrigin(await episode(), behaviour);
    await using baton = await startBaton({ allowOrigins: [honest.origin, liar.origin] });
    const [truth, lie] = await Promise.all([honest, liar].map(({ url }) => get(baton.file(url(), OPTIONS))));
    expect(lie).toMatchObject({ status: 200, complete: true });
    expect(lie?.bytes.equals(truth?.bytes ?? new Uint8Array())).toBe(true);
  });

  test('a source without ranges that says it is shorter than it is plays as far as it says', async () => {
    await using liar = await startOrigin(await episode(), { range: 'ignored', length: -5000 });
    await using baton = await startBaton({ allowOrigins: [liar.origin] });
    const url = baton.file(liar.url(), OPTIONS);
    expect(await get(url)).toMatchObject({ status: 200, complete: true });
    const head = await get(url, { method: 'HEAD' });
    const whole = await get(url);
    expect(whole).toMatchObject({ status: 200, complete: true });
    expect(head.headers['content-length']).toBe(String(whole.bytes.length));
  });

  test('a source without ranges that says it is longer than it is comes as promised or is cut', async () => {
    await using liar = await startOrigin(await episode(), { range: 'ignored', length: 5000 });
    await using baton = await startBaton({ allowOrigins: [liar.origin] });
    const { status, headers, complete, bytes } = await get(baton.file(liar.url(), OPTIONS));
    expect(status).toBe(200);
    expect(String(bytes.length) === headers['content-length']).toBe(complete);
    const outcome = complete ? { outcome: 'whole', error: null } : { outcome: 'cut', error: 'SOURCE_CUT' };
    expect(baton.usage).toMatchObject([outcome]);
  });
});

test('an endless episode plays at once, without a promised length, and is cut at the cap', async () => {
  await using endless = await startOrigin(await episode(), { endless: true });
  await using baton = await startBaton({ allowOrigins: [endless.origin], config: { spoolBytes: 300_000 } });
  const { status, headers, complete, bytes } = await get(baton.file(endless.url(), OPTIONS));
  expect([status, complete]).toEqual([200, false]);
  expect(headers['content-length']).toBeUndefined();
  expect(headers['accept-ranges']).toBe('none');
  expect(bytes.length).toBeGreaterThan(60_000);
  expect(
    await settled(
      () => baton.usage,
      (lines) => lines.length > 0,
    ),
  ).toMatchObject([{ outcome: 'cut', error: 'SOURCE_TOO_LARGE' }]);
});

describe('an origin that fails behind the head of the response', () => {
  const seconds = 16; // read in several parts
  const from = (seen: Seen): number => Number(/^bytes=(\d+)/.exec(seen.range ?? '')?.[1]);
  const referenceOf = async (bytes: Uint8Array, options: string): Promise<Buffer> => {
    await using origin = await startOrigin(bytes);
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    return (await get(baton.file(origin.url(), options))).bytes;
  };

  test.concurrent.each<[what: string, code: FailureCode, options: string]>([
    ['hangs up', 'SOURCE_CUT', OPTIONS],
    ['hangs up on a relay', 'SOURCE_CUT', 'codec.copy'],
    ['is gone', 'SOURCE_UNREACHABLE', OPTIONS],
  ])('for good (it %s) cuts the response, and the usage log says %s', async (what, code, options) => {
    const { bytes } = await source('cbr.mp3', { seconds });
    const origin = await startOrigin((seen) => {
      if (!(from(seen) >= 90_000 && from(seen) < 200_000)) return bytes;
      if (what === 'is gone') void origin.close();
      throw new Error('as planned');
    });
    if (options === 'codec.copy') origin.behaviour = { dieAfter: { bytes: 100_000, how: 'reset' } };
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const url = baton.file(origin.url(), options);
    const length = Number((await get(url, { method: 'HEAD' })).headers['content-length']);
    const cut = await get(url);
    expect(cut).toMatchObject({ status: 200, complete: false });
    expect(cut.headers['content-length']).toBe(String(length));
    expect(cut.bytes.length).toBeLessThan(length);
    expect(cut.bytes.length).toBeGreaterThan(10_000);
    expect(cut.bytes.equals((await referenceOf(bytes, options)).subarray(0, cut.bytes.length))).toBe(true);
    expect(baton.usage.at(-1)).toMatchObject({ status: 200, outcome: 'cut', error: code, bytes: cut.bytes.length });
    await origin.close();
  });

  test.concurrent.each([OPTIONS, 'codec.copy'])(
    'once (%s) is not noticed: the response is whole and the same',
    async (options) => {
      const { bytes } = await source('cbr.mp3', { seconds });
      let deaths = 0;
      await using origin = await startOrigin((seen) => {
        if (from(seen) >= 90_000 && from(seen) < 200_000 && ++deaths <= 2) throw new Error('as planned');
        return bytes;
      });
      if (options === 'codec.copy') origin.behaviour = { dieAfter: { bytes: 100_000, how: 'reset' } };
      await using baton = await startBaton({ allowOrigins: [origin.origin] });
      const whole = await get(baton.file(origin.url(), options));
      expect(deaths).toBeGreaterThan(2);
      expect(whole).toMatchObject({ status: 200, complete: true });
      expect(whole.bytes.equals(await referenceOf(bytes, options))).toBe(true);
      expect(baton.usage).toMatchObject([{ outcome: 'whole', error: null }]);
    },
  );
});

test('one listener too many is told when to come back, and let in when there is room', async () => {
  await using origin = await startOrigin(await episode(), { latencyMs: 300 });
  await using baton = await startBaton({ allowOrigins: [origin.origin], config: { maxRequests: 1 } });
  const url = baton.file(origin.url(), OPTIONS);
  const first = get(url);
  await settled(
    () => origin.seen.length,
    (count) => count > 0,
  );
  const second = await get(url);
  expectFailure(second, 'BUSY');
  expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
  expect(await first).toMatchObject({ status: 200, complete: true });
  expect(await get(url)).toMatchObject({ status: 200, complete: true });
});

function expectFailure(answer: Answer | undefined, code: FailureCode): void {
  const { status, message } = new BatonError(code);
  const body = answer?.bytes.toString() ?? '';
  expect(body).toContain(`"${code}"`);
  expect(answer).toMatchObject({ status, complete: true });
  expect(JSON.parse(body)).toMatchObject({ code, message });
  expect(Object.keys(JSON.parse(body) as object).sort()).toEqual(
    ['code', 'message', ...(answer?.headers['retry-after'] === undefined ? [] : ['retryAfterSeconds'])].sort(),
  );
  expect(answer?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'access-control-allow-origin': '*',
  });
  expect(answer?.headers.etag).toBeUndefined();
  expect(body + JSON.stringify(answer?.headers)).not.toMatch(
    /127\.0\.0\.1|169\.254|passwd|secret|\/tmp|\.ts:|at \w+ \(/,
  );
}

/** What a listener gets from a Baton that runs this shell script for ffmpeg. */
async function answerWith(script: string | null): Promise<{ answer: Answer; usage: readonly UsageRecord[] }> {
  return await inFolder(async (folder) => {
    const ffmpegPath = `${folder}/ffmpeg`;
    if (script !== null) await writeFile(ffmpegPath, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    await using origin = await startOrigin(await episode());
    const usage: UsageRecord[] = [];
    const server = await startServer({
      config: { ...readConfig({}), port: 0, allowOrigins: [origin.origin] },
      keys,
      engine: { ...(await testEngine()), path: ffmpegPath },
      store: memoryStore({ maxBytes: 2 ** 20 }),
      demo: null,
      log: (line) => void usage.push(JSON.parse(line) as UsageRecord),
      now: Date.now,
    });
    const answer = await get(server.origin + path({ source: origin.url() }));
    await server.stop();
    return { answer, usage };
  });
}

async function large(): Promise<Uint8Array> {
  return (await source('cbr-320.mp3', { seconds: 6 })).bytes;
}

/** Other bytes, and so another ETag, at each request. */
async function restless(): Promise<Content> {
  const base = await episode();
  let turn = 0;
  return () => join(base.subarray(0, -100), junk(100, ++turn));
}

const refusing: string[] = [];

/** An address at which nobody listens any more. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  refusing.push(`http://127.0.0.1:${port}`);
  return `http://127.0.0.1:${port}/a.mp3`;
}

const encoded = (format: string, codec: string): Promise<Uint8Array> =>
  made(['-f', 'lavfi', '-i', 'sine=duration=3', '-c:a', codec, '-f', format]);

function silentFilm(): Promise<Uint8Array> {
  return made(['-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5:duration=2', '-c:v', 'mpeg4', '-f', 'mp4']);
}

/** What ffmpeg writes into a file, for some containers need to be seekable. */
const made = (args: readonly string[]): Promise<Uint8Array> =>
  inFolder(async (folder) => {
    await ffmpeg([...args, `${folder}/out`]);
    return await readFile(`${folder}/out`);
  });
