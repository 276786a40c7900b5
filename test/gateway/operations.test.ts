import { expect, test } from 'vitest';
import { gatewayPublishing, type GatewayPublishing } from '../../src/gateway/publishing.ts';
import { knownListeners } from '../../src/gateway/listeners.ts';
import { MOST_TEXT_PAYLOAD, writePublisherMessage, writeTextData } from '../../src/ingest/message.ts';
import { MOST_PAYLOAD, PER_DATA, PER_PING } from '../../src/meter/price-ingest.ts';
import { publisherToken } from '../../src/sign/publisher-token.ts';
import { countedStore } from '../../src/store/counted.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testKeys } from '../support/baton.ts';

const keys = testKeys();
const NOW = 1_800_000_000_000;
const COUNT = 20;

/** A show that has begun, on so many environments that take turns, and what has been asked of the store and said since. */
async function onAir(environments: number) {
  const calls = { reads: 0, writes: 0 };
  let answers = 0;
  const store = countedStore(memoryStore({ maxBytes: 2 ** 24 }), calls);
  const connections = {
    post: () => Promise.resolve((answers += 1) > 0),
    close: () => Promise.resolve(),
  };
  const failures: unknown[] = [];
  const deps = { now: () => NOW, onFailure: (error: unknown) => failures.push(error), note: () => undefined };
  const started = (): GatewayPublishing =>
    gatewayPublishing({ ...deps, store, connections }, () => ({
      ...{ keys, channelLinks: () => null, recordingLinks: () => null },
      listeners: (channel) => knownListeners(store, channel, NOW),
    }));
  const functions = Array.from({ length: environments }, started);
  let turn = 0;
  const receive = async (text: string): Promise<void> => functions[turn++ % environments]?.receive('a', text);
  const data = (number: number): Promise<void> =>
    receive(writeTextData({ type: 'data', number, payload: Buffer.from(`<${number}>`) }));
  const token = publisherToken({ channel: 'radio', expiresAt: NOW / 1000 + 60 }, keys, NOW / 1000);
  const format = { container: 'mp3' } as const;
  const said = { type: 'hello', token, channel: 'radio', show: 'one', format, from: 0, name: '' } as const;
  await receive(writePublisherMessage(said) as string);
  for (let number = 0; number < 4; number++) await data(number); // until each of them knows the show
  Object.assign(calls, { reads: 0, writes: 0 });
  answers = 0;
  return {
    ...{ data, failures, ping: () => receive('{"type":"ping"}') },
    used: () => ({ puts: calls.writes, gets: calls.reads, answers }),
  };
}

const times = (count: number, each: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(each).map(([name, value]) => [name, value * count]));

test('a message takes as many writes, reads and answers as its price says', async () => {
  const show = await onAir(1);
  for (let number = 4; number < 4 + COUNT; number++) await show.data(number);
  expect(show.used()).toEqual(times(COUNT, PER_DATA));
  expect(show.failures).toEqual([]);
});

test('where two environments take turns each reads what the other has stored, and that there is no more', async () => {
  const show = await onAir(2);
  for (let number = 4; number < 4 + COUNT; number++) await show.data(number);
  expect(show.used()).toEqual(times(COUNT, { ...PER_DATA, gets: PER_DATA.gets + 2 }));
  expect(show.failures).toEqual([]);
});

test('a ping takes as many as its price says', async () => {
  const show = await onAir(1);
  for (let count = 0; count < COUNT; count++) await show.ping();
  expect(show.used()).toEqual(times(COUNT, PER_PING));
});

test('what is billed as one message is what a publisher puts into one', () => {
  expect(MOST_PAYLOAD).toBe(MOST_TEXT_PAYLOAD);
});
