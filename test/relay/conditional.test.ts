import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpDate, isNotModified, rangeApplies } from '../../src/relay/conditional.ts';
import { RUNTIME, startBaton, type TestBaton } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { startOrigin, type Origin, type Seen } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';
const MODIFIED = 'Mon, 02 Nov 2026 10:00:00 GMT';
const BEFORE = 'Mon, 02 Nov 2026 09:59:59 GMT';
const AFTER = 'Mon, 02 Nov 2026 10:00:01 GMT';

describe('of one file', () => {
  let origin: Origin;
  let baton: TestBaton;
  let url: string;
  let whole: Answer;
  let etag: string;

  beforeAll(async () => {
    const { bytes } = await source('vbr-xing.mp3', { seconds: 6 });
    origin = await startOrigin(bytes, { lastModified: MODIFIED });
    baton = await startBaton({ allowOrigins: [origin.origin] });
    url = baton.file(origin.url(), OPTIONS);
    whole = await get(url);
    etag = whole.headers.etag ?? '';
  });
  afterAll(async () => {
    await baton.stop();
    await origin.close();
  });

  test.each<[name: string, ifRange: () => string, status: number]>([
    ['the strong ETag', () => etag, 206],
    ['the ETag as a weak one', () => `W/${etag}`, 200],
    ['another ETag', () => '"00000000000000000000000000000000"', 200],
    ['a list with the ETag', () => `${etag}, "x"`, 200],
    ['the ETag without quotes', () => etag.slice(1, -1), 200],
    ['the date', () => MODIFIED, 206],
    ['a later date', () => AFTER, 200],
    ['an earlier date', () => BEFORE, 200],
    ['the date in another spelling', () => 'Monday, 02-Nov-26 10:00:00 GMT', 200],
    ['nonsense', () => 'nonsense', 200],
    ['an empty text', () => '', 200],
  ])('If-Range with %s is obeyed exactly', async (_name, ifRange, status) => {
    const part = await get(url, { range: '100-199', headers: { 'if-range': ifRange() } });
    expect(part.status).toBe(status);
    const expected = status === 206 ? whole.bytes.subarray(100, 200) : whole.bytes;
    expect(part.bytes.equals(expected)).toBe(true);
    expect(part.headers['content-range'] === undefined).toBe(status === 200);
  });

  test('If-Range that does not match turns an impossible range into the whole', async () => {
    expect(await get(url, { range: '99999999-', headers: { 'if-range': '"x"' } })).toMatchObject({ status: 200 });
    expect(await get(url, { range: '99999999-', headers: { 'if-range': etag } })).toMatchObject({ status: 416 });
  });

  test('If-Range without Range changes nothing', async () => {
    expect(await get(url, { headers: { 'if-range': etag } })).toMatchObject({ status: 200, bytes: whole.bytes });
  });

  test.each<[name: string, headers: () => Record<string, string>, status: number]>([
    ['If-None-Match with the ETag', () => ({ 'if-none-match': etag }), 304],
    ['If-None-Match with its weak form', () => ({ 'if-none-match': `W/${etag}` }), 304],
    ['If-None-Match with a list', () => ({ 'if-none-match': `"a", W/"b" ,${etag}` }), 304],
    ['If-None-Match with *', () => ({ 'if-none-match': '*' }), 304],
    ['If-None-Match with another', () => ({ 'if-none-match': '"a", "b"' }), 200],
    ['If-None-Match with the bare text', () => ({ 'if-none-match': etag.slice(1, -1) }), 200],
    ['If-Modified-Since with the date', () => ({ 'if-modified-since': MODIFIED }), 304],
    ['If-Modified-Since with a later date', () => ({ 'if-modified-since': AFTER }), 304],
    ['If-Modified-Since with an earlier date', () => ({ 'if-modified-since': BEFORE }), 200],
    ['If-Modified-Since with no date', () => ({ 'if-modified-since': '2027' }), 200],
    ['another tag, though the date matches', () => ({ 'if-none-match': '"a"', 'if-modified-since': MODIFIED }), 200],
    ['the tag, though the date is older', () => ({ 'if-none-match': etag, 'if-modified-since': BEFORE }), 304],
  ])('%s is answered as it should be, by GET and HEAD', async (_name, headers, status) => {
    for (const method of ['GET', 'HEAD']) expect((await get(url, { method, headers: headers() })).status).toBe(status);
  });

  test('a 304 repeats what caches need, has no body and encodes nothing', async () => {
    const { headers, bytes, complete } = await get(url, { headers: { 'if-none-match': etag }, range: '99999999-' });
    expect(complete).toBe(true);
    expect(bytes).toHaveLength(0);
    expect(headers).toMatchObject({
      etag,
      'last-modified': MODIFIED,
      'cache-control': 'public, max-age=300, no-transform',
      'access-control-allow-origin': '*',
    });
    for (const name of ['content-length', 'content-type', 'content-disposition', 'content-range'])
      expect(headers[name]).toBeUndefined();
    expect(baton.usage.at(-1)).toMatchObject({ status: 304, bytes: 0, chunksEncoded: 0, chunksStored: 0 });
  });
});

