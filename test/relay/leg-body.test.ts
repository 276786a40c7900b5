import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Ends } from '../../src/encode/play-chunks.ts';
import { BatonError } from '../../src/errors.ts';
import { layTimeline } from '../../src/grid/timeline.ts';
import { parseRendition, type GridRendition } from '../../src/grid/rendition.ts';
import { initSegment } from '../../src/media/fmp4.ts';
import { newMeter } from '../../src/meter/usage.ts';
import type { Notes } from '../../src/relay/app.ts';
import { legBody } from '../../src/relay/leg-body.ts';
import { legWriter } from '../../src/relay/leg-writer.ts';
import { resumedLeg, wholeLeg } from '../../src/relay/leg.ts';
import { readFramed, type Framed } from '../support/framed.ts';
import { randomNumbers } from '../support/signal.ts';

const RATE = 48_000;
const FRAME = 1024;
const rendition = parseRendition('codec.aac~bitrate.64k') as GridRendition;
const timelineOf = (samples: number | null) => layTimeline(rendition, { sampleRate: RATE, channels: 2, samples });
const frameOf = (index: number): Uint8Array => Buffer.from(`frame ${index} `.repeat(1 + (index % 3)));

interface World {
  readonly body: AsyncGenerator<Uint8Array, void>;
  readonly notes: Notes;
  readonly stopping: AbortController;
  readonly closing: AbortController;
  /** How many runs were asked for, and whether the frames were left. */
  readonly asked: { runs: number; isLeft: boolean };
  isStopping: boolean;
}

type Runs = (signal: AbortSignal) => AsyncGenerator<readonly Uint8Array[], void>;

/** A body of frames that come as `runs` has them; of so many samples, said in advance or not. */
function world(runs: Runs, samples: number, { isKnown = true, legMs = null as number | null } = {}): World {
  const timeline = timelineOf(isKnown ? samples : null);
  const track = {
    codec: 'aac',
    channels: 2,
    kbps: 64,
    priming: FRAME,
    frameSamples: FRAME,
    duration: timeline.samples,
  } as const;
  const leg = legMs === null ? wholeLeg(timeline) : resumedLeg(timeline, 0, legMs);
  const writer = legWriter(leg, timeline, track, String);
  const notes: Notes = {
    meter: newMeter(),
    rendition: null,
    firstAudioAt: null,
    errorHeaders: {},
    failure: null,
    leg: null,
  };
  const [stopping, closing] = [new AbortController(), new AbortController()];
  const asked = { runs: 0, isLeft: false };
  const ends: Ends = { signal: stopping.signal, closing: closing.signal };
  async function* counted({ signal }: Ends): AsyncGenerator<readonly Uint8Array[], void> {
    try {
      for await (const run of runs(signal)) {
        asked.runs += 1;
        yield run;
      }
    } finally {
      asked.isLeft = true;
    }
  }
  const made: World = { body: undefined as never, notes, stopping, closing, asked, isStopping: false };
  const parts = {
    ...{ writer, from: 0, opening: [initSegment(track)], frames: counted, isStopping: () => made.isStopping },
    samples: () => Promise.resolve(samples),
  };
  return Object.assign(made, { body: legBody(parts, ends, notes) });
}

async function* inRuns(count: number, sizes: () => number): AsyncGenerator<readonly Uint8Array[], void> {
  for (let at = 0; at < count;) {
    const size = Math.min(count - at, sizes());
    yield Array.from({ length: size }, (_, index) => frameOf(at + index));
    at += size;
    await Promise.resolve();
  }
}

/** Frames, then nothing until somebody stops it. */
const stalling = (count: number): Runs =>
  async function* (signal) {
    yield* inRuns(count, () => count);
    await sleep(60_000, undefined, { signal }).catch(() => undefined);
    throw signal.reason;
  };

async function collected({ body }: World): Promise<Framed> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return readFramed(Buffer.concat(pieces));
}

const kinds = ({ events }: Framed): string[] =>
  events.map(({ type, reason }) => (type === 'end' ? String(reason) : type));

test.each([true, false])('however frames come, they leave alike (length known: %s)', async (isKnown) => {
  const random = randomNumbers(5);
  const samples = 9 * RATE + 77;
  const count = Math.ceil(samples / FRAME) + 1;
  const expected = Array.from({ length: count }, (_, index) => Buffer.from(frameOf(index)).toString());
  for (const sizes of [() => 1, () => 2, () => 23, () => 225, () => 1 + Math.floor(random() * 40)]) {
    const framed = await collected(world(() => inRuns(count, sizes), samples, { isKnown }));
    expect(framed.frames.map(({ bytes }) => bytes)).toEqual(expected);
    const last = framed.frames.at(-1);
    expect((last?.time ?? 0) + (last?.duration ?? 0)).toBe(samples + FRAME);
    const lengths = framed.fragments.map(({ frames }) => frames.length);
    expect(lengths[0]).toBeLessThanOrEqual(4);
    expect(lengths.slice(1, -2).every((length) => length === 23)).toBe(true);
    expect(kinds(framed).at(-1)).toBe('eos');
  }
});

