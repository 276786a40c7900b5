import { expect, test } from 'vitest';
import { inbox } from '../../src/gateway/inbox.ts';
import { createSequence, type Sequence } from '../../src/gateway/sequence.ts';
import type { IngestFormat } from '../../src/ingest/format.ts';
import type { Hello } from '../../src/ingest/message.ts';
import { showStore } from '../../src/ingest/show-store.ts';
import { delays } from '../../src/local-lambda/websocket/disorder.ts';
import type { Store } from '../../src/store/store.ts';
import { expectAll } from '../ingest/on-air.ts';
import { packetsOf, streamOf } from '../ingest/sent.ts';
import { slowStore } from './slow-store.ts';

const NAME = { channel: 'radio', show: 'today' };
const hello: Hello = { type: 'hello', token: '', ...NAME, format: { container: 'mp3' }, from: 0, name: 'Radio' };

/** A function that has just started. */
async function fresh(store: Store, format: IngestFormat = hello.format): Promise<Sequence> {
  const shows = showStore(store);
  return createSequence({ ...hello, format }, 1, await shows.last(NAME), { shows, inbox: inbox(store), now: Date.now });
}

async function recorded(store: Store): Promise<{ bytes: Buffer; numbers: number[]; hasEnded: boolean; sizes: number }> {
  const shows = showStore(store);
  const pieces: Uint8Array[] = [];
  const numbers: number[] = [];
  for (let index = 0; ; index++) {
    const batch = await shows.batch(NAME, index);
    if (batch?.kind !== 'sound') {
      const sizes = batch?.sizes.reduce((sum, size) => sum + size, 0) ?? 0;
      return { bytes: Buffer.concat(pieces), numbers, hasEnded: batch !== null, sizes };
    }
    expect(batch.first).toBe((numbers.at(-1) ?? -1) + 1);
    for (let number = batch.first; number < batch.next; number++) numbers.push(number);
    pieces.push(batch.bytes);
  }
}

const payload = (number: number): Uint8Array => Buffer.from(`<${number}>`);
const COUNT = 90; // more than a block of batches
const ALL = Array.from({ length: COUNT }, (_, number) => number);
const WHOLE = ALL.map((number) => `<${number}>`).join('');

/** Each number somewhere near its turn, some of them twice, the end among them. */
function mixed(seed: number, most: number): number[] {
  const random = delays({ mostMs: 1, seed });
  const all = [...ALL, COUNT].flatMap((number) => (random() < 0.15 ? [number, number] : [number]));
  return all
    .map((number) => ({ number, at: number + random() * most }))
    .sort((a, b) => a.at - b.at)
    .map(({ number }) => number);
}

test.each([1, 2, 3, 4])(
  'whatever reaches whichever function when, each message stands in the show once, in its turn (%d)',
  async (seed) => {
    const store = slowStore(seed);
    const functions = await Promise.all([1, 2, 3].map(() => fresh(store)));
    const queues: number[][] = [[], [], []];
    for (const [at, number] of mixed(seed, 8).entries()) queues[(at * seed) % 3]?.push(number);
    await Promise.all(
      functions.map(async (each, at) => {
        for (const number of queues[at] ?? [])
          await each.accept(number, number === COUNT ? { kind: 'end' } : { kind: 'data', payload: payload(number) });
      }),
    );
    const { bytes, numbers, hasEnded, sizes } = await recorded(store);
    expect(numbers).toEqual(ALL);
    expect(bytes.toString()).toBe(WHOLE);
    expect({ hasEnded, sizes }).toEqual({ hasEnded: true, sizes: WHOLE.length });
    for await (const key of store.list('inbox/')) expect.unreachable(key); // nothing is left waiting
  },
  20_000,
);

test.each([
  ['WebM that is cut anywhere', () => streamOf('webm', 4)],
  ['packets of Opus', () => packetsOf('opus', 4)],
])(
  'each function goes on with %s where another one has stopped',
  async (_, make) => {
    const sent = await make();
    const store = slowStore(2);
    const functions = await Promise.all([1, 2, 3].map(() => fresh(store, sent.format)));
    const accept = async (number: number): Promise<void> => {
      const payload = sent.payloads[number];
      await functions[number % 3]?.accept(number, payload === undefined ? { kind: 'end' } : { kind: 'data', payload });
    };
    for (let number = 0; number <= sent.payloads.length; number += 3)
      await Promise.all([number + 2, number + 1, number].filter((each) => each <= sent.payloads.length).map(accept));
    const { bytes, hasEnded } = await recorded(store);
    expect(hasEnded).toBe(true);
    expectAll(bytes, sent);
  },
  20_000,
);

test('a function that starts in the middle goes on where the show stands, and knows of a message that is missing', async () => {
  const store = slowStore(1);
  const first = await fresh(store);
  await first.accept(0, { kind: 'data', payload: payload(0) });
  await first.accept(2, { kind: 'data', payload: payload(2) });
  const second = await fresh(store);
  expect(second.next()).toBe(1);
  await second.accept(3, { kind: 'data', payload: payload(3) });
  expect(second.next()).toBe(1);
  await second.accept(1, { kind: 'data', payload: payload(1) });
  expect(second.next()).toBe(4);
  await first.settle();
  expect(first.next()).toBe(4);
});

test('what a function left waiting when it was stopped is taken up by the next message, or a ping', async () => {
  const store = slowStore(1);
  await inbox(store).put(NAME, 1, { kind: 'data', payload: payload(1) });
  const [one, two] = [await fresh(store), await fresh(store)];
  await one.accept(0, { kind: 'data', payload: payload(0) });
  expect(one.next()).toBe(2);
  await inbox(store).put(NAME, 2, { kind: 'end' });
  await two.settle();
  expect(two.end()).toMatchObject({ next: 2, sizes: [3, 3, 0] });
});

test('messages that will not come are passed over, and titles stand where they were said', async () => {
  const store = slowStore(1);
  const [one, two] = [await fresh(store), await fresh(store)];
  await one.accept(0, { kind: 'data', payload: payload(0) });
  await Promise.all([
    one.entitle({ title: 'Song', artist: 'Band' }),
    two.accept(1, { kind: 'data', payload: payload(1) }),
  ]);
  await two.skipTo(5);
  await one.accept(5, { kind: 'data', payload: payload(5) });
  expect(one.next()).toBe(6);
  const { bytes } = await recorded(store);
  expect(bytes.toString()).toBe('<0><1><5>');
  const batches = await Promise.all([0, 1, 2, 3, 4].map((index) => showStore(store).batch(NAME, index)));
  const titles = batches.flatMap((batch) => (batch?.kind === 'sound' ? batch.titles : []));
  expect(titles).toEqual([{ at: expect.any(Number) as number, title: 'Song', artist: 'Band' }]);
});
