import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { settled } from '../support/leaks.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { awayStore } from './away-store.ts';
import { carrier, made } from './carrier.ts';

test('chunks that the store did not take are stored when it is back, and others hear them without a hole', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  const shared = memoryStore({ maxBytes: 2 ** 26 });
  const store = awayStore(shared);
  await using first = await carrier(radio.url(), store);
  await made(first.stream, 3);
  store.away = true;
  await made(first.stream, 8); // its own listeners hear it all the same
  store.away = false;
  await made(first.stream, 10);
  const soon = AbortSignal.timeout(10_000);
  await using second = await carrier(radio.url(), shared);
  const runs = await settled(
    async () => (await second.stream.channel.head.read(soon))?.renditions[second.stream.output.name]?.runs ?? [],
    (known) => (known.at(-1)?.[1] ?? 0) >= 8,
    5_000,
  );
  expect(runs).toHaveLength(1);
  const [[from, end] = [0, 0]] = runs;
  expect(end - from).toBeGreaterThanOrEqual(8);
  for (let index = from; index < end; index++)
    expect(await shared.get(first.stream.output.keyOf(index), soon)).not.toBeNull();
});
