import { expect, test } from 'vitest';
import { BatonError } from '../../src/errors.ts';
import { degradingStore } from '../../src/store/degrading.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton } from '../support/baton.ts';
import { expectAll, publish, recordingOf } from './on-air.ts';
import { packetsOf } from './sent.ts';

test('a show that cannot be read when its publisher comes to another server goes on where it stands', async () => {
  const sent = await packetsOf('opus', 1);
  const there = memoryStore({ maxBytes: 2 ** 24 });
  let failures = 0;
  const faulty: typeof there = {
    ...there,
    get: (key, signal) => {
      if (key !== 'ingest/radio/show/0' || failures > 0) return there.get(key, signal);
      failures += 1;
      return Promise.reject(new BatonError('STORE_FAILED', key));
    },
  };
  await using first = await startBaton({ allowOrigins: [], store: there });
  const store = degradingStore(faulty, () => undefined, Date.now);
  await using second = await startBaton({ allowOrigins: [], store, strictStore: faulty, keys: first.keys });
  await using publisher = publish(first, 'radio', sent.format);
  for (const payload of sent.payloads.slice(0, 5)) publisher.send(payload);
  await publisher.until((message) => message.type === 'ack' && message.next === 5);
  await first.stop();
  publisher.moveTo(second.origin);
  for (const payload of sent.payloads.slice(5)) publisher.send(payload);
  await publisher.until((message) => message.type === 'ack' && message.next === 11);
  await publisher.end();
  expect(failures).toBe(1);
  expectAll(await recordingOf(second, 'radio'), sent);
});
