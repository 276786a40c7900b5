import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RUNTIME, startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { followLegs, readAnswer, type Framed } from '../support/framed.ts';
import { settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const SECONDS = 14;
const LEG_MS = 5_000;
/** A response that leaves as one piece is a leg, whoever asks for the whole. */
const IS_BUFFERED = RUNTIME === 'buffered-url';

let origin: Origin;
let baton: TestBaton;

beforeAll(async () => {
  origin = await startOrigin((await source('cbr.mp3', { seconds: SECONDS })).bytes);
  baton = await startBaton({ allowOrigins: [origin.origin], config: { legMs: LEG_MS } });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

const stream = (options: string, url = origin.url()): string => baton.file(url, options, { name: 'e.mp4' });

describe.each(['codec.aac~bitrate.64k', 'codec.opus~bitrate.64k'])('%s', (options) => {
  let whole: readonly Framed[];

  beforeAll(async () => {
    const first = readAnswer(await get(stream(options)));
    const { token } = first.events.at(-1) ?? {};
    whole = typeof token === 'string' ? [first, ...(await followLegs(stream(options), `r.${token}`))] : [first];
  });

  test('the whole comes without a gap', async () => {
    const fixture = await source('cbr.mp3', { seconds: SECONDS });
    const samples = Math.ceil((fixture.expectedSamples * 48_000) / fixture.sampleRate);
    const frames = whole.flatMap((leg) => leg.frames);
    const { priming, frameSamples } = whole[0] ?? { priming: NaN, frameSamples: NaN };
    expect(frames.map(({ time }) => time)).toEqual(frames.map((_, index) => index * frameSamples));
    expect((frames.at(-1)?.time ?? 0) + (frames.at(-1)?.duration ?? 0)).toBe(samples + priming);
    expect(whole[0]?.events[0]).toMatchObject({ legSeconds: IS_BUFFERED ? LEG_MS / 1000 : null });
    expect(whole.length === 1).toBe(!IS_BUFFERED);
  });

  test('a chain of legs is the whole', async () => {
    const legs = await followLegs(stream(options), 't.0');
    expect(legs.length).toBeGreaterThanOrEqual(3);
    expect(legs.flatMap(({ frames }) => frames)).toEqual(whole.flatMap(({ frames }) => frames));
    const late = await followLegs(stream(options), 't.11000');
    const begin = late[0]?.frames[0]?.time ?? NaN;
    expect(begin).toBeGreaterThan(10.8 * 48_000);
    expect(late.flatMap(({ frames }) => frames)).toEqual(
      whole.flatMap(({ frames }) => frames).filter(({ time }) => time >= begin),
    );
  });
});

test('HEAD, ranges and places are answered as streams have it', async () => {
  const url = stream('codec.aac~bitrate.64k');
  const head = await get(url, { method: 'HEAD' });
  const part = await get(`${url}/t.13000`, { range: '0-99' });
  for (const answer of [head, part]) {
    expect(answer).toMatchObject({ status: 200, complete: true });
    expect(answer.headers).toMatchObject({ 'content-type': 'audio/mp4', 'cache-control': 'no-store' });
    expect(answer.headers['content-range']).toBeUndefined();
  }
  expect(readAnswer(part).events.at(-1)).toMatchObject({ type: 'end', reason: 'eos' });
  const { token } = readAnswer(part).events.find(({ type }) => type === 'position') ?? {};
  const other = stream('codec.opus~bitrate.64k');
  expect((await get(`${url}/r.${String(token)}`)).status).toBe(200);
  expect((await get(`${other}/r.${String(token)}`)).status).toBe(403);
  expect((await get(`${url}/x.0`)).status).toBe(404);
});

test('a source that fails for good in mid-stream is told as an event, in a body that is whole', async () => {
  const { bytes } = await source('cbr.mp3', { seconds: 40 });
  await using broken = await startOrigin((seen) => {
    const from = Number(/^bytes=(\d+)/.exec(seen.range ?? '')?.[1]);
    if (from >= 120_000 && from < bytes.length - 40_000) throw new Error('as planned');
    return bytes;
  });
  await using own = await startBaton({ allowOrigins: [broken.origin], config: { legMs: 60_000 } });
  const answer = await get(own.file(broken.url(), 'codec.aac~bitrate.64k', { name: 'e.mp4' }));
  expect(answer.complete).toBe(true);
  const { events, frames } = readAnswer(answer);
  expect(events.at(-1)).toMatchObject({ type: 'error', code: 'SOURCE_CUT', token: expect.any(String) as string });
  expect(frames.length).toBeGreaterThan(100);
  const usage = await settled(
    () => own.usage,
    (lines) => lines.length > 0,
  );
  expect(usage).toMatchObject([{ status: 200, outcome: 'cut', error: 'SOURCE_CUT', leg: { from: 0, end: 'error' } }]);
});
