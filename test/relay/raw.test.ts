import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { publicLink, type LinkContent, type Seal } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { settled } from '../support/leaks.ts';
import { compare, madeBytes, startMadeOrigin, type MadeOrigin, type Making } from '../support/made-origin.ts';
import { S3_CREDENTIALS, startS3Server } from '../support/s3-server.ts';
import { randomNumbers } from '../support/signal.ts';

const FULL = process.env['BATON_FULL'] === '1';
vi.setConfig({ testTimeout: FULL ? 300_000 : 60_000 });
const SIZE = 3_000_017;

const rawLink = (baton: TestBaton, source: string, part: Partial<LinkContent> = {}, seal: Seal = {}): string =>
  baton.origin + publicLink({ kind: 'raw', options: '', source, name: 'large.zip', ...part }, baton.keys, seal);

/** An origin, and a Baton before it. */
async function setting(making: Making, revalidateMs = 300_000) {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await startMadeOrigin(making));
  const baton = stack.use(await startBaton({ allowOrigins: [origin.origin], config: { revalidateMs } }));
  const all = stack.move();
  return { origin, baton, url: rawLink(baton, origin.url()), [Symbol.asyncDispose]: () => all.disposeAsync() };
}

describe('a payload', () => {
  let at: Awaited<ReturnType<typeof setting>>;
  let head: Answer;
  let whole: Answer;
  beforeAll(async () => {
    at = await setting({ size: SIZE });
    head = await get(at.url, { method: 'HEAD' });
    whole = await get(at.url);
  });
  afterAll(() => at[Symbol.asyncDispose]());

  test('comes as it is, as HEAD said', () => {
    expect(whole).toMatchObject({ status: 200, complete: true });
    expect(whole.bytes.equals(madeBytes(0, SIZE))).toBe(true);
    const lasting = ({ headers }: Answer) => ({ ...headers, 'server-timing': '', date: '' });
    expect(lasting(head)).toEqual(lasting(whole));
    expect(head.bytes).toHaveLength(0);
    expect(whole.headers).toMatchObject({
      'content-length': String(SIZE),
      'content-type': 'application/zip',
      'accept-ranges': 'bytes',
      'content-disposition': 'attachment; filename=large.zip',
      'last-modified': 'Mon, 02 Nov 2026 10:00:00 GMT',
      'cache-control': 'public, max-age=300, no-transform',
      'content-security-policy': "sandbox; default-src 'none'",
      'x-content-type-options': 'nosniff',
    });
    expect(whole.headers.etag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test('is in the usage log with what it cost', () => {
    expect(at.baton.usage[0]).toMatchObject({ kind: 'raw', method: 'HEAD', bytes: 0, outcome: 'whole' });
    const record = at.baton.usage[1];
    expect(record).toMatchObject({ kind: 'raw', method: 'GET', status: 200, bytes: SIZE, sourceBytes: SIZE });
    expect(record?.firstAudioMs).toBeGreaterThan(0);
  });

  test('comes in any part, byte for byte', async () => {
    const random = randomNumbers(4);
    const below = (n: number): number => Math.floor(random() * n);
    const parts = Array.from({ length: 60 }, () => {
      const start = below(SIZE);
      return { start, end: Math.min(SIZE, start + 1 + below(below(2) === 0 ? 100 : SIZE)) };
    });
    for (const { start, end } of [{ start: 0, end: SIZE }, { start: SIZE - 1, end: SIZE }, ...parts]) {
      const part = await get(at.url, { range: `${start}-${end - 1}` });
      expect(part).toMatchObject({ status: 206, complete: true });
      expect(part.headers).toMatchObject({
        'content-range': `bytes ${start}-${end - 1}/${SIZE}`,
        'content-length': String(end - start),
        etag: whole.headers.etag,
      });
      expect(part.bytes.equals(madeBytes(start, end))).toBe(true);
    }
  });

  test.each([
    ['-1', SIZE - 1],
    ['-70000', SIZE - 70_000],
    ['-99999999', 0],
    ['2999999-', 2_999_999],
    ['2999999-99999999999999999999', 2_999_999],
  ])('a range %s is cut at the ends', async (range, start) => {
    const part = await get(at.url, { range });
    expect(part.status).toBe(206);
    expect(part.bytes.equals(madeBytes(start, SIZE))).toBe(true);
  });

  test.each(['3000017-', '-0'])('a range %s holds nothing, and the answer says the size', async (range) => {
    const { status, headers, bytes } = await get(at.url, { range });
    expect([status, headers['content-range']]).toEqual([416, `bytes */${SIZE}`]);
    expect(bytes.toString()).toContain('RANGE_NOT_SATISFIABLE');
  });

  test.each(['0-1,5-6', '5-2', 'x'])('a range %s is none, and the whole comes', async (range) => {
    const answer = await get(at.url, { range });
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(whole.bytes)).toBe(true);
  });

  test('conditions are met', async () => {
    const etag = String(whole.headers.etag);
    const modified = String(whole.headers['last-modified']);
    const asked = (headers: Record<string, string>, range?: string) =>
      get(at.url, { headers, ...(range === undefined ? {} : { range }) });
    for (const headers of [
      { 'if-none-match': etag },
      { 'if-none-match': `W/${etag}, "x"` },
      { 'if-modified-since': modified },
    ]) {
      const answer = await asked(headers);
      expect([answer.status, answer.bytes.length, answer.headers.etag]).toEqual([304, 0, etag]);
      expect(answer.headers['content-type']).toBeUndefined();
    }
    expect((await asked({ 'if-none-match': '"x"' })).status).toBe(200);
    for (const condition of [etag, modified]) expect((await asked({ 'if-range': condition }, '5-9')).status).toBe(206);
    for (const condition of ['"x"', `W/${etag}`, 'Mon, 02 Nov 2026 10:00:01 GMT'])
      expect((await asked({ 'if-range': condition }, '5-9')).status).toBe(200);
  });

  test('has the same tag from another Baton, which asks the origin for nothing that the store knows', async () => {
    const store = memoryStore({ maxBytes: 2 ** 20 });
    const tags: unknown[] = [];
    const asked: number[] = [];
    for (let i = 0; i < 2; i++) {
      const before = at.origin.seen.length;
      await using baton = await startBaton({
        allowOrigins: [at.origin.origin],
        store: { ...store, close: () => Promise.resolve() },
      });
      tags.push((await get(rawLink(baton, at.origin.url()), { method: 'HEAD' })).headers.etag);
      asked.push(at.origin.seen.length - before);
    }
    expect(tags).toEqual([whole.headers.etag, whole.headers.etag]);
    expect(asked).toEqual([2, 0]);
    const keys: string[] = [];
    for await (const key of store.list('raw/')) keys.push(key);
    expect(keys).toHaveLength(1);
  });

  test.each([
    'x.y',
    'disposition.save',
    'over.redirect~disposition.inline',
    'disposition.inline~',
    '~over.redirect',
    'over.redirect~over.redirect',
  ])('options %s are refused', async (options) => {
    const answer = await get(rawLink(at.baton, at.origin.url(), { options }));
    expect([answer.status, answer.bytes.toString()]).toEqual([400, expect.stringContaining('OPTIONS_INVALID')]);
  });

  test('a link of another kind is none of a payload, and has no places', async () => {
    const other = rawLink(at.baton, at.origin.url()).replace('/raw/', '/file/');
    expect((await get(other)).status).toBe(403);
    expect((await get(`${at.url}/t.5`)).status).toBe(404);
  });

  test('where one response may hold all, nobody is sent elsewhere', async () => {
    const url = rawLink(at.baton, at.origin.url(), { options: 'disposition.inline~over.redirect' });
    const answer = await get(url);
    expect([answer.status, answer.headers['content-disposition']]).toEqual([200, 'inline; filename=large.zip']);
  });
});

describe('an origin that resets connections', () => {
  const size = FULL ? 2 ** 30 : 64 * 2 ** 20;

  test(`20 times in ${size / 2 ** 20} MB goes unnoticed: every byte comes, in one answer`, async () => {
    const resets = Array.from({ length: 20 }, (_, i) => Math.floor(((i + 0.7) * size) / 21));
    await using at = await setting({ size, resets });
    const { headers } = await get(at.url, { method: 'HEAD' });
    const answer = await compare(at.url);
    expect(answer).toMatchObject({ status: 200, complete: true, bytes: size, wrongAt: null });
    expect(headers['content-length']).toBe(String(size));
    expect(at.origin.making.resets).toEqual([]);
    expect(at.origin.seen.filter((line) => /^GET \S+ \d+-\d+$/.test(line)).length).toBeGreaterThanOrEqual(21);
    expect(at.baton.usage.at(-1)).toMatchObject({ outcome: 'whole', error: null, bytes: size });
  });

  test('without validators is resumed, too', async () => {
    const size = 2 ** 21;
    await using at = await setting({ size, etag: null, lastModified: null, resets: [2 ** 20] });
    expect(await compare(at.url)).toMatchObject({ status: 200, complete: true, bytes: size, wrongAt: null });
    expect(at.origin.making.resets).toEqual([]);
  });

  test('and never comes back cuts the answer, which the usage log tells', async () => {
    await using at = await setting({ size: 2 ** 23, resets: [2 ** 22] });
    await get(at.url, { method: 'HEAD' });
    const coming = compare(at.url);
    await settled(
      () => at.origin.making.resets?.length,
      (left) => left === 0,
    );
    at.origin.making = { ...at.origin.making, status: 503 };
    expect(await coming).toMatchObject({ status: 200, complete: false, wrongAt: null });
    expect(
      await settled(
        () => at.baton.usage.at(-1),
        (record) => record?.method === 'GET',
      ),
    ).toMatchObject({
      outcome: 'cut',
      error: 'SOURCE_FAILED',
    });
  });
});

describe('a source that changes', () => {
  test.each<[string, Partial<Making>]>([
    ['with a new tag', {}],
    ['with a new date alone', { etag: null, lastModified: 'Tue, 03 Nov 2026 10:00:00 GMT' }],
    ['its size', { etag: null, lastModified: null, size: 2 ** 23 + 1 }],
  ])('%s on the way is cut there, and is another file from then on', async (_, change) => {
    const before: Making = {
      size: 2 ** 23,
      resets: [2 ** 22],
      ...('etag' in change ? { etag: null } : {}),
      ...(change.lastModified === null ? { lastModified: null } : {}),
    };
    await using at = await setting(before);
    const { etag } = (await get(at.url, { method: 'HEAD' })).headers;
    const coming = compare(at.url);
    await settled(
      () => before.resets?.length,
      (left) => left === 0,
    );
    at.origin.making = { ...before, version: 2, ...change };
    const cut = await coming;
    expect(cut).toMatchObject({ status: 200, complete: false, wrongAt: null });
    expect(cut.bytes).toBeGreaterThanOrEqual(2 ** 21);
    const next = await compare(at.url, 0, {}, 2);
    expect(next).toMatchObject({ status: 200, complete: true, wrongAt: null, bytes: change.size ?? 2 ** 23 });
    expect(next.headers.etag).not.toBe(etag);
    expect(at.baton.usage.map(({ error }) => error)).toEqual([null, 'SOURCE_CHANGED', null]);
  });

  test('is noticed at the next look, and If-Range with the old tag gives the new whole', async () => {
    await using at = await setting({ size: SIZE }, 0);
    const { etag } = (await get(at.url, { method: 'HEAD' })).headers;
    at.origin.making = { size: SIZE, version: 2 };
    const headers = { range: 'bytes=1000-', 'if-range': String(etag) };
    expect(await compare(at.url, 0, headers, 2)).toMatchObject({ status: 200, complete: true, wrongAt: null });
  });

  test('its address alone stays the same file', async () => {
    await using at = await setting({ size: SIZE, redirect: leadsTo('/first.bin') }, 0);
    const { etag } = (await get(at.url, { method: 'HEAD' })).headers;
    at.origin.making = { size: SIZE, etag: '"moved"', missing: '/first.bin', redirect: leadsTo('/second.bin') };
    const answer = await compare(at.url);
    expect(answer).toMatchObject({ status: 200, complete: true, bytes: SIZE, wrongAt: null });
    expect(answer.headers.etag).toBe(etag);
  });

  test('its address on the way goes unnoticed', async () => {
    const size = 2 ** 23;
    const before: Making = { size, resets: [2 ** 22], redirect: leadsTo('/first.bin') };
    await using at = await setting(before);
    const coming = compare(at.url);
    await settled(
      () => before.resets?.length,
      (left) => left === 0,
    );
    at.origin.making = { size, etag: '"moved"', missing: '/first.bin', redirect: leadsTo('/second.bin') };
    expect(await coming).toMatchObject({ status: 200, complete: true, bytes: size, wrongAt: null });
    expect(at.origin.seen.at(-1)).toMatch(/^GET \/second\.bin /);
  });
});

const leadsTo =
  (path: string) =>
  (asked: string): string | null =>
    asked === '/large.bin' ? path : null;

describe('an origin without ranges', () => {
  test('gives the whole, once, with its length', async () => {
    await using at = await setting({ size: SIZE, ranges: false });
    const answer = await compare(at.url);
    expect(answer).toMatchObject({ status: 200, complete: true, bytes: SIZE, wrongAt: null });
    expect(answer.headers).toMatchObject({ 'accept-ranges': 'none', 'content-length': String(SIZE) });
    expect(at.origin.seen).toHaveLength(1);
    const part = await compare(at.url, 0, { range: 'bytes=5-9' });
    expect(part).toMatchObject({ status: 200, complete: true, bytes: SIZE, wrongAt: null });
    const head = await get(at.url, { method: 'HEAD' });
    expect(head.headers).toMatchObject({ 'accept-ranges': 'none', 'content-length': String(SIZE) });
    expect((await get(at.url, { headers: { 'if-none-match': String(answer.headers.etag) } })).status).toBe(304);
  });

  test('and without a length streams to its end, and promises nothing', async () => {
    await using at = await setting({ size: SIZE, ranges: false, chunked: true });
    const head = await get(at.url, { method: 'HEAD' });
    const answer = await compare(at.url);
    expect(answer).toMatchObject({ status: 200, complete: true, bytes: SIZE, wrongAt: null });
    for (const { headers } of [head, answer]) {
      expect(headers['content-length']).toBeUndefined();
      expect(headers).toMatchObject({ 'accept-ranges': 'none', 'cache-control': 'no-store' });
    }
  });

  test('has no tag where nothing vouches for all of its bytes', async () => {
    await using at = await setting({ size: SIZE, ranges: false, etag: 'W/"x"', lastModified: null });
    expect((await get(at.url, { method: 'HEAD' })).headers.etag).toBeUndefined();
    expect((await get(at.url, { headers: { 'if-none-match': '""' } })).status).toBe(200);
  });

  test.each([true, false])('that breaks off (chunked: %s) shows as a cut', async (chunked) => {
    await using at = await setting({ size: 2 ** 22, ranges: false, chunked, resets: [2 ** 21] });
    const answer = await compare(at.url);
    expect(answer).toMatchObject({ status: 200, complete: false, wrongAt: null });
    expect(
      await settled(
        () => at.baton.usage.at(-1),
        (record) => record !== undefined,
      ),
    ).toMatchObject({
      outcome: 'cut',
      error: 'SOURCE_CUT',
    });
  });
});

describe('sizes', () => {
  test('nothing is a file, too', async () => {
    await using at = await setting({ size: 0 });
    for (const method of ['HEAD', 'GET', 'GET']) {
      const answer = await get(at.url, { method });
      expect([answer.status, answer.complete, answer.bytes.length]).toEqual([200, true, 0]);
      expect(answer.headers).toMatchObject({ 'content-length': '0', 'content-type': 'application/zip' });
    }
    expect((await get(at.url, { range: '0-' })).status).toBe(416);
  });

  test.each([1, 65_535, 65_536, 65_537])('%d bytes', async (size) => {
    await using at = await setting({ size });
    expect(await compare(at.url)).toMatchObject({ status: 200, complete: true, bytes: size, wrongAt: null });
  });

  test('more than 32 bits count', async () => {
    const size = 6_000_000_001;
    await using at = await setting({ size });
    expect((await get(at.url, { method: 'HEAD' })).headers['content-length']).toBe(String(size));
    const start = 5_999_000_000;
    const part = await compare(at.url, start, { range: `bytes=${start}-` });
    expect(part).toMatchObject({ status: 206, complete: true, bytes: size - start, wrongAt: null });
    expect(part.headers['content-range']).toBe(`bytes ${start}-${size - 1}/${size}`);
  });
});

test.each<[given: string | null, type: string, disposition: string, options?: string]>([
  ['image/png', 'image/png', 'inline'],
  ['video/mp4', 'video/mp4', 'inline'],
  ['application/pdf', 'application/pdf', 'inline'],
  ['application/pdf', 'application/pdf', 'attachment', 'disposition.attachment'],
  ['text/plain; charset=utf-8', 'text/plain; charset=utf-8', 'inline'],
  ['application/zip', 'application/zip', 'attachment'],
  ['application/zip', 'application/zip', 'inline', 'disposition.inline'],
  ['text/html; charset=utf-8', 'text/html; charset=utf-8', 'attachment', 'disposition.inline'],
  ['TEXT/HTML', 'text/html', 'attachment', 'disposition.inline'],
  ['image/svg+xml', 'image/svg+xml', 'attachment', 'disposition.inline'],
  ['application/xhtml+xml', 'application/xhtml+xml', 'attachment', 'disposition.inline'],
  ['text/xml', 'text/xml', 'attachment', 'disposition.inline'],
  ['text/javascript', 'text/plain', 'inline'],
  ['application/x-javascript; charset=utf-8', 'text/plain; charset=utf-8', 'inline'],
  ['text/css', 'text/plain', 'inline'],
  ['multipart/x-mixed-replace; boundary=x', 'application/octet-stream', 'attachment'],
  ['nonsense', 'application/octet-stream', 'attachment'],
  ['text/plain, text/html', 'application/octet-stream', 'attachment'],
  [null, 'application/octet-stream', 'attachment'],
])('type %s is given as %s, %s', async (given, type, disposition, options = '') => {
  await using at = await setting({ size: 1000, type: given });
  const { headers } = await get(rawLink(at.baton, at.origin.url(), { options }));
  expect(headers['content-type']).toBe(type);
  expect(headers['content-disposition']).toBe(`${disposition}; filename=large.zip`);
  expect(headers['content-security-policy']).toBe(
    type === 'application/pdf' ? "default-src 'none'" : "sandbox; default-src 'none'",
  );
});

test.each<[what: string, making: Partial<Making>, status: number, code: string]>([
  ['is missing', { status: 404 }, 404, 'SOURCE_MISSING'],
  ['is private', { status: 403 }, 403, 'SOURCE_PRIVATE'],
  ['is compressed', { headers: { 'content-encoding': 'gzip' } }, 502, 'SOURCE_ENCODED'],
])('a source that %s is told as that', async (_, making, status, code) => {
  await using at: { url: string } & AsyncDisposable & { origin: MadeOrigin } = await setting({ size: 1000, ...making });
  for (const method of ['GET', 'HEAD']) {
    const answer = await get(at.url, { method });
    expect(answer.status).toBe(status);
    if (method === 'GET') expect(answer.bytes.toString()).toContain(code);
  }
});

test('a listener who leaves stops the origin, and who is slow holds it back', async () => {
  await using at = await setting({ size: 2 ** 28 });
  await get(at.url, { leaveAfter: 2 ** 20 });
  const record = await settled(
    () => at.baton.usage.at(-1),
    (line) => line !== undefined,
  );
  expect(record).toMatchObject({ outcome: 'left', error: null });
  expect(record?.sourceBytes).toBeLessThan(2 ** 26);
});

test('an object in a bucket passes as well', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', S3_CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', S3_CREDENTIALS.secretAccessKey);
  vi.stubEnv('AWS_REGION', 'eu-test-1');
  try {
    await using s3 = await startS3Server({ bucket: 'payloads' });
    s3.put('a b.zip', madeBytes(0, SIZE));
    const sourceBuckets = [{ bucket: 'payloads', prefix: '' }];
    await using baton = await startBaton({ allowOrigins: [], config: { s3Endpoint: s3.endpoint, sourceBuckets } });
    const url = rawLink(baton, 's3://payloads/a%20b.zip');
    expect(await compare(url)).toMatchObject({ status: 200, complete: true, bytes: SIZE, wrongAt: null });
    const part = await compare(url, 2_000_000, { range: 'bytes=2000000-' });
    expect(part).toMatchObject({ status: 206, complete: true, bytes: SIZE - 2_000_000, wrongAt: null });
  } finally {
    vi.unstubAllEnvs();
  }
});