test('a source changed within the last minute has no strong date', async () => {
  const { bytes } = await source('cbr-48k-bare.mp3', { seconds: 6 });
  const lastModified = new Date(Date.now() - 5000).toUTCString();
  await using origin = await startOrigin(bytes, { lastModified });
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const url = baton.file(origin.url(), OPTIONS);
  const ask = { range: '0-9', headers: { 'if-range': lastModified } };
  const { status, headers } = await get(url, ask);
  expect(status).toBe(200);
  expect(headers['last-modified']).toBe(lastModified);
});

test('the parts of the rule hold by themselves', () => {
  const now = Date.parse(AFTER) + 59_000;
  const file = { etag: '"a"', lastModified: AFTER };
  expect(rangeApplies({ 'if-range': AFTER }, file, now)).toBe(false);
  expect(rangeApplies({ 'if-range': AFTER }, file, now + 1000)).toBe(true);
  expect(rangeApplies({ 'if-range': 'null' }, { etag: '"a"', lastModified: null }, now)).toBe(false);
  expect(isNotModified({}, file)).toBe(false);
  expect(isNotModified({ 'if-modified-since': AFTER }, { etag: '"a"', lastModified: null })).toBe(false);
  expect(httpDate(AFTER, now)).toBe(AFTER);
  expect(httpDate(AFTER, Date.parse(BEFORE))).toBeNull();
  for (const text of ['0', '2026', 'Mon, 2 Nov 2026 10:00:00 GMT', 'x']) expect(httpDate(text, now)).toBeNull();
});

describe('a source that changes', () => {
  test('gets another ETag, and whoever resumes with the old one gets the whole new file', async () => {
    const [first, second] = await Promise.all([
      source('vbr-xing.mp3', { seconds: 6 }),
      source('cbr-320.mp3', { seconds: 6 }),
    ]);
    await using origin = await startOrigin(first.bytes);
    let now = Date.now();
    await using baton = await startBaton({ allowOrigins: [origin.origin], now: () => now });
    const url = baton.file(origin.url(), OPTIONS);
    const old = await get(url);
    origin.content = second.bytes;
    now += 299_000;
    expect((await get(url, { method: 'HEAD' })).headers.etag).toBe(old.headers.etag);
    now += 2000;
    const resumed = await get(url, { range: '20000-', headers: { 'if-range': old.headers.etag ?? '' } });
    expect(resumed).toMatchObject({ status: 200, complete: true });
    expect(resumed.headers.etag).not.toBe(old.headers.etag);

    await using other = await startBaton({ allowOrigins: [origin.origin] });
    const fresh = await get(other.file(origin.url(), OPTIONS));
    expect(resumed.bytes.equals(fresh.bytes)).toBe(true);
    expect(resumed.headers.etag).toBe(fresh.headers.etag);
    expect(await get(url, { headers: { 'if-none-match': old.headers.etag ?? '' } })).toMatchObject({ status: 200 });
  });

  // What is collected first is not cut but refused.
  test.skipIf(RUNTIME === 'buffered-url')(
    'in the middle of a response cuts it, and the next one is of the new file alone',
    async () => {
      const [first, second] = await Promise.all([
        source('cbr.mp3', { seconds: 16 }),
        source('cbr-320.mp3', { seconds: 16 }),
      ]);
      await using origin = await startOrigin(first.bytes, { latencyMs: 5 });
      await using baton = await startBaton({ allowOrigins: [origin.origin], config: { encoders: 1 } });
      const reference = async (): Promise<Buffer> => {
        await using other = await startBaton({ allowOrigins: [origin.origin] });
        return (await get(other.file(origin.url(), OPTIONS))).bytes;
      };
      const old = await reference();
      const looked = origin.seen.length;
      // After the first look and the first packets the source is another one.
      origin.content = ({ range }: Seen) =>
        origin.seen.length > looked + 4 && range !== null ? second.bytes : first.bytes;
      const url = baton.file(origin.url(), OPTIONS);
      const cut = await get(url);
      expect(cut).toMatchObject({ status: 200, complete: false });
      expect(cut.bytes.length).toBeGreaterThan(0);
      expect(cut.bytes.equals(old.subarray(0, cut.bytes.length))).toBe(true);
      expect(baton.usage[0]).toMatchObject({ outcome: 'cut', error: 'SOURCE_CHANGED', bytes: cut.bytes.length });

      const next = await get(url, { range: `${cut.bytes.length}-`, headers: { 'if-range': cut.headers.etag ?? '' } });
      expect(next).toMatchObject({ status: 200, complete: true });
      expect(next.headers.etag).not.toBe(cut.headers.etag);
      expect(next.bytes.equals(await reference())).toBe(true);
    },
  );
});

