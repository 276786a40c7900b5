import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BatonError } from '../../src/errors.ts';
import { breakerStore } from '../../src/store/breaker.ts';
import { degradingStore } from '../../src/store/degrading.ts';
import { layeredStore } from '../../src/store/layered.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { openS3, type OpenS3 } from './open-s3.ts';

const OPTIONS = 'codec.mp3~bitrate.64k';

function storeOf(s3: Store, faults: BatonError[] = [], withinMs = 150): Store {
  const back = breakerStore(s3, { readMs: withinMs, writeMs: withinMs });
  const front = memoryStore({ maxBytes: 1_000_000 });
  return degradingStore(layeredStore(front, back), (fault) => faults.push(fault), Date.now);
}

test('two servers that share a bucket encode each chunk once', async () => {
  const made = await source('cbr.mp3');
  await using origin = await startOrigin(made.bytes);
  await using s3 = await openS3();
  const listen = async (): Promise<{ bytes: Buffer; encoded: number }> => {
    await using baton = await startBaton({ allowOrigins: [origin.origin], store: storeOf(s3.another(), [], 10_000) });
    const { status, bytes } = await get(baton.file(origin.url(), OPTIONS));
    expect(status).toBe(200);
    await baton.stop();
    return { bytes, encoded: baton.usage.reduce((sum, { chunksEncoded }) => sum + chunksEncoded, 0) };
  };
  const [first, second] = [await listen(), await listen()];
  expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
  expect(first.encoded).toBeGreaterThan(5);
  expect(second.encoded).toBe(0);
  const chunks = [...s3.server.objects.keys()].filter((key) => key.includes('/chunk/'));
  expect(chunks).toHaveLength(first.encoded);
});

describe('a bucket that has every chunk', () => {
  let s3: OpenS3;
  let origin: Origin;
  let expected: Buffer;
  beforeAll(async () => {
    origin = await startOrigin((await source('cbr.mp3', { seconds: 10 })).bytes);
    s3 = await openS3();
    await using baton = await startBaton({ allowOrigins: [origin.origin], store: s3.another() });
    expected = (await get(baton.file(origin.url(), OPTIONS))).bytes;
  });
  afterAll(async () => {
    await s3.close();
    await origin.close();
  });

  test.each(['hangs', 'serverErrors', 'slowDown', 'resets', 'cutBodies', 'stalledBodies', 'denied', 'gone'] as const)(
    'and then %s: listeners hear every byte all the same',
    async (fault) => {
      const objects = s3.server.objects.size;
      const faults: BatonError[] = [];
      await using baton = await startBaton({ allowOrigins: [origin.origin], store: storeOf(s3.another(), faults) });
      if (fault === 'gone') await s3.server.close();
      else if (fault === 'denied') s3.server.faults.denied = () => true;
      else s3.server.faults[fault] = Infinity;
      const { status, bytes, complete, firstByteMs } = await get(baton.file(origin.url(), OPTIONS));
      expect([status, complete, Buffer.compare(bytes, expected)]).toEqual([200, true, 0]);
      expect(firstByteMs).toBeLessThan(1_500);
      const again = await get(baton.file(origin.url(), OPTIONS), { range: '1000-1999' });
      expect(Buffer.compare(again.bytes, expected.subarray(1000, 2000))).toBe(0);
      expect(faults.length).toBeGreaterThan(0);
      expect(objects).toBeGreaterThan(4);
      for (const name of Object.keys(s3.server.faults)) Reflect.deleteProperty(s3.server.faults, name);
    },
  );
});
