import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startLiveHls, type Fate } from '../support/hls-channel.ts';
import { makeHls, type HlsRecipe } from '../support/hls-made.ts';
import { startHlsOrigin } from '../support/hls-origin.ts';
import { apart, carrier, made } from './carrier.ts';
import { listenTo } from './listener.ts';
import { saidIn } from './said.ts';

const LOOP: HlsRecipe = { kind: 'ts', codec: ['-c:a', 'aac', '-b:a', '96k'], seconds: 40, segmentSeconds: 2 };

async function scene() {
  const channel = await startLiveHls(LOOP);
  const baton = await startBaton({ allowOrigins: [channel.origin.origin], config: { silenceMs: 4_000 } });
  const options = 'codec.aac~bitrate.64k';
  const url = baton.origin + publicLink({ kind: 'live', options, source: channel.url, name: 'a.mp4' }, baton.keys);
  return {
    ...{ channel, baton, url },
    [Symbol.asyncDispose]: async () => {
      await baton.stop();
      await channel[Symbol.asyncDispose]();
    },
  };
}

const lossesIn = (events: ReturnType<typeof listenTo>['events']) =>
  events.filter(({ type }) => type === 'discontinuity');

test.concurrent('a channel in HLS: whoever joins when makes the same chunks', async () => {
  await using channel = await startLiveHls(LOOP);
  const store = memoryStore({ maxBytes: 2 ** 28 });
  const first = new Map<string, Uint8Array>();
  const second = new Map<string, Uint8Array>();
  const recorded = {
    ...store,
    putIfAbsent: (key: string, bytes: Uint8Array) => (first.set(key, bytes), store.putIfAbsent(key, bytes)),
  };
  await using a = await carrier(channel.url, recorded);
  await made(a.stream, 4);
  await sleep(3_300);
  await using b = await carrier(channel.url, apart(store, second));
  await made(b.stream, 10);
  const common = [...second.keys()].filter((key) => first.has(key));
  expect(common.length).toBeGreaterThanOrEqual(6);
  const equal = common.filter(
    (key) => Buffer.compare(first.get(key) ?? Buffer.of(), second.get(key) ?? Buffer.of()) === 0,
  );
  expect(equal).toEqual(common);
});

test.concurrent(
  'a channel in HLS is heard without a gap, across the ends of its loop and a listener who comes later',
  async () => {
    await using at = await scene();
    const one = listenTo(at.url);
    await sleep(6_000);
    const two = listenTo(at.url);
    await sleep(12_000);
    one.stop();
    two.stop();
    for (const { events, starvedMs, ahead } of [one, two]) {
      expect(lossesIn(events)).toEqual([]);
      expect(starvedMs()).toBeLessThan(200);
      expect(ahead()).toBeGreaterThan(0);
    }
    const loads = at.channel.origin.seen.filter((line) => line.startsWith('GET /live.m3u8')).length;
    expect(loads).toBeLessThan(22); // half a target duration apart at most
  },
);

const FATES: Readonly<Record<string, Fate>> = {
  'is missing': { status: 404 },
  'is said to be missing': 'gap',
  'is a web page': { bytes: Buffer.from('<!doctype html>') },
  'comes too late': 'stall',
};

test.concurrent('a segment that is missing, damaged or late is told, and the channel goes on', async () => {
  await Promise.all(
    Object.entries(FATES).map(async ([what, fate]) => {
      await using at = await scene();
      const listener = listenTo(at.url);
      await sleep(3_000);
      at.channel.fates.set(at.channel.newest() + 2, fate);
      await sleep(17_000);
      listener.stop();
      const losses = lossesIn(listener.events);
      const why = fate === 'stall' ? /segment-lost|source-stalled/ : /segment-lost/;
      expect.soft({ what, losses }).toMatchObject({ losses: [{ why: expect.stringMatching(why) as string }] });
      const [loss] = losses;
      expect
        .soft({ what, isMissed: loss?.type === 'discontinuity' && loss.missingMs > 1_000 })
        .toMatchObject({ isMissed: true });
      expect.soft(listener.events.filter(({ type }) => type === 'error')).toEqual([]);
      expect.soft({ what, isAhead: listener.ahead() > 0 }).toMatchObject({ isAhead: true });
    }),
  );
});

test.concurrent('advertisements in another codec, and an encoder that is started anew', async () => {
  await using at = await scene();
  const mono: HlsRecipe = { ...LOOP, seconds: 4, channels: 1, sampleRate: 32_000 };
  const [from, files] = [at.channel.newest() + 2, await makeHls(mono)];
  at.channel.adBreak(from, from + 2, files);
  const listener = listenTo(at.url);
  await sleep(16_000);
  at.channel.restart();
  await sleep(16_000);
  listener.stop();
  expect(lossesIn(listener.events)).toMatchObject([
    { why: 'source-changed' },
    { why: 'source-changed' },
    { why: expect.stringMatching(/segment-lost|source-stalled/) as string },
  ]);
  expect(listener.ahead()).toBeGreaterThan(0);
});

test.concurrent('a show that is over is told, and nothing is asked for any more', async () => {
  await using at = await scene();
  const { body } = await fetch(at.url);
  await sleep(1_000);
  at.channel.end();
  const pieces: Uint8Array[] = [];
  for await (const piece of body ?? []) pieces.push(piece);
  expect(saidIn(Buffer.concat(pieces)).at(-1)).toMatchObject({ type: 'error', code: 'SOURCE_GONE' });
  await at.baton.stop();
  const asked = at.channel.origin.seen.length;
  await sleep(2_000);
  expect(at.channel.origin.seen.length).toBe(asked);
});

test.concurrent('an episode in HLS is no channel', async () => {
  await using origin = await startHlsOrigin(await makeHls({ ...LOOP, seconds: 4 }));
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const link = {
    kind: 'live',
    options: 'codec.mp3~bitrate.64k',
    source: origin.url('/main.m3u8'),
    name: 'a.mp3',
  } as const;
  const answer = await get(baton.origin + publicLink(link, baton.keys));
  expect(answer.status).toBe(415);
  expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'SOURCE_NOT_LIVE' });
});
