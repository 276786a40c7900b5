import { expect, test } from 'vitest';
import { codedStanding } from '../../src/live/coded-standing.ts';
import { headFile } from '../../src/live/head-file.ts';
import { picturePlan } from '../../src/live/picture-plan.ts';
import { createShelf } from '../../src/live/shelf.ts';
import { videoFragment } from '../../src/media/fmp4-video.ts';
import type { PictureFacts } from '../../src/media/picture-facts.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testEngine } from '../support/baton.ts';

const never = new AbortController().signal;
const facts: PictureFacts = {
  ...{ codec: 'vp8', config: null, width: 320, height: 180, pixelAspect: [1, 1], rotation: 0, rate: 25, colour: null },
};
const SAMPLES = 76_800;
const IDR = 5;

/** A key picture, one that leans on it, and again. */
const CHUNK = videoFragment({
  ...{ sequence: 1, decodeTime: 0 },
  samples: [1, 2, 3, 4].map((byte) => {
    return { bytes: Uint8Array.of(byte), duration: 1, shownAfter: 0, isKey: byte % 2 === 1 };
  }),
});

/** What stands at chunk 3 of a channel whose pictures are as `shown` says, of which chunks 0 and 1 are kept; 2 is empty. */
async function standing(shown: PictureFacts, wanted: PictureFacts): Promise<Uint8Array | null> {
  const store = memoryStore({ maxBytes: 2 ** 20 });
  const head = headFile(store, 'head');
  const begun = { version: '1', createdAt: 0, station: {}, epochs: [], anchor: null, titles: [], renditions: {} };
  await head.update(() => ({ ...begun, pictures: [{ at: 0, epoch: 0, facts: shown, shownAt: 0 }] }), never);
  const shelf = createShelf(store, String, () => undefined);
  for (const [index, bytes] of [CHUNK, CHUNK, new Uint8Array()].entries()) await store.putIfAbsent(`${index}`, bytes);
  const { coded } = picturePlan(wanted, 144);
  const deps = { head, shelf, engine: await testEngine() };
  return await codedStanding(3, { coded, lines: 144, samples: SAMPLES }, deps, never);
}

test('what stands of coded pictures is the last key picture that was made, whoever made it', async () => {
  expect(await standing(facts, facts)).toEqual(Uint8Array.of(3));
});

test('where those before were for another decoder, it is a grey one', async () => {
  const grey = await standing({ ...facts, width: 240 }, facts);
  expect((grey?.[4] ?? 0) & 31).toBe(IDR);
});