test('while no frames come, what there is leaves after a second, then a heartbeat each second', async () => {
  const stalled = world(stalling(10), 9 * RATE);
  const began = performance.now();
  const pieces: Buffer[] = [];
  for (let index = 0; index < 4; index++) pieces.push(Buffer.from((await stalled.body.next()).value ?? []));
  expect(performance.now() - began).toBeGreaterThan(2_900);
  const [opening, rest, ...beats] = pieces.map((piece) => readFramed(piece));
  expect([opening?.frames.length, rest?.boxes.map(({ type }) => type)]).toEqual([4, ['moof', 'mdat']]);
  const position = { type: 'position', time: (9 * FRAME) / RATE, token: '10' };
  expect(beats.map(({ events }) => events)).toMatchObject([[position], [position]]);
  await stalled.body.return();
  expect(stalled.asked.isLeft).toBe(true);
});

test('a listener who takes nothing is sent nothing: no frames are asked for in advance', async () => {
  const { body, asked } = world(() => inRuns(10_000, () => 30), 10_000 * FRAME);
  await body.next();
  await sleep(50);
  expect(asked.runs).toBe(1);
  await body.next();
  await sleep(50);
  expect(asked.runs).toBe(2);
  await body.return();
  expect(asked.isLeft).toBe(true);
});

test('a body whose listener leaves before its first piece has begun nothing', async () => {
  const { body, asked } = world(stalling(1), RATE);
  await body.return();
  expect(asked.runs).toBe(0);
});

test('a fault before the first frame is thrown, one behind it is told', async () => {
  const fault = new BatonError('BUSY', 'detail');
  const failing = (count: number): Runs =>
    async function* () {
      yield* inRuns(count, () => count);
      throw fault;
    };
  const early = world(failing(0), RATE);
  await expect(early.body.next()).rejects.toBe(fault);
  expect(early.notes.failure).toBeNull();
  const late = world(failing(6), RATE);
  const framed = await collected(late);
  expect(framed.frames).toHaveLength(6);
  expect(framed.events.at(-1)).toMatchObject({ type: 'error', code: 'BUSY', retryAfterSeconds: 2, token: '6' });
  expect(JSON.stringify(framed.events)).not.toContain('detail');
  expect(late.notes).toMatchObject({ failure: fault, leg: { from: 0, to: 0.106667, end: 'error' } });
  const final = world(async function* () {
    yield* inRuns(6, () => 6);
    throw new BatonError('SOURCE_DAMAGED');
  }, RATE);
  expect((await collected(final)).events.at(-1)).toMatchObject({ code: 'SOURCE_DAMAGED', token: null });
});

test('a process that stops ends the body where it is', async () => {
  const stopped = world(() => inRuns(1_000, () => 10), 1_000 * FRAME - FRAME);
  const pieces: Uint8Array[] = [];
  let taken = 0;
  for await (const piece of stopped.body) {
    pieces.push(piece);
    if (pieces.length === 25) stopped.isStopping = true;
    if (pieces.length < 25) taken = stopped.asked.runs;
  }
  const framed = readFramed(Buffer.concat(pieces));
  expect(framed.frames.length).toBe(10 * stopped.asked.runs);
  expect(stopped.asked.runs - taken).toBeLessThan(6);
  expect(kinds(framed).filter((kind) => kind !== 'position')).toEqual(['closing', 'leg']);
  const end = framed.events.at(-1);
  expect(end).toMatchObject({ token: String(framed.frames.length) });
  expect(framed.events.find(({ type }) => type === 'closing')).toMatchObject({ token: end?.token, time: end?.time });
  expect(stopped.asked.isLeft).toBe(true);
});

test('when the platform wants the end while no frames come, it comes within a second', async () => {
  const waiting = world(stalling(10), 9 * RATE);
  await waiting.body.next();
  waiting.closing.abort(new BatonError('RESPONSE_LIMIT'));
  const framed = await collected(waiting);
  expect([framed.frames.length, kinds(framed).at(-1)]).toEqual([6, 'leg']);
  expect(framed.events.at(-1)).toMatchObject({ token: '10' });
});

test('frames that end because the platform wants the end are an end of the leg', async () => {
  const limited = world(async function* () {
    yield* inRuns(225, () => 225);
    limited.closing.abort(new BatonError('RESPONSE_LIMIT'));
    throw limited.closing.signal.reason;
  }, 1_000 * FRAME);
  const framed = await collected(limited);
  expect(framed.frames).toHaveLength(225);
  expect(framed.events.at(-1)).toMatchObject({ type: 'end', reason: 'leg', token: '225' });
  expect(limited.notes.failure).toBeNull();
});

test('a request that is aborted breaks the body off', async () => {
  const gone = new BatonError('CLIENT_GONE');
  const aborted = world(stalling(10), 9 * RATE);
  await aborted.body.next();
  const next = aborted.body.next();
  aborted.stopping.abort(gone);
  await expect(next.then(() => aborted.body.next())).rejects.toBe(gone);
  expect(aborted.asked.isLeft).toBe(true);
});

test('a leg asks for no frame behind its end', async () => {
  const { body, asked, notes } = world(() => inRuns(1_000, () => 25), 1_000 * FRAME, { legMs: 5_000 });
  const framed = await collected({ body, asked, notes } as World);
  expect(framed.frames).toHaveLength(225);
  expect(asked).toEqual({ runs: 9, isLeft: true });
  expect(notes.leg).toEqual({ from: 0, to: expect.closeTo((224 * FRAME) / RATE, 5) as number, end: 'leg' });
});