describe('the source is asked again', () => {
  const requestsFor = async (behaviour: Origin['behaviour']): Promise<{ first: number; due: readonly Seen[] }> => {
    const { bytes } = await source('vbr-xing.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes, behaviour);
    let now = Date.now();
    await using baton = await startBaton({
      allowOrigins: [origin.origin],
      now: () => now,
      config: { revalidateMs: 60_000 },
    });
    const url = baton.file(origin.url(), OPTIONS);
    const ask = async (): Promise<unknown> => Promise.all([get(url, { method: 'HEAD' }), get(url, { range: '0-1' })]);
    const before = await get(url);
    const first = origin.seen.length;
    await ask();
    now += 59_000;
    await ask();
    expect(origin.seen.length).toBe(first);
    now += 2000;
    await ask();
    const due = origin.seen.slice(first);
    await ask();
    expect(origin.seen.length).toBe(first + due.length);
    now += 61_000;
    const after = await get(url);
    expect(after.headers.etag).toBe(before.headers.etag);
    expect(after.bytes.equals(before.bytes)).toBe(true);
    return { first, due };
  };

  test('by one conditional request when revalidateMs have passed, however many listeners come', async () => {
    const { due } = await requestsFor({});
    expect(due).toMatchObject([{ method: 'GET', range: 'bytes=0-0', status: 206, bytesSent: 1 }]);
    expect(due[0]?.headers['if-range']).toMatch(/^"/);
  });

  test('by its date, where it has no ETag', async () => {
    const { due } = await requestsFor({ etag: null });
    expect(due).toMatchObject([{ range: 'bytes=0-0', status: 206, headers: { 'if-range': MODIFIED } }]);
  });

  test('by If-None-Match, where it has no ranges', async () => {
    const { due } = await requestsFor({ range: 'ignored' });
    expect(due).toMatchObject([{ range: null, status: 304, bytesSent: 0 }]);
  });

  test('by its two ends, where it has no validators', async () => {
    const { bytes } = await source('vbr-xing.mp3', { seconds: 6 });
    const { due } = await requestsFor({ etag: null, lastModified: null });
    expect(due.map(({ range }) => range)).toEqual([
      'bytes=0-65535',
      `bytes=${Math.max(65536, bytes.length - 32768)}-${bytes.length - 1}`,
    ]);
  });

  test('and while it does not answer, what is known of it serves', async () => {
    const { bytes } = await source('vbr-xing.mp3', { seconds: 6 });
    await using origin = await startOrigin(bytes);
    let now = Date.now();
    await using baton = await startBaton({ allowOrigins: [origin.origin], now: () => now });
    const url = baton.file(origin.url(), OPTIONS);
    const before = await get(url);
    origin.behaviour = { status: 503 };
    now += 301_000;
    const during = await get(url);
    expect(during).toMatchObject({ status: 200, complete: true });
    expect(during.bytes.equals(before.bytes)).toBe(true);
  });
});
