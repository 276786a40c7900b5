import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { settled } from '../support/leaks.ts';
import { carrier, made, type Carrier } from './carrier.ts';

const program = () => radioProgram('mp3-128k', { seconds: 60 });
const produces = ({ stream }: Carrier): boolean => stream.state() === 'producing';
const chunks = ({ stream }: Carrier): number => stream.runs().reduce((sum, [first, end]) => sum + end - first, 0);

test('of many who come to a channel that rests, one turns to the source', async () => {
  await using radio = await startRadio(await program());
  const store = memoryStore({ maxBytes: 2 ** 26 });
  {
    await using first = await carrier(radio.url(), store);
    await made(first.stream, 2);
  }
  const before = radio.connected;
  await using stack = new AsyncDisposableStack();
  const many = await Promise.all(Array.from({ length: 5 }, () => carrier(radio.url(), store)));
  for (const each of many) stack.use(each);
  await Promise.all(
    many.map((each) =>
      settled(
        () => chunks(each),
        (count) => count >= 5,
        10_000,
      ),
    ),
  );
  expect(many.map(chunks).every((count) => count >= 5)).toBe(true);
  expect(many.filter(produces)).toHaveLength(1);
  expect(radio.connected - before).toBe(1);
});

test('a producer that is taken over from finishes what it has begun, for somebody hears it', async () => {
  await using radio = await startRadio(await program());
  const store = memoryStore({ maxBytes: 2 ** 26 });
  await using first = await carrier(radio.url(), store);
  await made(first.stream, 6); // what came at once is made: the next ones are made as they come
  first.stream.yield();
  await using second = await carrier(radio.url(), store);
  const soon = AbortSignal.timeout(20_000);
  for (let index = first.stream.growing() ?? NaN; first.stream.state() === 'producing'; index++) {
    const chunk = await first.stream.chunk(index, soon);
    for await (const bytes of chunk?.follow(0, Infinity, soon) ?? []) expect(bytes.length).toBeGreaterThan(0);
    expect(chunk?.complete()).not.toBeNull();
  }
  expect(produces(second)).toBe(true);
});

test('who cannot reach the source while another one still makes chunks follows that one', async () => {
  await using radio = await startRadio(await program());
  const store = memoryStore({ maxBytes: 2 ** 26 });
  await using first = await carrier(radio.url(), store);
  await made(first.stream, 6);
  first.stream.yield();
  radio.behaviour.status = 403; // as stations do that take one listener from an address
  await using second = await carrier(radio.url(), store);
  expect(
    await settled(
      () => radio.connected,
      (count) => count > 1,
      10_000,
    ),
  ).toBe(2);
  const soon = AbortSignal.timeout(20_000);
  const [, edge = NaN] = first.stream.runs().at(-1) ?? [];
  for (const index of [edge, edge + 1, edge + 2]) expect(await second.stream.chunk(index, soon)).not.toBeNull();
  expect([first.stream.state(), second.stream.state()]).toEqual(['producing', 'following']);
});

test('who made chunks, left it to another one and takes over again finds the same epoch', async () => {
  await using radio = await startRadio(await program());
  const store = memoryStore({ maxBytes: 2 ** 26 });
  await using first = await carrier(radio.url(), store);
  await made(first.stream, 6);
  first.stream.yield();
  {
    await using second = await carrier(radio.url(), store);
    const isOver = (): boolean => produces(second) && first.stream.state() === 'following';
    expect(await settled(isOver, (is) => is, 10_000)).toBe(true);
    await made(second.stream, chunks(second) + 5); // more than the station sends at once
  }
  await made(first.stream, chunks(first) + 3);
  expect(produces(first)).toBe(true);
  expect(first.stream.channel.head.latest()?.epochs).toHaveLength(1);
  expect(first.stream.runs()).toHaveLength(1);
});
