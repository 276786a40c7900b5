import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { hear } from './chirp.ts';
import { framedAudio, framedOrigin } from './framed-origin.ts';
import type { FramedAudio, LegFault } from './framed-origin.ts';
import { listenerFiles, openListening, post } from './listening.ts';

const CHIRP = { seconds: 60 };

let browser: Browser;
let audio: FramedAudio;
let files: Record<string, string>;
beforeAll(async () => {
  [browser, audio, files] = await Promise.all([launchBrowser(), framedAudio(CHIRP, 'aac'), listenerFiles()]);
});
afterAll(() => browser.close());

/** By the count of legs: the first ones come while the buffer fills, the others when it runs low. */
const FAULTS: readonly (LegFault | null)[] = [
  { kind: 'cut', after: 6 },
  { kind: 'truncate', after: 3 },
  { kind: 'error', after: 3 },
  { kind: 'status', status: 503 },
  { kind: 'reset', after: 5 },
  null,
  null,
  { kind: 'no-headers' },
  { kind: 'hang', after: 4 },
  { kind: 'garbage', after: 2 },
  { kind: 'status', status: 429, retryAfter: 1 },
];

test('every kind of fault, a lost network, a sleep and a restart leave no trace in the sound', async () => {
  await using origin = await framedOrigin(audio, files);
  [origin.legSeconds, origin.pace] = [12, 6];
  origin.fault = ({ count }) => FAULTS[count - 1] ?? null;
  await using tab = await openListening(browser, origin.origin);
  await tab.play(origin.src);

  await tab.until(17);
  await tab.page.context().setOffline(true);
  await sleep(3000);
  await tab.page.context().setOffline(false);
  await tab.until(26);
  origin.pace = 2;
  await tab.fed(9.5); // a page that sleeps plays what it has, and the restart behind that wants some, too
  const devtools = await tab.page.context().newCDPSession(tab.page);
  await devtools.send('Debugger.enable');
  await devtools.send('Debugger.pause');
  await sleep(6000);
  await devtools.send('Debugger.disable');
  await sleep(1000);
  await origin.restart(700);
  await tab.until(44);
  await post(tab.page);

  const heard = hear(await origin.recorded, CHIRP, { at: 0 });
  const { legs, retries, stalls } = await tab.stats();
  console.log({ ...heard, legs: legs.map(({ end }) => end).join(), retries, stalls });
  expect(heard).toMatchObject({ damagedMs: 0, silentMs: 0 });
  expect(Math.abs(heard.slip)).toBeLessThan(0.1);
  expect(heard.seconds).toBeGreaterThan(43);
  expect(origin.seen.length).toBeGreaterThan(FAULTS.length);
  expect(legs.map(({ end }) => end)).toEqual(expect.arrayContaining(['leg', 'cut', 'error', 'abandoned']));
  expect(await tab.ranges()).toHaveLength(1);
  expect(tab.errors).toEqual([]);
}, 120_000);

test('a bad splice, which makes no click, trips the measure', async () => {
  await using origin = await framedOrigin(audio, files);
  origin.fault = ({ count }) => (count === 1 ? { kind: 'bad-splice', after: 5 } : null);
  await using tab = await openListening(browser, origin.origin);
  await tab.play(origin.src);
  await tab.until(7);
  await post(tab.page);
  expect(hear(await origin.recorded, CHIRP, { at: 0 }).damagedMs).toBeGreaterThan(10);
}, 60_000);
