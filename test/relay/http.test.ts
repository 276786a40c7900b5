import { parse as parseDisposition } from 'content-disposition';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { privateLink } from '../../src/sign/link.ts';
import { slug } from '../../src/sign/name.ts';
import { RUNTIME, startBaton, type TestBaton } from '../support/baton.ts';
import { get, sendRaw, type Answer } from '../support/client.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { frameFacts, id3v2, join } from '../support/mp3-forge.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';
const FRAME_BYTES = 192;

describe('an episode that is encoded', () => {
  let origin: Origin;
  let baton: TestBaton;
  let url: string;
  let head: Answer;
  let whole: Answer;
  let samples: number;

  beforeAll(async () => {
    const fixture = await source('vbr-xing.mp3', { seconds: 8 });
    samples = fixture.expectedSamples;
    origin = await startOrigin(fixture.bytes);
    baton = await startBaton({ allowOrigins: [origin.origin] });
    url = baton.file(origin.url(), OPTIONS);
    head = await get(url, { method: 'HEAD' });
    whole = await get(url);
  });
  afterAll(async () => {
    await baton.stop();
    await origin.close();
  });

  test('HEAD states the length of GET before anything is encoded', () => {
    expect(head).toMatchObject({ status: 200, complete: true });
    expect(head.bytes).toHaveLength(0);
    expect(whole).toMatchObject({ status: 200, complete: true });
    expect(Number(head.headers['content-length'])).toBe(whole.bytes.length);
    expect(baton.usage[0]).toMatchObject({ method: 'HEAD', chunksEncoded: 0, chunksStored: 0, firstAudioMs: null });
    expect(baton.usage[1]).toMatchObject({ method: 'GET', chunksEncoded: 4 });
  });

  test('HEAD and GET differ in nothing but timings', () => {
    const lasting = ({ headers }: Answer): object => ({ ...headers, 'server-timing': '', date: '' });
    expect(lasting(head)).toEqual(lasting(whole));
  });

  test('the file is an ID3 tag, an Info frame and as many frames as the grid says', () => {
    const frames = Math.ceil((Math.ceil((samples * 48_000) / 44_100) + 1105) / 1152);
    expect(whole.bytes.length).toBe(headBytes(whole.bytes) + frames * FRAME_BYTES);
    for (let at = headBytes(whole.bytes); at < whole.bytes.length; at += FRAME_BYTES)
      expect(frameFacts(whole.bytes, at)).toMatchObject({ kbps: 64, sampleRate: 48_000, size: FRAME_BYTES });
  });

  test('the headers describe the file', () => {
    expect(whole.headers).toMatchObject({
      'content-type': 'audio/mpeg',
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=300, no-transform',
      'content-disposition': 'inline; filename=episode.mp3',
      'last-modified': 'Mon, 02 Nov 2026 10:00:00 GMT',
      'x-content-type-options': 'nosniff',
    });
    expect(whole.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(whole.headers['transfer-encoding']).toBeUndefined();
  });

  test('Server-Timing tells the four parts, and what was encoded took time', () => {
    expect(timings(head)).toEqual({ probe: expect.any(Number) as number, source: 0, encode: 0, store: 0 });
    expect(Object.keys(timings(whole))).toEqual(['probe', 'source', 'encode', 'store']);
    expect(timings(whole)['encode']).toBeGreaterThan(0);
  });

  const middle = 30_001;
  test.each<[name: string, range: string, from: number | 'size', to: number | 'size']>([
    ['all of it', '0-', 0, 'size'],
    ['the first byte', '0-0', 0, 1],
    ['the first two bytes', '0-1', 0, 2],
    ['the seam of head and frames', '400-2000', 400, 2001],
    ['a part across a chunk border', `${middle}-${middle + 20_000}`, middle, middle + 20_001],
    ['a part to the end', `${middle}-`, middle, 'size'],
    ['more than there is', `${middle}-99999999`, middle, 'size'],
    ['an absurd end', '5-99999999999999999999999', 5, 'size'],
    ['the last byte', '-1', -1, 'size'],
    ['the last bytes', '-5000', -5000, 'size'],
    ['a suffix longer than the file', '-99999999', 0, 'size'],
  ])('a range for %s (%s) is exactly that part of the whole', async (_name, range, from, to) => {
    const size = whole.bytes.length;
    const start = from === 'size' ? size : from < 0 ? size + from : from;
    const end = to === 'size' ? size : to;
    const part = await get(url, { range });
    expect(part).toMatchObject({ status: 206, complete: true });
    expect(part.headers).toMatchObject({
      'content-range': `bytes ${start}-${end - 1}/${size}`,
      'content-length': String(end - start),
      etag: whole.headers.etag,
      'accept-ranges': 'bytes',
    });
    expect(part.bytes.equals(whole.bytes.subarray(start, end))).toBe(true);
  });

  test('the last byte can be asked for by its number, and the one after it cannot', async () => {
    const size = whole.bytes.length;
    const last = await get(url, { range: `${size - 1}-` });
    expect(last).toMatchObject({ status: 206, bytes: whole.bytes.subarray(-1) });
    expect((await get(url, { range: `${size}-` })).status).toBe(416);
  });

  test.each(['99999999-', '99999999-99999999', '-0'])(
    'a range that holds nothing (%s) is answered with the size',
    async (range) => {
      const { status, headers, bytes } = await get(url, { range });
      expect(status).toBe(416);
      expect(headers).toMatchObject({ 'content-range': `bytes */${whole.bytes.length}`, 'cache-control': 'no-store' });
      expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
    },
  );

  test.each([
    ['backwards', 'bytes=10-5'],
    ['without numbers', 'bytes=-'],
    ['with words', 'bytes=a-b'],
    ['with a sign', 'bytes=+1-5'],
    ['with a fraction', 'bytes=1.5-9'],
    ['without unit', '0-5'],
    ['in another unit', 'seconds=0-5'],
    ['empty', 'bytes='],
    ['of several parts', 'bytes=0-1,5-6'],
    ['of a part twice', 'bytes=0-1, 0-1'],
    ['of very many parts', `bytes=${Array.from({ length: 1000 }, (_, i) => `${i}-${i}`).join(',')}`],
  ])('a range %s is ignored, and the whole file comes', async (_name, header) => {
    const { status, headers, bytes } = await get(url, { headers: { range: header } });
    expect(status).toBe(200);
    expect(headers['content-range']).toBeUndefined();
    expect(bytes.equals(whole.bytes)).toBe(true);
  });

  // RFC 9110 14.2: Range means something with GET alone.
  test('a range with HEAD is ignored', async () => {
    for (const range of ['0-1', '99999999-']) {
      const { status, headers } = await get(url, { method: 'HEAD', range });
      expect(status).toBe(200);
      expect(headers['content-length']).toBe(String(whole.bytes.length));
    }
  });

  test('every page may read the answers, their headers and their timings', async () => {
    const refusal = await get(`${url}x`);
    for (const { headers } of [head, whole, refusal]) {
      expect(headers['access-control-allow-origin']).toBe('*');
      expect(headers['access-control-allow-credentials']).toBeUndefined();
      expect(headers['timing-allow-origin']).toBe('*');
      expect(headers['cross-origin-resource-policy']).toBe('cross-origin');
      const exposed = headers['access-control-expose-headers']?.split(', ');
      expect(exposed).toEqual(expect.arrayContaining(['Content-Range', 'Content-Length', 'ETag', 'Accept-Ranges']));
      expect(exposed).toEqual(expect.arrayContaining(['Server-Timing', 'Content-Disposition', 'Retry-After']));
    }
  });

  test('a preflight allows the methods and headers that players use', async () => {
    const preflight = {
      origin: 'https://podcast.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'range,if-range',
    };
    const { status, headers, bytes } = await get(url, { method: 'OPTIONS', headers: preflight });
    expect(status).toBe(204);
    expect(bytes).toHaveLength(0);
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS',
      'access-control-allow-headers': 'Range, If-Range, If-None-Match, If-Modified-Since',
    });
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])(
    '%s is refused, and the answer tells what is allowed',
    async (method) => {
      const { status, headers, bytes } = await get(url, { method });
      expect(status).toBe(405);
      expect(headers.allow).toBe('GET, HEAD, OPTIONS');
      expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'METHOD_NOT_ALLOWED' });
    },
  );

  test('answers to HEAD, conditions and mistakes keep the connection in step', async () => {
    const { pathname: path, host } = new URL(url);
    const ask = (line: string, ...fields: string[]): string =>
      [`${line} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n');
    const answer = await sendRaw(
      url,
      ask(`HEAD ${path}`) +
        ask(`HEAD ${path}x`) +
        ask(`GET ${path}`, `If-None-Match: ${whole.headers.etag ?? ''}`) +
        ask(`OPTIONS ${path}`) +
        ask(`GET ${path}`, 'Range: bytes=0-1', 'Connection: close'),
    );
    expect(answer.match(/HTTP\/1\.1 \d{3}(?= )/g)?.map((line) => line.slice(-3))).toEqual([
      ...['200', '403', '304', '204', '206'],
    ]);
    expect(answer.endsWith(`\r\n\r\n${whole.bytes.toString('latin1', 0, 2)}`)).toBe(true);
  });
});

test('a range of the head alone encodes nothing', async () => {
  const { bytes } = await source('vbr-xing.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const url = baton.file(origin.url(), OPTIONS);
  const { bytes: opening } = await get(url, { range: '0-99' });
  const part = await get(url, { range: '0-1' });
  expect(part).toMatchObject({ status: 206, complete: true });
  expect(part.bytes.equals(opening.subarray(0, 2))).toBe(true);
  expect(opening).toHaveLength(100);
  for (const record of baton.usage)
    expect(record).toMatchObject({ chunksEncoded: 0, chunksStored: 0, encoderCpuMs: 0, firstAudioMs: null });
  expect(await ffmpegProcesses()).toEqual([]);
});

// Behind CloudFront all links to a file share what is cached: test/lambda/cloudfront.test.ts.
test.skipIf(RUNTIME === 'cloudfront')('the cache may keep a private link no longer than it lives', async () => {
  const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
  await using origin = await startOrigin(bytes);
  let now = Date.now();
  await using baton = await startBaton({ allowOrigins: [origin.origin], now: () => now });
  const ageOf = async (url: string): Promise<number> => {
    const cache = (await get(url, { method: 'HEAD' })).headers['cache-control'] ?? '';
    return Number(/^private, max-age=(\d+), no-transform$/.exec(cache)?.[1]);
  };
  const short = privateFile(baton, origin.url(), now, 90.5);
  expect(await ageOf(privateFile(baton, origin.url(), now, 3600))).toBe(300);
  expect(await ageOf(short)).toBeGreaterThanOrEqual(89);
  expect(await ageOf(short)).toBeLessThanOrEqual(90);
  now += 80_000;
  expect(await ageOf(short)).toBeLessThanOrEqual(10);
  now += 11_000;
  expect((await get(short)).status).toBe(410);
});

describe('titles from a hostile source', () => {
  const titles = [
    'Plain',
    'Ein Stück über Töne',
    'A "quoted" \\ title',
    'Broken\r\nX-Injected: yes\r\n\r\n<script>',
    'Nul\0l and \u007f and \u0085',
    '🎙️ Folge 1 — 日本語',
    '../../etc/passwd',
    'percent %41%0d%0a',
    "quote ' star * semi ; comma ,",
    '\u202egpj.exe',
    ' ',
    'x'.repeat(30_000),
    '日'.repeat(10_000),
  ];
  const at = (index: number): string => `/${index}.mp3`;
  let origin: Origin;
  let baton: TestBaton;

  beforeAll(async () => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    const files = new Map(titles.map((title, index) => [at(index), join(id3v2(title), bytes)]));
    files.set(at(99), join(utf16Title(Buffer.from([0x00, 0xd8, 0x41, 0x00, 0x00, 0xdc])), bytes));
    origin = await startOrigin(({ url }) => files.get(url) ?? new Uint8Array());
    baton = await startBaton({ allowOrigins: [origin.origin] });
  });
  afterAll(async () => {
    await baton.stop();
    await origin.close();
  });

  test.each(titles.map((title, index) => [title.slice(0, 40), index]))(
    '%j becomes a file name and nothing else',
    async (_title, index) => {
      const url = baton.file(origin.url(at(index)), OPTIONS, { name: slug(titles[index] ?? '', 'mp3') });
      const { status, headers } = await get(url, { method: 'HEAD' });
      expect(status).toBe(200);
      expect(headers['x-injected']).toBeUndefined();
      const line = headers['content-disposition'] ?? '';
      expect(line).toMatch(/^inline; filename=/);
      expect(line).toMatch(/^[\x20-\x7e]+$/);
      expect(line.length).toBeLessThan(2000); // proxies take 4 kB of headers
    },
  );

  test.each([1, 2, 5])('a real title (%i) reaches the listener letter by letter', async (index) => {
    const { headers } = await get(baton.file(origin.url(at(index)), OPTIONS), { method: 'HEAD' });
    const { type, parameters } = parseDisposition(headers['content-disposition'] ?? '');
    expect(type).toBe('inline');
    expect(parameters['filename']).toBe(`${titles[index] ?? ''}.mp3`);
  });

  test('half a character is no reason to fail', async () => {
    expect((await get(baton.file(origin.url(at(99)), OPTIONS), { method: 'HEAD' })).status).toBe(200);
  });
});

test.each(['\u00e9\u00e8', Buffer.from('日本').toString('latin1'), 'yesterday', '0', '2026-11-02'])(
  'a Last-Modified that is no date (%j) is not passed on',
  async (lastModified) => {
    const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes, { lastModified });
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const { status, headers } = await get(baton.file(origin.url(), OPTIONS), { method: 'HEAD' });
    expect(status).toBe(200);
    expect(headers['last-modified']).toBeUndefined();
  },
);

// A buffered function cannot send what has no length yet, so it finds the length out: test/lambda/buffered.test.ts.
describe.skipIf(RUNTIME === 'buffered-url' || RUNTIME === 'cloudfront')(
  'a source whose length nobody knows yet',
  () => {
    test('HEAD promises neither length nor ranges', async () => {
      const { bytes } = await source('vbr-bare.mp3', { seconds: 10 });
      await using origin = await startOrigin(bytes, { latencyMs: 50 });
      await using baton = await startBaton({ allowOrigins: [origin.origin] });
      const { status, headers } = await get(baton.file(origin.url(), OPTIONS), { method: 'HEAD' });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'accept-ranges': 'none',
        'cache-control': 'no-store',
        'content-type': 'audio/mpeg',
      });
      for (const name of ['content-length', 'etag', 'last-modified', 'content-range', 'transfer-encoding'])
        expect(headers[name]).toBeUndefined();
      expect(baton.usage).toMatchObject([{ method: 'HEAD', chunksEncoded: 0 }]);
    });

    test.each([OPTIONS, 'codec.copy'])(
      'GET (%s) plays at once, and once it is indexed the file is exact',
      async (options) => {
        const { bytes } = await source('vbr-bare.mp3', { seconds: 10 });
        await using origin = await startOrigin(bytes, { latencyMs: 20 });
        await using baton = await startBaton({ allowOrigins: [origin.origin] });
        const url = baton.file(origin.url(), options);
        const early = await get(url, { range: '100-199' });
        expect(early).toMatchObject({ status: 200, complete: true });
        expect(early.headers).toMatchObject({ 'accept-ranges': 'none', 'cache-control': 'no-store' });
        for (const name of ['content-length', 'etag', 'content-range']) expect(early.headers[name]).toBeUndefined();

        const head = await settled(
          () => get(url, { method: 'HEAD' }),
          ({ headers }) => headers['content-length'] !== undefined,
        );
        expect(head.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
        expect(head.headers['accept-ranges']).toBe('bytes');
        const whole = await get(url);
        expect(Number(head.headers['content-length'])).toBe(whole.bytes.length);
        // The early answer held the same frames; only the Info frame could not be written yet.
        const frames = early.bytes.subarray(id3Bytes(early.bytes));
        expect(whole.bytes.subarray(-frames.length).equals(frames)).toBe(true);
        expect(whole.bytes.length - frames.length).toBe(headBytes(whole.bytes));
        const part = await get(url, { range: '-5000' });
        expect(part).toMatchObject({ status: 206, bytes: whole.bytes.subarray(-5000) });
      },
    );
  },
);

/** A link that dies `seconds` after `now`. */
const privateFile = (baton: TestBaton, url: string, now: number, seconds: number): string => {
  const content = { kind: 'file', options: OPTIONS, source: url, name: 'episode.mp3' } as const;
  return (
    baton.origin + privateLink(content, { expiresAt: now / 1000 + seconds, scope: 'test' }, baton.keys, now / 1000)
  );
};

const timings = ({ headers }: Answer): Record<string, number> =>
  Object.fromEntries(
    String(headers['server-timing'])
      .split(', ')
      .map((part) => part.split(';dur='))
      .map(([name = '', ms]) => [name, Number(ms)]),
  );

/** Of an ID3v2 tag at the start of `bytes`. */
const id3Bytes = (bytes: Buffer): number =>
  bytes.toString('latin1', 0, 3) === 'ID3'
    ? 10 + bytes.subarray(6, 10).reduce((value, byte) => value * 128 + byte, 0)
    : 0;

/** Of ID3 tag and Info frame. */
const headBytes = (bytes: Buffer): number => {
  const tag = id3Bytes(bytes);
  const info = frameFacts(bytes, tag);
  expect(bytes.toString('latin1', tag + info.tagAt, tag + info.tagAt + 4)).toMatch(/^(Info|Xing)$/);
  return tag + info.size;
};

/** An ID3v2.4 tag whose title is these bytes of UTF-16, little end first. */
function utf16Title(text: Uint8Array): Buffer {
  const body = join(Uint8Array.of(1, 0xff, 0xfe), text);
  const frame = join(Buffer.from('TIT2'), Uint8Array.of(0, 0, 0, body.length, 0, 0), body);
  return join(Buffer.from('ID3'), Uint8Array.of(4, 0, 0, 0, 0, 0, frame.length), frame);
}
