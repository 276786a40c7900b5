import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { toMs } from '../../src/live/epoch.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startOrigin } from '../support/origin.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { carrier, made, type Carrier } from './carrier.ts';

const isFull = process.env['BATON_FULL'] === '1';

const store = () => memoryStore({ maxBytes: 2 ** 26 });
const mp3 = async (seconds: number): Promise<Uint8Array> => {
  const { pieces } = await radioProgram('mp3-128k', { seconds });
  return Buffer.concat(pieces.map(({ bytes }) => bytes));
};

/** How much sound of the channel is known, and whether it is all of one piece. */
const heard = ({ stream: { channel } }: Carrier) => ({
  knownMs: toMs(channel.sound.known()),
  epochs: channel.head.latest()?.epochs.length,
  state: channel.sourceState(),
});

/** Behind a burst, sound is taken as it is heard. */
function expectPaced(listener: Carrier, sinceMs: number): void {
  const { knownMs, epochs, state } = heard(listener);
  expect(knownMs).toBeGreaterThan(19_000);
  expect(knownMs).toBeLessThan(20_000 + sinceMs + 5_000);
  expect({ epochs, state }).toEqual({ epochs: 1, state: 'source' });
}

test('a station in a hurry is held back, and stays of one piece', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }), { speed: 10, tickMs: 20 });
  const began = performance.now();
  await using listener = await carrier(radio.url(), store());
  await sleep(6_500);
  expectPaced(listener, performance.now() - began);
  expect(listener.stream.knownTo()).toBeGreaterThan(8);
});

test('a file that does not say so is read as it would be on air, over and over', async () => {
  await using origin = await startOrigin(await mp3(60), { length: false });
  const began = performance.now();
  await using listener = await carrier(origin.url(), store());
  await made(listener.stream, 4);
  await sleep(6_500);
  expectPaced(listener, performance.now() - began);
  expect(origin.seen).toHaveLength(1);
  if (!isFull) return;
  await sleep(60_000);
  const again = heard(listener);
  expect(again).toMatchObject({ epochs: 2, state: 'source' });
  expect(again.knownMs).toBeLessThan(20_000 + performance.now() - began + 5_000);
}, 120_000);

test('a short file is not asked for again and again, and is given up like a station that is silent', async () => {
  await using origin = await startOrigin(await mp3(2), { length: false });
  await using listener = await carrier(origin.url(), store(), { silenceMs: 3_000 });
  const never = 1_000;
  await expect(listener.stream.chunk(never, AbortSignal.timeout(15_000))).rejects.toMatchObject({
    code: 'SOURCE_GONE',
  });
  expect(listener.stream.channel.head.latest()?.epochs).toHaveLength(1);
  expect(listener.stream.channel.connections()).toBeGreaterThan(1);
  expect(origin.seen.length).toBeLessThan(10);
});
