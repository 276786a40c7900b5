import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFilmRecords, type FilmPacket, type PicturePart } from '../../src/ingest/film-records.ts';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { recordingOf, tokenFor } from '../ingest/on-air.ts';
import { startBaton } from '../support/baton.ts';
import { launchBrowser } from '../support/browser.ts';
import { demuxed, md5 } from '../support/demuxed.ts';
import { ffmpeg, FFPROBE, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { encodeChirp } from './chirp.ts';
import { cuttable } from './cuttable.ts';
import { payloadsOf, propertyOf, setProperty, showIn, studioPage } from './studio-page.ts';

let browser: Browser;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-camera-'));
  const wav = join(folder, 'microphone.wav');
  await writeFile(wav, await encodeChirp({ seconds: 40 }, ['-c:a', 'pcm_s16le', '-f', 'wav']));
  browser = await launchBrowser([
    ...['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream=fps=15'],
    `--use-file-for-fake-audio-capture=${wav}%noloop`,
  ]);
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

test.skipIf(FFPROBE === null || SYSTEM_FFMPEG === null)(
  'a camera and a microphone go through cut connections and a restart: every picture and every packet is in the film',
  async () => {
    await using tab = await studioPage(browser, '<baton-studio station="Test"></baton-studio>');
    const { page } = tab;
    const config = { ingestOrigins: [tab.origin.origin] };
    const store = memoryStore({ maxBytes: 64 * 2 ** 20 });
    const first = await startBaton({ allowOrigins: [], store, config });
    await using second = await startBaton({ allowOrigins: [], store, config, keys: first.keys });
    await using proxy = await cuttable(first.origin);
    await page.evaluate((to) => document.querySelector('baton-studio')?.setAttribute('server', to), proxy.origin);
    await setProperty(page, 'token', tokenFor('camera', first));
    const choice = page.getByLabel('Camera', { exact: true });
    expect(await choice.inputValue()).toBe(''); // off, unless it is chosen
    await choice.selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Go on air' }).click();
    const state = (): Promise<unknown> => propertyOf(page, 'state');
    await expect.poll(state, { timeout: 20_000 }).toBe('live');
    const preview = page.getByLabel('What the camera shows');
    await expect.poll(() => preview.evaluate((video: HTMLVideoElement) => video.videoWidth)).toBe(1280);
    expect(await page.getByRole('alert').count()).toBe(0); // nothing is amiss

    for (const trouble of ['cut', 'restart', 'cut']) {
      await sleep(1_500);
      if (trouble === 'cut') proxy.cut();
      else {
        proxy.moveTo(second.origin);
        await first.stop();
      }
      await expect.poll(state, { interval: 20 }).toBe('reconnecting');
      await expect.poll(state, { timeout: 15_000 }).toBe('live');
    }
    await sleep(1_000);
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(state, { timeout: 20_000 }).toBe('ended');
    expect(await preview.isVisible()).toBe(false);

    const show = showIn(await propertyOf(page, 'recording'));
    const stored = await recordingOf(second, 'camera', show);
    const sent = packetsIn(await payloadsOf(page));
    const found = await demuxed(stored);
    for (const [kind, track] of [
      ['audio', 'sound'],
      ['video', 'pictures'],
    ] as const) {
      const hashes = sent.filter((packet) => packet.track === track).map(({ bytes }) => md5(bytes));
      expect(found.filter((packet) => packet.kind === kind).map((packet) => packet.md5)).toEqual(hashes);
    }
    const pictures = sent.filter(({ track }) => track === 'pictures');
    const keys = pictures.filter(({ isKey }) => isKey).map(({ at }) => at);
    for (const [at, key] of keys.entries()) expect(key - (keys[at - 1] ?? key - 2_000)).toBeLessThan(2_600);
    const seconds = sent.filter(({ track }) => track === 'sound').length * 0.02;
    expect(pictures.at(-1)?.at).toBeLessThan(seconds * 1000 + 500); // they end together...
    expect(pictures.at(-1)?.at).toBeGreaterThan(seconds * 1000 - 1_000);
    expect(pictures[0]?.at).toBeLessThan(1_000); // ...as they began

    const options = 'codec.aac~bitrate.128k~video.360p';
    const source = `ingest://camera/${show}`;
    const link = publicLink({ kind: 'file', options, source, name: 'show.mp4' }, second.keys);
    const film = new Uint8Array(await (await fetch(second.origin + link)).arrayBuffer());
    const gray = ['-map', '0:v:0', '-pix_fmt', 'gray', '-fps_mode', 'passthrough', '-f', 'rawvideo', 'pipe:1'];
    const shown = await ffmpeg(['-i', 'pipe:0', ...gray], film, SYSTEM_FFMPEG ?? '');
    expect(shown.length / (640 * 360)).toBeGreaterThan(10 * (seconds - 1));
    expect(tab.errors).toEqual([]);
  },
  90_000,
);

test('a browser without H.264 sends sound alone, and says so; so does one without a camera', async () => {
  for (const [missing, said] of [
    ['coder', 'This browser does not code pictures as H.264: sound alone is sent.'],
    ['camera', 'There is no camera, or the browser may not use it: sound alone is sent.'],
  ] as const) {
    await using tab = await studioPage(browser, '<baton-studio></baton-studio>');
    const { page } = tab;
    await using baton = await startBaton({ allowOrigins: [], config: { ingestOrigins: [tab.origin.origin] } });
    await page.evaluate(
      ([server, lacks]) => {
        if (lacks === 'coder') Reflect.deleteProperty(globalThis, 'VideoEncoder');
        const { mediaDevices } = navigator;
        const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
        if (lacks === 'camera')
          mediaDevices.getUserMedia = (asked) =>
            asked?.video === undefined ? getUserMedia(asked) : Promise.reject(new DOMException('', 'NotAllowedError'));
        document.querySelector('baton-studio')?.setAttribute('server', server);
      },
      [baton.origin, missing] as const,
    );
    await setProperty(page, 'token', tokenFor('alone', baton));
    await page.getByLabel('Camera', { exact: true }).selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Go on air' }).click();
    await expect.poll(() => propertyOf(page, 'state'), { timeout: 15_000 }).toBe('live');
    expect(await page.getByRole('alert').textContent()).toBe(said);
    await sleep(1_000);
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => propertyOf(page, 'state'), { timeout: 20_000 }).toBe('ended');
    const stored = await recordingOf(baton, 'alone', showIn(await propertyOf(page, 'recording')));
    expect(stored.subarray(0, 4).toString()).toBe('OggS');
    expect(tab.errors).toEqual([]);
  }
}, 60_000);

