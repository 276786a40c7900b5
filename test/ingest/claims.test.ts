import { setImmediate as turn } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { startBaton } from '../support/baton.ts';
import { expectAll, publish, recordingOf } from './on-air.ts';
import { packetsOf } from './sent.ts';

const LOOK_MS = 5_000;
/** As long as whatever a look begins needs in a store in memory. */
const TURNS = 20;

test('a look at who has a channel, while its publisher comes back, does not take the show away', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const sent = await packetsOf('opus', 1);
  let claims = 0;
  const store = claimedSlowly(memoryStore({ maxBytes: 2 ** 24 }), async () => {
    claims += 1;
    vi.advanceTimersByTime(LOOK_MS);
    for (let at = 0; at < TURNS; at++) await turn();
  });
  await using baton = await startBaton({ allowOrigins: [], store });
  await using publisher = publish(baton, 'radio', sent.format);
  for (const payload of sent.payloads.slice(0, 5)) publisher.send(payload);
  await publisher.until((message) => message.type === 'ack' && message.next === 5);
  publisher.cut();
  for (const payload of sent.payloads.slice(5)) publisher.send(payload);
  await publisher.end();
  expect(claims).toBe(2);
  expect(publisher.last('error')).toBeUndefined();
  expectAll(await recordingOf(baton, 'radio'), sent);
});

/** `store`, in which a channel's new record stands for a while before whoever wrote it hears of that. */
const claimedSlowly = (store: Store, meanwhile: () => Promise<void>): Store => ({
  ...store,
  replaceIfMatch: async (key, ...rest) => {
    const isThere = await store.replaceIfMatch(key, ...rest);
    if (key === 'ingest/radio') await meanwhile();
    return isThere;
  },
});
