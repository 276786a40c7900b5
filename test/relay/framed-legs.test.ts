import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton, testKeys, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { followLegs, readAnswer, type Framed, type Said } from '../support/framed.ts';
import { settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { locate, randomNumbers } from '../support/signal.ts';
import { source } from '../support/sources.ts';
import { decode } from '../support/ffmpeg.ts';

const SECONDS = 24;
const LEG_MS = 6_000;
const AAC = 'codec.aac~bitrate.64k';
const OPUS = 'codec.opus~bitrate.64k';
/** Frames in a chunk, and those that a decoder wants before the first. */
const GRID = { [AAC]: [225, 2], [OPUS]: [120, 4] } as const;

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

const stream = (options: string, of = baton, url = origin.url()): string => of.file(url, options, { name: 'e.mp4' });
const typed = ({ events }: Framed, type: string): Said | undefined => events.find((event) => event.type === type);
const frameBytes = (framed: readonly Framed[]): string[] =>
  framed.flatMap(({ frames }) => frames.map(({ bytes }) => bytes));

describe.each([AAC, OPUS] as const)('%s', (options) => {
  const [chunkFrames, preroll] = GRID[options];
  let [priming, frameSamples] = [NaN, NaN];
  let whole: Framed;

  beforeAll(async () => {
    whole = readAnswer(await get(stream(options)));
    ({ priming, frameSamples } = whole);
  });

  test('a chain of legs from anywhere is the rest of the whole', async () => {
    const random = randomNumbers(11);
    const places = [
      0,
      1,
      4_790,
      SECONDS * 1000 - 5,
      ...Array.from({ length: 4 }, () => Math.floor(random() * SECONDS * 1000)),
    ];
    for (const ms of places) {
      const legs = await followLegs(stream(options), `t.${ms}`);
      const from = Math.floor((ms * 48 + priming) / frameSamples);
      const first = Math.max(0, from - preroll);
      expect(legs[0]?.events[0]).toMatchObject({ type: 'start', frame: from, legSeconds: LEG_MS / 1000 });
      expect(frameBytes(legs)).toEqual(whole.frames.slice(first).map(({ bytes }) => bytes));
      expect(legs.flatMap(({ frames }) => frames)).toEqual(whole.frames.slice(first));
    }
  });

  test('a leg begins where it was asked to, ends with a chunk, and says so when its last chunk begins', async () => {
    const legs = await followLegs(stream(options), 't.1210');
    expect(legs.length).toBeGreaterThan(3);
    for (const [index, leg] of legs.entries()) {
      const [start, second] = leg.events;
      const length = leg.frames.reduce((sum, { duration }) => sum + duration, 0);
      expect(length).toBeLessThanOrEqual(LEG_MS * 48 + preroll * frameSamples);
      expect(second?.type).toBe(index === 0 ? 'metadata' : 'position');
      const begin = leg.frames[0]?.time ?? NaN;
      const own = Number(start?.['frame']) * frameSamples;
      expect(own - begin).toBe(index === 0 ? preroll * frameSamples : 0);
      expect(start?.time).toBeCloseTo((own - priming) / 48_000, 5);
      const closing = typed(leg, 'closing');
      const end = leg.events.at(-1);
      if (index === legs.length - 1) {
        expect([closing, end?.['reason']]).toEqual([undefined, 'eos']);
        continue;
      }
      const next = (leg.frames.at(-1)?.time ?? NaN) + frameSamples;
      expect(next % (chunkFrames * frameSamples)).toBe(0);
      expect(closing).toMatchObject({ token: end?.token, time: end?.time });
      const announced = leg.fragments[closing?.fragmentsBefore ?? -1]?.frames[0]?.time ?? NaN;
      expect(announced).toBe(Math.max(begin, next - chunkFrames * frameSamples));
      expect(legs[index + 1]?.frames[0]?.time).toBe(next);
    }
  });

  test('wherever a body is cut, what it had said last leads to the rest', async () => {
    for (let taken = 1; taken <= whole.fragments.length; taken += 2) {
      const last = whole.events.findLast(({ type, fragmentsBefore }) => type === 'position' && fragmentsBefore < taken);
      const kept = whole.fragments.slice(0, taken).flatMap(({ frames }) => frames);
      const nextTime = (kept.at(-1)?.time ?? NaN) + frameSamples;
      const rest = (await followLegs(stream(options), `r.${String(last?.token)}`)).flatMap(({ frames }) => frames);
      expect(rest[0]?.time).toBeLessThanOrEqual(nextTime);
      expect(nextTime - (rest[0]?.time ?? NaN)).toBeLessThanOrEqual(48_000 + 24_000);
      expect([...kept, ...rest.filter(({ time }) => time >= nextTime)]).toEqual(whole.frames);
    }
  });

  test('a leg by itself sounds as it should from the place on that was asked for', async () => {
    const { bytes } = await get(`${stream(options)}/t.9876`);
    const leg = readAnswer({ ...(await get(`${stream(options)}/t.9876`)), bytes });
    const pcm = await decode(bytes);
    const start = Number(leg.events[0]?.['frame']) * frameSamples - priming;
    // Priming that is taken off the front of whatever comes is no more than what was sent in advance.
    const ahead = start - ((leg.frames[0]?.time ?? NaN) - priming);
    const heard = { ...pcm, data: pcm.data.subarray(ahead * pcm.channels) };
    const { offset, score } = locate(heard, start, { reference: await referenceAt48k(), search: 1200 });
    expect(score).toBeGreaterThan(0.9);
    expect([0, ahead === 0 ? 0 : -priming, priming]).toContain(offset);
  });
});

async function referenceAt48k() {
  const { promised } = await import('../support/promise.ts');
  return promised(await source('cbr.mp3', { seconds: SECONDS }), 'codec.mp3~bitrate.192k').reference;
}

test('a place behind the end is the end', async () => {
  const whole = readAnswer(await get(stream(AAC)));
  const duration = Number(whole.events[0]?.['duration']);
  const last = whole.events.findLast(({ type }) => type === 'position');
  expect(last).toBeDefined();
  for (const place of [`t.${Math.ceil(duration * 1000)}`, 't.999999999']) {
    const { events, fragments } = readAnswer(await get(`${stream(AAC)}/${place}`));
    expect(events.map(({ type }) => type)).toEqual(['start', 'metadata', 'end']);
    expect(events.at(-1)).toMatchObject({ reason: 'eos', time: expect.closeTo(duration, 5) as number });
    expect(fragments).toEqual([]);
  }
});

test.each(['t.', 't.-1', 't.01', 't.1.5', 't.1e3', 't.99999999999', 'x', 'T.0', 'r', 't', '0', 't.0~'])(
  'there is nothing at %s',
  async (place) => {
    const { status, bytes } = await get(`${stream(AAC)}/${place}`);
    expect([status, JSON.parse(bytes.toString())]).toMatchObject([404, { code: 'NOT_FOUND' }]);
  },
);

test('a file that is no stream has no places', async () => {
  const { status } = await get(`${baton.file(origin.url(), 'codec.mp3~bitrate.64k')}/t.0`);
  expect(status).toBe(404);
});

test('a token that was altered, or made for another link, is refused', async () => {
  const { events } = readAnswer(await get(stream(AAC)));
  const token = String(typed({ events } as Framed, 'position')?.token);
  expect((await get(`${stream(AAC)}/r.${token}`)).status).toBe(200);
  const places = [`r.${token}A`, `r.${token.slice(0, -1)}`, `r.1${token}`, 'r.', `r.${token.toUpperCase()}`];
  for (const place of [...places.map((each) => `${stream(AAC)}/${each}`), `${stream(OPUS)}/r.${token}`]) {
    const { status, bytes } = await get(place);
    expect([status, JSON.parse(bytes.toString())]).toMatchObject([403, { code: 'LINK_INVALID' }]);
  }
});

test('a server that stops ends its streams with a token, which another one goes on from', async () => {
  const { bytes } = await source('cbr.mp3', { seconds: 60 });
  await using slow = await startOrigin(bytes, { bytesPerSecond: 60_000 });
  const keys = testKeys();
  const config = { shutdownMs: 8_000 };
  const first = await startBaton({ allowOrigins: [slow.origin], keys, config });
  await using second = await startBaton({
    allowOrigins: [slow.origin],
    keys,
    store: memoryStore({ maxBytes: 2 ** 26 }),
  });
  const body = get(stream(AAC, first, slow.url()));
  await settled(
    () => slow.bytesSent,
    (sent) => sent > 250_000, // a probe takes up to 150 kB of them
    10_000,
  );
  await first.stop();
  const answer = await body;
  const cut = readAnswer(answer);
  expect(answer.complete).toBe(true);
  const end = cut.events.at(-1);
  expect(end).toMatchObject({ type: 'end', reason: 'leg' });
  expect(first.usage.at(-1)).toMatchObject({ outcome: 'whole', leg: { from: 0, to: end?.time, end: 'leg' } });
  expect(cut.frames.length).toBeGreaterThan(3);
  slow.behaviour = {};
  const rest = await followLegs(stream(AAC, second, slow.url()), `r.${String(end?.token)}`);
  const whole = readAnswer(await get(stream(AAC, second, slow.url())));
  expect(frameBytes([cut, ...rest])).toEqual(frameBytes([whole]));
});

test('a source that changes between two legs is told, and goes on at the same time', async () => {
  const [first, second] = await Promise.all(
    (['cbr.mp3', 'vbr-xing.mp3'] as const).map((name) => source(name, { seconds: SECONDS })),
  );
  await using changing = await startOrigin(first?.bytes ?? new Uint8Array());
  await using fresh = await startBaton({ allowOrigins: [changing.origin], config: { legMs: LEG_MS, revalidateMs: 0 } });
  const url = stream(AAC, fresh, changing.url());
  const before = readAnswer(await get(`${url}/t.0`));
  const end = before.events.at(-1);
  changing.content = second?.bytes ?? new Uint8Array();
  const after = readAnswer(await get(`${url}/r.${String(end?.token)}`));
  expect(after.events.slice(0, 3)).toMatchObject([
    { type: 'start', time: end?.time },
    { type: 'discontinuity', time: end?.time, missingMs: 0, why: 'source-changed' },
    { type: 'position', time: end?.time },
  ]);
  expect(after.events[0]?.['version']).not.toBe(before.events[0]?.['version']);
  const whole = readAnswer(await get(url));
  const from = before.frames.length;
  expect(after.frames).toEqual(whole.frames.slice(from, from + after.frames.length));
  const shrunk = (await source('cbr.mp3', { seconds: 4 })).bytes;
  changing.content = shrunk;
  const over = readAnswer(await get(`${url}/r.${String(end?.token)}`));
  expect(over.events.map(({ type }) => type)).toEqual(['start', 'discontinuity', 'end']);
  expect(over.events.at(-1)).toMatchObject({ reason: 'eos' });
});

test('legs of a source whose length nobody states', async () => {
  const { bytes } = await source('vbr-bare.mp3', { seconds: SECONDS });
  await using slow = await startOrigin(bytes, { bytesPerSecond: 100_000 });
  await using fresh = await startBaton({ allowOrigins: [slow.origin], config: { legMs: LEG_MS } });
  const url = stream(AAC, fresh, slow.url());
  const legs = await followLegs(url, 't.0');
  expect(legs[0]?.events[0]).toMatchObject({ duration: null });
  expect(legs.length).toBeGreaterThan(3);
  expect(frameBytes(legs)).toEqual(frameBytes([readAnswer(await get(url))]));
});
