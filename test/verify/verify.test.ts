import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { privateLink, publicLink } from '../../src/sign/link.ts';
import type { Sign } from '../../src/verify/site.ts';
import { CHECKS, verify, type Result, type VerifyOptions } from '../../src/verify/verify.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { startProxy, type Fault } from './bad-proxy.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';

let origin: Origin;
let baton: TestBaton;
let link: string;
const sign: Sign = (content, access) =>
  access === undefined ? publicLink(content, baton.keys) : privateLink(content, access, baton.keys, Date.now() / 1000);

beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3', { seconds: 60 })).bytes);
  baton = await startBaton({ allowOrigins: [origin.origin] });
  link = baton.file(origin.url(), OPTIONS);
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

const brief = (results: readonly Result[]) => Object.fromEntries(results.map(({ id, result }) => [id, result]));
const failures = (results: readonly Result[]) => results.filter(({ result }) => result === 'fail');

describe('the Node server', () => {
  it('passes every check', async () => {
    const fresh = baton.file(origin.url(), `${OPTIONS}~start.20ms`);
    const seen: string[] = [];
    const results = await verify({ url: fresh, sign, source: origin.url(), onCheck: (title) => seen.push(title) });
    expect(failures(results)).toEqual([]);
    expect(seen).toEqual(CHECKS.map(({ title }) => title));
    const others = Object.entries(brief(results)).filter(([, result]) => result !== 'ok');
    expect(others.filter(([id]) => id !== 'progressive')).toEqual([
      ['events', 'n.a.'],
      ['edge-cache', 'n.a.'],
    ]);
  });

  it('passes with a private link, and without keys', async () => {
    const content = { kind: 'file', options: OPTIONS, source: origin.url(), name: 'a.mp3' } as const;
    const access = { expiresAt: Date.now() / 1000 + 600, scope: 'x' };
    const results = await verify({ url: baton.origin + privateLink(content, access, baton.keys, Date.now() / 1000) });
    expect(failures(results)).toEqual([]);
    expect(brief(results)).toMatchObject({
      caching: 'ok',
      expired: 'n.a.',
      options: 'n.a.',
      inside: 'n.a.',
      forged: 'ok',
    });
  });

  it('passes when less than the file may be read', async () => {
    const results = await verify({ url: link, limits: { maxBytes: 100_000 } });
    expect(failures(results)).toEqual([]);
    expect(results.find(({ id }) => id === 'whole')).toMatchObject({ result: 'note' });
  });

  it('passes when its ranges are bounded', async () => {
    await using proxy = await startProxy(baton.origin, { request: boundRange });
    const results = await verify({ url: link.replace(baton.origin, proxy.origin), sign, source: origin.url() });
    expect(failures(results)).toEqual([]);
    expect(results.find(({ id }) => id === 'chain')?.seen).toMatch(/in [3-9] parts$/);
  });
});

test('a bare streaming function URL lacks a length, and plays all the same', async () => {
  await using proxy = await startProxy(baton.origin, { response: renameLength });
  const results = await verify({ url: link.replace(baton.origin, proxy.origin), sign, source: origin.url() });
  expect(failures(results).map(({ id }) => id)).toEqual(['head']);
  expect(brief(results)).toMatchObject({ unknown: 'note', leaks: 'note', chain: 'ok', seek: 'ok' });
});

/** What AWS does to headers, and one function for every path. */
const renameLength: NonNullable<Fault['response']> = (answer) => {
  const { headers, status } = answer;
  headers['x-amzn-remapped-content-length'] = headers['content-length'];
  headers['content-length'] = undefined;
  if (status !== 404) return;
  answer.status = 403;
  answer.body = Buffer.from(JSON.stringify({ code: 'LINK_INVALID', message: 'This link was not made here.' }));
};

const BOUND = 60_000;

/** As the functions do: no range longer than a bound, and Content-Range says so. */
const boundRange: NonNullable<Fault['request']> = (asked) => {
  const [, start = '', end = ''] = /^bytes=(\d+)-(\d*)$/.exec(asked.headers.range ?? '') ?? [];
  if (start === '') return;
  const last = Math.min(end === '' ? Infinity : Number(end), Number(start) + BOUND - 1);
  asked.headers.range = `bytes=${start}-${last}`;
};

test('a deployment that is not there is one failure, and the rest is not asked', async () => {
  const results = await verify({ url: link.replace(baton.origin, 'http://127.0.0.1:9') });
  expect(failures(results).map(({ id, seen }) => [id, seen])).toEqual([
    ['cold', expect.stringContaining('ECONNREFUSED')],
  ]);
  expect(results).toHaveLength(CHECKS.length);
});

test('one that never answers is given up on in time', async () => {
  await using proxy = await startProxy(baton.origin, { delayMs: () => 60_000 });
  const began = performance.now();
  const asked: VerifyOptions = { url: link.replace(baton.origin, proxy.origin), waitMs: 1000 };
  const [first] = await verify(asked);
  expect(first).toMatchObject({ result: 'fail', seen: expect.stringContaining('no answer') as string });
  const [late] = await verify({ ...asked, waitMs: 60_000, totalMs: 300 });
  expect(late).toMatchObject({ result: 'fail', seen: expect.stringContaining('time for all checks') as string });
  expect(performance.now() - began).toBeLessThan(5000);
});
