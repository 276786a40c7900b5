import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { publish } from '../ingest/on-air.ts';
import { filmPackets, HEIGHT, RATE, WIDTH } from '../ingest/sent-film.ts';
import { startBaton } from '../support/baton.ts';
import { shownIn, watch } from './watcher.ts';

const SECONDS = 14;

test('pictures that are published are shown as they come, every one once through the legs', async () => {
  await using baton = await startBaton({ allowOrigins: [], config: { liveLegMs: 5_000 } });
  const sent = await filmPackets('opus', SECONDS);
  await using publisher = publish(baton, 'film', sent.format);
  const link = { kind: 'live', options: 'codec.aac~bitrate.64k~video.480p', source: 'ingest://film', name: 'a.mp4' };
  const speaking = (async () => {
    const from = performance.now();
    for (const [at, payload] of sent.payloads.entries()) {
      await sleep(Math.max(0, from + ((at + 1) * SECONDS * 1000) / sent.payloads.length - performance.now()));
      publisher.send(payload);
    }
  })();
  await publisher.until((message) => message.type === 'state' && message.onAir === 'live');
  await sleep(1_500);
  const watcher = watch(baton.origin + publicLink({ ...link, kind: 'live' }, baton.keys));
  await speaking;
  watcher.stop();
  await watcher.over;
  expect(watcher.ends.slice(0, -1)).toEqual(watcher.ends.slice(0, -1).map(() => 'leg'));
  expect(watcher.ends.length).toBeGreaterThan(1);
  expect(watcher.events[0]).toMatchObject({ type: 'start', video: { width: WIDTH, height: HEIGHT, frameRate: RATE } });
  const [film] = watcher.films;
  // What is older than the channel is decoded alone.
  const shown = (film === undefined ? [] : await shownIn(film)).filter(({ at }) => at > 0);
  expect(shown.length).toBeGreaterThan((SECONDS - 6) * RATE);
  for (const [index, { at }] of shown.entries())
    expect(Math.abs(at - (shown[index - 1]?.at ?? at - 1 / RATE) - 1 / RATE)).toBeLessThan(0.002);
}, 60_000);
