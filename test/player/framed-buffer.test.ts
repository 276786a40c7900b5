import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { framedAudio } from './framed-origin.ts';
import type { FramedAudio } from './framed-origin.ts';
import { openScene } from './framed-scene.ts';
import type { Scene } from './framed-scene.ts';
import { listenerFiles } from './listening.ts';
import type { Listening, Scope } from './listening.ts';

const CHIRP = { seconds: 60 };
/** Of a browser that takes no more. */
const ROOM_SECONDS = 12;

let browser: Browser;
let audio: FramedAudio;
let files: Record<string, string>;
beforeAll(async () => {
  [browser, audio, files] = await Promise.all([launchBrowser(), framedAudio(CHIRP, 'aac'), listenerFiles()]);
});
afterAll(() => browser.close());

const scene = (): Promise<Scene> => openScene({ browser, audio, files, chirp: CHIRP });

/** What a page of these tests can do to the buffer behind the player's back. */
type Hands = Scope & { buffer: SourceBuffer; source: MediaSource & { streaming: boolean } };

/** Gets hold of the source buffer; it has little room, takes no twelfth append, or takes it for noise. */
const meddle = (tab: Listening, spoil: 'nothing' | 'quota' | 'throw' | 'noise'): Promise<void> =>
  tab.page.evaluate(
    ([how, room]) => {
      const { prototype } = MediaSource;
      const add = Object.getOwnPropertyDescriptor(prototype, 'addSourceBuffer')?.value as (
        type: string,
      ) => SourceBuffer;
      let appends = 0;
      prototype.addSourceBuffer = function (type) {
        const buffer = add.call(this, type);
        (globalThis as Hands).buffer = buffer;
        const append = buffer.appendBuffer.bind(buffer);
        buffer.appendBuffer = (data) => {
          appends++;
          const { buffered } = buffer;
          const held = buffered.length === 0 ? 0 : buffered.end(buffered.length - 1) - buffered.start(0);
          if (how === 'quota' && held > room) throw new DOMException('', 'QuotaExceededError');
          if (how === 'throw' && appends === 12) throw new DOMException('', 'InvalidStateError');
          const isNoise = how === 'noise' && appends === 12;
          append(isNoise ? Uint8Array.from(data as Uint8Array, (byte, i) => (i < 400 ? byte : 255 - byte)) : data);
        };
        return buffer;
      };
    },
    [spoil, ROOM_SECONDS] as const,
  );

test('what there is no room for is appended when there is, and nothing is lost', async () => {
  await using it = await scene();
  await meddle(it.tab, 'quota');
  it.origin.pace = Infinity;
  await it.tab.play(it.origin.src);
  await it.tab.until(25);
  const { quotaHits, bufferedAhead, bufferedBehind } = await it.tab.stats();
  expect(quotaHits).toBeGreaterThan(2);
  expect(bufferedAhead + bufferedBehind).toBeLessThan(ROOM_SECONDS + 1);
  expect(await it.heard()).toMatchObject({ damagedMs: 0, silentMs: 0 });
}, 60_000);

test.concurrent(
  'half a minute is kept behind the playhead, and half a minute ahead',
  async () => {
    await using it = await scene();
    [it.origin.pace, it.origin.legSeconds] = [Infinity, 10];
    await it.tab.play(it.origin.src);
    await it.tab.page.evaluate(() => (globalThis as Scope).listener.playback.setRate(3));
    await it.tab.until(50);
    const [[start, end] = [0, 0]] = await it.tab.ranges();
    expect(start).toBeGreaterThan(50 - 30 - 6);
    expect(start).toBeLessThan(50 - 25);
    expect(end).toBeLessThanOrEqual(60.1);
    expect((await it.tab.stats()).evictions).toBeGreaterThan(0);
  },
  60_000,
);

test('sound that the browser took away is fetched again', async () => {
  await using it = await scene();
  await meddle(it.tab, 'nothing');
  [it.origin.pace, it.origin.legSeconds] = [Infinity, 20];
  await it.tab.play(it.origin.src);
  await it.tab.until(1);
  await it.tab.page.evaluate(() => (globalThis as Hands).buffer.remove(8, 14));
  await it.tab.until(16);
  expect((await it.heard()).damagedMs).toBe(0);
}, 60_000);

test.concurrent.each(['throw', 'noise'] as const)(
  'after a decoder gave up (%s) a new one goes on at the place',
  async (how) => {
    await using it = await scene();
    await meddle(it.tab, how);
    await it.tab.play(it.origin.src);
    await it.tab.until(12);
    const { seconds } = await it.heard();
    const types = await it.types();
    expect(types).toContain('recovered');
    expect(types).not.toContain('failed');
    expect(seconds).toBeGreaterThan(11);
  },
  60_000,
);

test.concurrent(
  'a clock that stands still for a reason of its own is not taken for a decoder that gave up',
  async () => {
    await using it = await scene();
    await it.tab.page.evaluate(async (src) => {
      const { audio: element, playback } = (globalThis as Scope).listener;
      const context = new AudioContext();
      await context.suspend();
      context.createMediaElementSource(element).connect(context.destination);
      Object.assign(globalThis, { context });
      playback.load([{ src }], { autoplay: true });
    }, it.origin.src);
    await it.tab.page.waitForTimeout(16_000);
    await it.tab.page.evaluate(() => (globalThis as Scope & { context: AudioContext }).context.resume());
    await it.tab.until(2);
    const types = await it.types();
    expect(types.filter((type) => type === 'retry').length).toBeLessThanOrEqual(1);
    expect(types).not.toContain('failed');
  },
  60_000,
);

test('a browser that says when it wants data is not given more', async () => {
  await using it = await scene();
  [it.origin.pace, it.origin.legSeconds] = [Infinity, 5];
  await it.tab.page.evaluate(() => {
    class Managed extends MediaSource {
      streaming = true;
      constructor() {
        super();
        (globalThis as Hands).source = this;
      }
    }
    Object.assign(globalThis, { MediaSource: undefined, ManagedMediaSource: Managed });
  });
  const streaming = (wants: boolean): Promise<void> =>
    it.tab.page.evaluate((to) => {
      const { source } = globalThis as Hands;
      source.streaming = to;
      if (to) source.dispatchEvent(new Event('startstreaming'));
    }, wants);
  await it.tab.play(it.origin.src);
  await streaming(false);
  const before = it.origin.seen.length;
  await it.tab.until(4);
  expect(it.origin.seen.length - before).toBeLessThanOrEqual(1); // one may have been on its way
  const asked = it.origin.seen.length;
  await streaming(true);
  await expect.poll(() => it.origin.seen.length, { timeout: 1000 }).toBeGreaterThan(asked);
  await it.tab.until(12);
  expect((await it.heard()).damagedMs).toBe(0);
}, 60_000);
