import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, testKeys, type TestBaton } from '../support/baton.ts';
import { get, type Answer } from '../support/client.ts';
import { startOnLambda, type LambdaBaton, type LambdaOptions } from '../support/lambda-baton.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const MIB = 2 ** 20;
const OPTIONS = 'codec.mp3~bitrate.64k';

let origin: Origin;
let server: TestBaton;
beforeAll(async () => {
  origin = await startOrigin(new Uint8Array());
  server = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await server.stop();
  await origin.close();
});

/** The buffered function with its own bounds, and with a store of its own. */
const buffered = (options: LambdaOptions = {}): Promise<LambdaBaton> =>
  startOnLambda(
    { allowOrigins: [origin.origin], ...options, environment: { BATON_RANGE_MS: '300', ...options.environment } },
    testKeys(),
    'buffered-url',
  );

/** The bytes of a file by open ranges, each from where the last answer ended; `seen` gets every answer. */
async function chain(url: string, size: number, seen: Answer[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let at = 0; at < size;) {
    const answer = await get(url, { range: `${at}-` });
    seen.push(answer);
    expect(answer.status).toBe(206);
    const { length } = answer.bytes;
    expect(answer.headers['content-range']).toBe(`bytes ${at}-${at + length - 1}/${size}`);
    expect(length).toBeGreaterThan(0);
    parts.push(answer.bytes);
    at += length;
  }
  return Buffer.concat(parts);
}

/** A source of its own, whose path nobody has asked for yet. */
async function give(name: Parameters<typeof source>[0], seconds: number): Promise<string> {
  origin.content = (await source(name, { seconds })).bytes;
  return origin.url(`/${name}?${Math.random()}`);
}

test.each<[string, (url: string) => Promise<Answer>, number, (whole: Buffer) => Buffer]>([
  ['HEAD', (url) => get(url, { method: 'HEAD' }), 200, () => Buffer.alloc(0)],
  ['a range', (url) => get(url, { range: '100000-100999' }), 206, (whole) => whole.subarray(100_000, 101_000)],
  ['a suffix', (url) => get(url, { range: '-1000' }), 206, (whole) => whole.subarray(-1000)],
])(
  '%s as the first request of all has the exact length of a source that states none',
  async (_name, ask, status, part) => {
    const url = await give('vbr-bare.mp3', 20);
    await using baton = await buffered();
    const answer = await ask(baton.file(url, OPTIONS));
    await get(server.file(url, OPTIONS)); // its index is complete afterwards
    const whole = (await get(server.file(url, OPTIONS), { range: '0-' })).bytes;
    expect(answer.status).toBe(status);
    expect(answer.bytes.equals(part(whole))).toBe(true);
    const total = answer.headers['content-range'] ?? `/${String(answer.headers['content-length'])}`;
    expect(total.split('/')[1]).toBe(String(whole.length));
    expect(answer.headers['accept-ranges']).toBe('bytes');
    expect(answer.headers['etag']).toMatch(/^"/);
    expect(origin.seen.length).toBeGreaterThan(0);
  },
);

test('open ranges of what has to be encoded come as they are ready, and their chain is the file', async () => {
  const url = await give('vbr-xing.mp3', 60);
  await using baton = await buffered();
  const whole = (await get(server.file(url, OPTIONS))).bytes;
  const seen: Answer[] = [];
  const bytes = await chain(baton.file(url, OPTIONS), whole.length, seen);
  expect(bytes.equals(whole)).toBe(true);
  expect(seen.length).toBeGreaterThan(2);
  const firstMs = baton.usage.map(({ totalMs }) => totalMs);
  expect(Math.max(...firstMs)).toBeLessThan(3_000);
  console.log(`${seen.length} ranges, at most ${Math.max(...firstMs)} ms`);
}, 90_000);

test('no answer holds more than 4 MB, however fast it was there', async () => {
  const { bytes: minute } = await source('cbr-48k-bare.mp3', { seconds: 60 });
  origin.content = Buffer.concat(Array<Uint8Array>(10).fill(minute)); // frames without a header, ten times over
  const url = origin.url(`/long.mp3?${Math.random()}`);
  await using baton = await buffered({ environment: { BATON_RANGE_MS: '10000' } });
  const whole = (await get(server.file(url, 'codec.copy'))).bytes;
  expect(whole.length).toBeGreaterThan(2 * 4 * MIB);
  const seen: Answer[] = [];
  const file = baton.file(url, 'codec.copy');
  expect((await chain(file, whole.length, seen)).equals(whole)).toBe(true);
  expect(seen.map(({ bytes }) => bytes.length)).toEqual([4 * MIB, 4 * MIB, whole.length - 8 * MIB]);
  const closed = await get(file, { range: `1000-${6 * MIB}` });
  expect(closed.bytes.equals(whole.subarray(1000, 1000 + 4 * MIB))).toBe(true);
  expect(closed.headers['content-range']).toBe(`bytes 1000-${1000 + 4 * MIB - 1}/${whole.length}`);

  const refused = await get(file);
  expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
  expect(JSON.parse(refused.bytes.toString())).toMatchObject({
    code: 'RESPONSE_LIMIT',
    message: expect.stringMatching(/Range request/) as string,
  });
  const stale = await get(file, { range: '5000000-', headers: { 'if-range': '"another"' } });
  expect(stale.status).toBe(412);
  expect(JSON.parse(stale.bytes.toString())).toMatchObject({ code: 'FILE_CHANGED' });
  const fresh = await get(file, { range: '5000000-', headers: { 'if-range': String(closed.headers['etag']) } });
  expect([fresh.status, fresh.bytes.equals(whole.subarray(5_000_000, 5_000_000 + 4 * MIB))]).toEqual([206, true]);
}, 120_000);
