import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { sliceRange } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';
import { startBaton, testKeys } from '../support/baton.ts';
import type { TestBaton } from '../support/baton.ts';
import { launchBrowser } from '../support/browser.ts';
import { ffmpegKiller } from '../support/ffmpeg-killer.ts';
import { startOrigin } from '../support/origin.ts';
import type { Origin } from '../support/origin.ts';
import { randomNumbers } from '../support/signal.ts';
import { encodeChirp, hear } from './chirp.ts';
import { faultProxy } from './fault-proxy.ts';
import type { FaultProxy, ProxyFault } from './fault-proxy.ts';
import { listenerFiles, openListening, post } from './listening.ts';
import type { Listening } from './listening.ts';

const SEED = Number(process.env['BATON_SEED'] ?? 4);
const OPTIONS = 'codec.aac~bitrate.128k';
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '192k', '-f', 'mp3'];

let browser: Browser;
let files: Record<string, string>;
beforeAll(async () => {
  [browser, files] = await Promise.all([launchBrowser(), listenerFiles()]);
});
afterAll(() => browser.close());

interface Scene {
  readonly origin: Origin;
  readonly proxy: FaultProxy;
  readonly tab: Listening;
  readonly random: () => number;
  /** What the runtime under test can do to itself. */
  readonly restart: () => Promise<void>;
  readonly slowStore: (ms: number) => void;
}

type Trouble = (scene: Scene) => Promise<void>;

const spoiled =
  (fault: ProxyFault): Trouble =>
  ({ proxy }) => {
    proxy.next = fault;
    return Promise.resolve();
  };

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'ffmpeg killed': async ({ random }) => {
    await using killer = ffmpegKiller(random, 1);
    for (let i = 0; i < 60 && killer.killed() < 2; i++) await sleep(250);
  },
  'source reset': async ({ origin }) => {
    origin.behaviour = { dieAfter: { bytes: 100_000, how: 'reset' } };
    await sleep(15_000);
    origin.behaviour = {};
  },
  'slow store': async ({ slowStore }) => {
    slowStore(400);
    await sleep(15_000);
    slowStore(0);
  },
  'server restart': ({ restart }) => restart(),
  offline: async ({ tab }) => {
    await tab.page.context().setOffline(true);
    await sleep(4000);
    await tab.page.context().setOffline(false);
  },
  'tab asleep': async ({ tab }) => {
    const devtools = await tab.page.context().newCDPSession(tab.page);
    await devtools.send('Debugger.enable');
    await devtools.send('Debugger.pause');
    await sleep(6000);
    await devtools.send('Debugger.disable');
  },
  'body cut': spoiled('cut'),
  'clean truncation': spoiled('truncate'),
  'injected error': spoiled('error'),
  'status 503': spoiled('503'),
};

/** Listens to `seconds`, with as many troubles as there are, in an order and at moments drawn from the seed. */
async function listen(
  baton: TestBaton,
  origin: Origin,
  seconds: number,
  troubles: Readonly<Record<string, Trouble>>,
  own: Pick<Scene, 'restart' | 'slowStore'> & { readonly proxy: FaultProxy },
): Promise<void> {
  const random = randomNumbers(SEED);
  const { proxy } = own;
  const src = new URL(baton.file(origin.url('/e.mp3'), OPTIONS, { name: 'e.mp4' })).pathname;
  await using tab = await openListening(browser, proxy.origin);
  await tab.play(src);
  const scene = { ...own, origin, tab, random };
  const order = Object.keys(troubles)
    .map((name) => ({ name, rank: random() }))
    .sort((a, b) => a.rank - b.rank);
  const gap = (seconds - 20) / order.length;
  for (const [i, { name }] of order.entries()) {
    await tab.until(8 + gap * (i + random() * 0.5), 60_000);
    console.log(`${Math.round(await tab.position())} s: ${name}`);
    await troubles[name]?.(scene);
  }
  await tab.until(seconds - 2, seconds * 1000);
  await post(tab.page);

  const { legs, legCount, retries, stalls, evictions } = await tab.stats();
  const heard = hear(await proxy.recorded, { seconds }, { at: 0 });
  const ends = legs.map(({ end }) => end).join(' ');
  const slowest = Math.max(...legs.map(({ firstByteMs }) => firstByteMs ?? 0));
  console.log({ ...heard, legCount, ends, slowest, retries, stalls, evictions });
  expect(heard.damagedMs).toBe(0);
  expect(Math.abs(heard.slip)).toBeLessThan(0.5);
  expect(heard.seconds).toBeGreaterThan(seconds - 3);
  expect(retries).toBeGreaterThan(0);
  expect(await tab.ranges()).toHaveLength(1);
  expect(tab.errors).toEqual([]);
}

async function chirpOrigin(seconds: number): Promise<Origin> {
  return startOrigin(await encodeChirp({ seconds }, MP3), { contentType: 'audio/mpeg' });
}

/** A store that takes its time; `list` does not. */
function slowed(store: Store, delayMs: () => number): Store {
  return {
    ...store,
    async get(key, signal) {
      await sleep(delayMs());
      return store.get(key, signal);
    },
    async getRange(key, range, signal) {
      const found = await this.get(key, signal);
      return found && sliceRange(found.bytes, range);
    },
    async putIfAbsent(key, bytes, signal) {
      await sleep(delayMs());
      return store.putIfAbsent(key, bytes, signal);
    },
  };
}

async function onServer(seconds: number, legMs: number, troubles: Readonly<Record<string, Trouble>>): Promise<void> {
  await using origin = await chirpOrigin(seconds);
  const keys = testKeys();
  let delayMs = 0;
  const store = slowed(memoryStore({ maxBytes: 2 ** 28 }), () => delayMs);
  const start = (): Promise<TestBaton> => startBaton({ allowOrigins: [origin.origin], keys, store, config: { legMs } });
  let baton = await start();
  await using proxy = await faultProxy(baton.origin, files);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => baton.stop());
  await listen(baton, origin, seconds, troubles, {
    proxy,
    slowStore: (ms) => void (delayMs = ms),
    async restart() {
      await baton.stop();
      await sleep(500);
      baton = await start();
      proxy.target = baton.origin;
    },
  });
}

test('legs of Baton are one sound, through a killed ffmpeg, a restart and a cut', async () => {
  const { 'ffmpeg killed': killed = slept, 'server restart': restart = slept, 'body cut': cut = slept } = TROUBLES;
  await onServer(36, 6000, { cut, killed, restart });
}, 120_000);

const slept: Trouble = () => sleep(0);

test.runIf(process.env['BATON_FULL'])(
  'five minutes in legs of 20 s with ten faults',
  () => onServer(300, 20_000, TROUBLES),
  600_000,
);

test.runIf(process.env['BATON_FULL'])(
  'five minutes in legs of 20 s with ten faults, through the local Lambda',
  async () => {
    const { startOnLambda } = await import('../support/lambda-baton.ts');
    await using origin = await chirpOrigin(300);
    await using baton = await startOnLambda({ allowOrigins: [origin.origin] }, testKeys(), 'function-url');
    await using proxy = await faultProxy(baton.origin, files);
    await listen(
      baton,
      origin,
      300,
      { ...TROUBLES, 'slow store': spoiled('hang') },
      {
        proxy,
        slowStore: () => undefined,
        restart: () => proxy.restart(1500),
      },
    );
  },
  900_000,
);
