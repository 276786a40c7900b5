import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicLink, type LinkContent, type Seal } from '../../src/sign/link.ts';
import { testKeys } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { compare, madeBytes, startMadeOrigin, type MadeOrigin } from '../support/made-origin.ts';

const MiB = 2 ** 20;
const SMALL = 9 * MiB + 5;
const LARGE = 300 * MiB;
const keys = testKeys();

let origin: MadeOrigin;
let baton: LambdaBaton;
beforeAll(async () => {
  origin = await startMadeOrigin({ size: SMALL });
  const limits = { burstBytes: 2 ** 30, bytesPerSecond: 2 ** 30 };
  const timeoutSeconds = 300; // as deployed: Baton reckons with the rate of the real platform
  baton = await startOnLambda({ allowOrigins: [origin.origin], limits, timeoutSeconds }, keys, 'cloudfront');
});
afterAll(async () => {
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

const link = (path: string, part: Partial<LinkContent> = {}, seal: Seal = {}): string =>
  publicLink({ kind: 'raw', options: '', source: origin.url(path), name: 'large.zip', ...part }, keys, seal);
const front = (path: string): string => baton.origin + path;
const at = (name: 'raw' | 'raw-ranges', path: string): string =>
  (baton.lambda.functionUrls.get(name) ?? '') + path.slice(1);
const codeOf = ({ bytes }: Answer): unknown => (JSON.parse(bytes.toString()) as { code?: unknown }).code;

test('through CloudFront HEAD has the length, GET comes as a stream, and ranges come in parts to the end', async () => {
  const url = front(link('/small.bin'));
  const head = await get(url, { method: 'HEAD' });
  expect([head.status, head.headers['content-length']]).toEqual([200, String(SMALL)]);
  expect(await compare(url)).toMatchObject({ status: 200, complete: true, bytes: SMALL, wrongAt: null });
  baton.lambda.invalidate();
  let parts = 0;
  for (let place = 0; place < SMALL; parts++) {
    const headers = { range: `bytes=${place}-`, 'if-range': String(head.headers.etag) };
    const part = await compare(url, place, headers);
    expect(part).toMatchObject({ status: 206, complete: true, wrongAt: null });
    expect(part.headers['content-range']).toBe(`bytes ${place}-${place + part.bytes - 1}/${SMALL}`);
    place += part.bytes;
  }
  expect(parts).toBeGreaterThanOrEqual(3);
  const known = await get(url, { headers: { 'if-none-match': String(head.headers.etag) } });
  expect(known.status).toBe(304);
});

test('a new environment asks the origin for nothing but the bytes, once the store knows the payload', async () => {
  const path = link('/known.bin');
  await get(at('raw', path), { method: 'HEAD' });
  await baton.idle();
  const before = origin.seen.length;
  const part = await get(at('raw-ranges', path), { range: '1000-1999' });
  expect(part.bytes.equals(madeBytes(1000, 2000))).toBe(true);
  expect(origin.seen.slice(before)).toEqual(['GET /known.bin 1000-1999']);
});

test('300 MB: a plain GET is cut below 200 MB, and ranges bring all of the rest', async () => {
  origin.making = { size: LARGE };
  const url = front(link('/large.bin'));
  const first = await compare(url);
  expect(first).toMatchObject({ status: 200, complete: false, wrongAt: null });
  expect(first.bytes).toBeGreaterThan(198 * MiB);
  expect(first.bytes).toBeLessThan(200 * MiB);
  await baton.idle();
  expect(baton.usage.at(-1)).toMatchObject({ kind: 'raw', outcome: 'cut', error: 'RESPONSE_LIMIT' });
  expect(baton.lines.filter(({ text }) => text.includes('ResponseSizeTooLarge'))).toEqual([]);
  const { etag } = (await get(url, { method: 'HEAD' })).headers;
  for (let place = first.bytes; place < LARGE;) {
    const part = await compare(url, place, { range: `bytes=${place}-`, 'if-range': String(etag) });
    expect(part).toMatchObject({ status: 206, complete: true, wrongAt: null });
    expect(part.bytes).toBeGreaterThan(0);
    place += part.bytes;
  }
  origin.making = { size: SMALL };
});

test('300 MB: where the link allows it, and does not hide it, who wants all of it is sent to the source', async () => {
  origin.making = { size: LARGE };
  const url = front(link('/there.bin', { options: 'over.redirect' }));
  const sent = await get(url);
  expect([sent.status, sent.headers.location]).toEqual([302, origin.url('/there.bin')]);
  expect(sent.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  expect((await get(url, { range: '0-99' })).status).toBe(206);
  expect((await get(url, { method: 'HEAD' })).headers['content-length']).toBe(String(LARGE));
  const hidden = front(link('/there.bin', { options: 'over.redirect' }, { encryptSource: true }));
  const kept = await get(hidden, { leaveAfter: 100_000 });
  expect([kept.status, kept.headers.location]).toEqual([200, undefined]);
  await baton.idle();
  origin.making = { size: SMALL };
  const small = front(link('/fits.bin', { options: 'over.redirect' }));
  expect(await compare(small)).toMatchObject({ status: 200, complete: true, bytes: SMALL, wrongAt: null });
});

test('what the function for ranges cannot send at once it does not begin', async () => {
  origin.making = { size: SMALL };
  const path = link('/whole.bin');
  const whole = await get(at('raw-ranges', path));
  expect([whole.status, codeOf(whole)]).toEqual([503, 'RESPONSE_LIMIT']);
  const changed = await get(at('raw-ranges', path), { range: '5-', headers: { 'if-range': '"old"' } });
  expect([changed.status, codeOf(changed)]).toEqual([412, 'FILE_CHANGED']);
  origin.making = { size: SMALL, ranges: false };
  const single = await get(at('raw-ranges', link('/single.bin')), { range: '5-' });
  expect([single.status, codeOf(single)]).toEqual([416, 'RANGES_UNSUPPORTED']);
  origin.making = { size: 100_000, ranges: false };
  const little = await get(at('raw-ranges', link('/little.bin')), { range: '5-' });
  expect([little.status, little.bytes.equals(madeBytes(0, 100_000))]).toEqual([200, true]);
  origin.making = { size: SMALL, ranges: false };
  expect(await compare(front(link('/stream.bin')))).toMatchObject({ status: 200, complete: true, bytes: SMALL });
  origin.making = { size: SMALL };
});

test('an origin that resets on the way goes unnoticed on functions, too', async () => {
  origin.making = { size: SMALL, resets: [MiB, 3 * MiB, 3 * MiB + 7, 8 * MiB] };
  const url = front(link('/resets.bin'));
  expect(await compare(url)).toMatchObject({ status: 200, complete: true, bytes: SMALL, wrongAt: null });
  expect(origin.making.resets).toEqual([]);
  origin.making = { size: SMALL };
});
