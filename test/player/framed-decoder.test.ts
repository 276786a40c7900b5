import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { framedAudio } from './framed-origin.ts';
import type { FramedAudio } from './framed-origin.ts';
import { openScene } from './framed-scene.ts';
import type { Scene } from './framed-scene.ts';
import { listenerFiles } from './listening.ts';
import type { Scope } from './listening.ts';
import { meddle } from './meddle.ts';

const CHIRP = { seconds: 60 };

let browser: Browser;
let audio: FramedAudio;
let files: Record<string, string>;
beforeAll(async () => {
  [browser, audio, files] = await Promise.all([launchBrowser(), framedAudio(CHIRP, 'aac'), listenerFiles()]);
});
afterAll(() => browser.close());

const scene = (): Promise<Scene> => openScene({ browser, audio, files, chirp: CHIRP });

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
