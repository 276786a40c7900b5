import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised } from '../support/promise.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source, type SourceName } from '../support/sources.ts';

let origin: Origin;
let baton: TestBaton;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  origin = await startOrigin(new Uint8Array());
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await browser.close();
  await baton.stop();
  await origin.close();
});

test.each<[SourceName, string]>([
  ['vbr-bare.mp3', 'codec.mp3~bitrate.128k~end.8880ms'],
  ['front.m4a', 'codec.mp3~bitrate.64k~channels.mono~start.10010ms'],
  ['mpeg25-11k.mp3', 'codec.mp3~bitrate.48k~start.1230ms~end.9010ms'],
  ['cbr.mp3', 'codec.mp3~bitrate.96k~end.10ms'],
  ['vbr-bare.mp3', 'codec.opus~bitrate.64k'],
  ['mpeg25-11k.mp3', 'codec.opus~bitrate.24k~channels.mono~start.1230ms~end.9010ms'],
  ['cbr.mp3', 'codec.opus~bitrate.128k~end.10ms'],
  ['front.m4a', 'codec.pcm~start.10010ms'],
  ['vbr-xing.mp3', 'codec.copy'],
  ['cbr.mp3', 'codec.copy'],
  ['stale-xing-low.mp3', 'codec.copy'],
])('Chromium decodes %s as %s to the promised samples', async (name, options) => {
  const fixture = await source(name);
  origin.content = fixture.bytes;
  const url = baton.file(origin.url(`/${name}`), options);
  await promisedFile(url);
  const { sampleRate, channels, samples } = promised(fixture, options);
  // A page of Baton's own, so that nothing stands between it and the file.
  await using tab = await openPage(browser, `${baton.origin}/healthz`);
  const heard = await tab.page.evaluate(
    async ([address, rate]) => {
      const bytes = await (await fetch(address)).arrayBuffer();
      const { length, numberOfChannels } = await new OfflineAudioContext(2, 1, rate).decodeAudioData(bytes);
      return { length, numberOfChannels };
    },
    [url, sampleRate] as const,
  );
  expect(heard).toEqual({ length: samples, numberOfChannels: channels });
});