test('a camera that gives no picture, or is unplugged, ends pictures and not the show', async () => {
  await using tab = await studioPage(browser, '<baton-studio></baton-studio>');
  const { page } = tab;
  await using baton = await startBaton({ allowOrigins: [], config: { ingestOrigins: [tab.origin.origin] } });
  await page.evaluate((server) => {
    const { mediaDevices } = navigator;
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (asked) => {
      const isBlind = asked?.video !== undefined && document.title === 'blind';
      if (!isBlind) return getUserMedia(asked);
      const Silent = Reflect.get(globalThis, 'MediaStreamTrackGenerator') as new (init: object) => MediaStreamTrack;
      return new MediaStream([new Silent({ kind: 'video' })]);
    };
    document.querySelector('baton-studio')?.setAttribute('server', server);
  }, baton.origin);
  await setProperty(page, 'token', tokenFor('blind', baton));
  await page.getByLabel('Camera', { exact: true }).selectOption({ index: 1 });
  const state = (): Promise<unknown> => propertyOf(page, 'state');
  const [go, stop] = [page.getByRole('button', { name: /on air|New/ }), page.getByRole('button', { name: 'Stop' })];
  const said = 'There is no camera, or the browser may not use it: sound alone is sent.';

  await page.evaluate(() => (document.title = 'blind'));
  await go.click();
  await sleep(1_000);
  await stop.click();
  await expect.poll(state).toBe('ended'); // before there was anything to be sent
  await go.click();
  await expect.poll(state, { timeout: 25_000 }).toBe('live');
  expect(await page.getByRole('alert').textContent()).toBe(said);
  await stop.click();
  await expect.poll(state, { timeout: 15_000 }).toBe('ended');
  const stored = await recordingOf(baton, 'blind', showIn(await propertyOf(page, 'recording')));
  expect(stored.subarray(0, 4).toString()).toBe('OggS');

  await page.evaluate(() => (document.title = 'sighted'));
  await go.click();
  await expect.poll(state, { timeout: 20_000 }).toBe('live');
  expect(await page.getByRole('alert').count()).toBe(0);
  await page.getByLabel('What the camera shows').evaluate((video: HTMLVideoElement) => {
    for (const track of (video.srcObject as MediaStream).getTracks()) track.stop();
  });
  await expect.poll(() => page.getByRole('alert').textContent()).toBe(said);
  await sleep(1_500);
  expect(await state()).toBe('live');
  await stop.click();
  await expect.poll(state, { timeout: 20_000 }).toBe('ended');
  expect(await propertyOf(page, 'recording')).not.toBeNull();
  expect(tab.errors).toEqual([]);
}, 90_000);

function packetsIn(payloads: readonly Uint8Array[]): FilmPacket[] {
  const packets: FilmPacket[] = [];
  let left: PicturePart | null = null;
  for (const payload of payloads) {
    const { packets: found, part } = readFilmRecords(payload, left, false);
    packets.push(...found);
    left = part;
  }
  return packets;
}
