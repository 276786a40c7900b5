import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClassDeclaration, CustomElement, Package } from 'custom-elements-manifest/schema.d.ts';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { oggPackets } from '../ingest/sent.ts';
import { recordingOf, tokenFor } from '../ingest/on-air.ts';
import { startBaton } from '../support/baton.ts';
import { launchBrowser } from '../support/browser.ts';
import { decodeFloat, ffmpeg } from '../support/ffmpeg.ts';
import { axe } from './axe.ts';
import { encodeChirp, hear } from './chirp.ts';
import { cuttable } from './cuttable.ts';
import { packetsIn, payloadsOf, propertyOf, samplesOf, setProperty, showIn, studioPage } from './studio-page.ts';

const CHIRP = { seconds: 40 };

let browser: Browser;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-studio-'));
  const wav = join(folder, 'microphone.wav');
  await writeFile(wav, await encodeChirp(CHIRP, ['-c:a', 'pcm_s16le', '-f', 'wav']));
  browser = await launchBrowser([
    ...['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
    `--use-file-for-fake-audio-capture=${wav}%noloop`,
  ]);
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});

const studio = (body: string) => studioPage(browser, body);
const get = propertyOf;
const set = setProperty;
const stateOf = (page: Page): Promise<unknown> => get(page, 'state');

test('a microphone is broadcast through 5 cut connections and a restart of the server, and nothing is lost', async () => {
  await using tab = await studio('<baton-studio station="Test"></baton-studio>');
  const { page } = tab;
  const config = { ingestOrigins: [tab.origin.origin] };
  const store = memoryStore({ maxBytes: 64 * 2 ** 20 });
  const first = await startBaton({ allowOrigins: [], store, config });
  await using second = await startBaton({ allowOrigins: [], store, config, keys: first.keys });
  await using proxy = await cuttable(first.origin);
  await page.evaluate((server) => document.querySelector('baton-studio')?.setAttribute('server', server), proxy.origin);
  await page.getByLabel('Publisher token').fill(tokenFor('cut', first));
  await page.getByLabel('Title of the show').fill('A chirp');
  await page.getByRole('button', { name: 'Go on air' }).click();
  await expect.poll(() => stateOf(page), { timeout: 15_000 }).toBe('live');
  const level = page.getByRole('meter', { name: 'Level' });
  await expect.poll(async () => Number(await level.getAttribute('aria-valuenow'))).toBeGreaterThan(-12);

  for (const trouble of ['cut', 'cut', 'restart', 'cut', 'cut', 'cut']) {
    await sleep(1200);
    if (trouble === 'cut') proxy.cut();
    else {
      proxy.moveTo(second.origin);
      await first.stop();
    }
    await expect.poll(() => stateOf(page), { interval: 20 }).toBe('reconnecting');
    await expect.poll(() => stateOf(page), { timeout: 15_000 }).toBe('live');
  }
  await expect.poll(() => stateOf(page), { timeout: 15_000 }).toBe('live');
  await sleep(1000);
  expect(await get(page, 'elapsed')).toBeGreaterThan(5);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect.poll(() => stateOf(page), { timeout: 20_000 }).toBe('ended');
  expect(proxy.connections).toBeGreaterThanOrEqual(7);
  expect(await get(page, 'behind')).toBe(0);

  const recording = await get(page, 'recording');
  const stored = await recordingOf(second, 'cut', showIn(recording));
  const packets = packetsIn(await payloadsOf(page));
  const kept = oggPackets(stored).slice(2);
  expect(kept.length).toBe(packets.length);
  expect(kept.findIndex((packet, at) => Buffer.compare(packet, packets[at] ?? Buffer.alloc(0)) !== 0)).toBe(-1);

  const taken = await samplesOf(page);
  const { data, channels } = await decodeFloat(new Uint8Array(stored));
  const decoded = data.filter((_, at) => at % channels === 0);
  expect(Math.abs(decoded.length - taken.length)).toBeLessThan(2000); // what the encoder has in front and behind
  const [before, after] = [hear(taken, CHIRP, { at: 0 }), hear(decoded, CHIRP, { at: 0 })];
  expect(before.seconds).toBeGreaterThan(6);
  // Where the machine took the microphone late there is a click, which Opus spreads: no more than in the same sound
  // coded elsewhere. What is lost puts all that follows out of place: thousands of milliseconds.
  const elsewhere = await codedElsewhere(taken);
  const coded = hear(elsewhere, CHIRP, { at: 0 });
  const apart = apartMs(decoded, elsewhere);
  console.log({ captured: before.damagedMs, coded: coded.damagedMs, recorded: after.damagedMs, apart });
  expect(after.damagedMs).toBeLessThanOrEqual(Math.max(before.damagedMs, coded.damagedMs) + 20);
  expect(apart).toBeLessThanOrEqual(20);
  expect(tab.errors).toEqual([]);
}, 90_000);

/** Milliseconds in which `one` is off by more than 15 % of what `other` is there, but for the first 100 ms and the last. */
function apartMs(one: Float32Array, other: Float32Array): number {
  let apart = 0;
  for (let at = 4800; at + 48 <= Math.min(one.length, other.length) - 4800; at += 48) {
    let [off, whole] = [0, 0];
    for (let n = at; n < at + 48; n++) {
      off += ((one[n] ?? 0) - (other[n] ?? 0)) ** 2;
      whole += (other[n] ?? 0) ** 2;
    }
    if (off > 0.15 ** 2 * whole) apart += 1;
  }
  return apart;
}

/** The samples after a coder and a decoder of Opus that are not the page's. */
async function codedElsewhere(samples: Float32Array): Promise<Float32Array> {
  const input = ['-f', 'f32le', '-ar', '48000', '-ac', '1', '-i', 'pipe:0'];
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  const coded = await ffmpeg([...input, '-c:a', 'libopus', '-b:a', '96k', '-f', 'ogg', 'pipe:1'], bytes);
  return (await decodeFloat(coded)).data;
}

test('a file is broadcast until it is over; listeners are counted, and the show can be heard at once', async () => {
  await using tab = await studio('<baton-studio></baton-studio>');
  const { page } = tab;
  await using baton = await startBaton({ allowOrigins: [], config: { ingestOrigins: [tab.origin.origin] } });
  await page.evaluate((server) => document.querySelector('baton-studio')?.setAttribute('server', server), baton.origin);
  await set(page, 'token', tokenFor('file', baton));
  expect(await page.getByLabel('Publisher token').isVisible()).toBe(false);
  const wav = join(folder, 'short.wav');
  await writeFile(wav, await encodeChirp({ seconds: 6 }, ['-c:a', 'pcm_s16le', '-f', 'wav']));
  await page.getByLabel('File', { exact: true }).check();
  await page.locator('.picker').setInputFiles(wav);
  await page.getByRole('button', { name: 'Go on air' }).click();
  await expect.poll(() => stateOf(page), { timeout: 15_000 }).toBe('live');
  const links = (await get(page, 'links')) as { stream: string };
  const listener = new AbortController();
  const heard = fetch(baton.origin + links.stream, { signal: listener.signal }).catch(() => null);
  await expect.poll(() => get(page, 'listeners'), { timeout: 10_000 }).toBe(1);
  await expect.poll(() => stateOf(page), { timeout: 20_000 }).toBe('ended');
  listener.abort();
  await heard;
  const link = page.getByRole('link', { name: 'The recording' });
  expect((await fetch((await link.getAttribute('href')) ?? '')).status).toBe(200);
  const packets = packetsIn(await payloadsOf(page));
  const stored = await recordingOf(baton, 'file', showIn(await get(page, 'recording')));
  expect(oggPackets(stored).slice(2)).toEqual(packets.map((packet) => Buffer.from(packet)));
  expect(packets.length).toBeGreaterThan(290);
}, 60_000);

test.each([
  ['WebM', 'webm', []],
  ['MP4 where it has no WebM', 'mp4', ['webm']],
])(
  'without WebCodecs MediaRecorder does it, in %s',
  async (_, container, missing) => {
    await using tab = await studio('<baton-studio></baton-studio>');
    const { page } = tab;
    await using baton = await startBaton({ allowOrigins: [], config: { ingestOrigins: [tab.origin.origin] } });
    await page.evaluate(
      ([server, without]) => {
        Reflect.deleteProperty(globalThis, 'AudioEncoder');
        const isTypeSupported = MediaRecorder.isTypeSupported.bind(MediaRecorder);
        MediaRecorder.isTypeSupported = (type) => !without.some((name) => type.includes(name)) && isTypeSupported(type);
        document.querySelector('baton-studio')?.setAttribute('server', server);
      },
      [baton.origin, missing] as const,
    );
    await set(page, 'token', tokenFor('recorder', baton));
    await page.getByRole('button', { name: 'Go on air' }).click();
    await expect.poll(() => stateOf(page), { timeout: 15_000 }).toBe('live');
    await sleep(2500);
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => stateOf(page), { timeout: 20_000 }).toBe('ended');
    const stored = await recordingOf(baton, 'recorder', showIn(await get(page, 'recording')));
    const { data, sampleRate, channels } = await decodeFloat(new Uint8Array(stored));
    expect(data.length / channels / sampleRate).toBeGreaterThan(2);
    const heard = data.filter((sample) => Math.abs(sample) > 0.02).length;
    expect(heard).toBeGreaterThan(data.length / 4); // the chirp of the microphone, not silence
    expect(baton.publishers[0]).toMatchObject({ event: 'on-air', container });
  },
  60_000,
);

test('the manifest names every attribute, property, method, event, part and variable of the studio', async () => {
  const root = new URL('../../player/', import.meta.url);
  const { modules } = JSON.parse(readFileSync(new URL('custom-elements.json', root), 'utf8')) as Package;
  const element = modules.flatMap(({ declarations = [] }) => declarations).find(({ name }) => name === 'BatonStudio');
  const { attributes, members, cssParts, cssProperties, events } = element as ClassDeclaration & CustomElement;
  const names = (list: readonly { readonly name?: string }[] = []): string[] =>
    list.map(({ name = '' }) => name).sort();
  const unique = (list: readonly string[]): string[] => [...new Set(list)].sort();
  const code = readdirSync(new URL('studio/', root))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(new URL(`studio/${name}`, root), 'utf8'))
    .join('\n');
  const read = [...code.matchAll(/this\.(?:get|has)Attribute\('([a-z-]+)'/g)].map(([, name = '']) => name);
  expect(names(attributes)).toEqual(unique([...read, 'lang', 'theme']));
  const variables = [...code.matchAll(/var\((--baton-[a-z-]+)/g)].map(([, name = '']) => name);
  expect(names(cssProperties)).toEqual(unique(variables));
  const told = [...code.matchAll(/new (?:Custom)?Event\('([a-z]+)'/g)].map(([, name = '']) => name);
  expect(names(events)).toEqual(unique(told));
  await using tab = await studio('<baton-studio></baton-studio>');
  const found = await tab.page.evaluate(() => {
    const shown = document.querySelector('baton-studio');
    return {
      members: Object.getOwnPropertyNames(shown === null ? {} : Object.getPrototypeOf(shown)),
      parts: [...(shown?.shadowRoot?.querySelectorAll('[part]') ?? [])].flatMap((piece) => [...piece.part]),
    };
  });
  const internal = /^(constructor|(connected|disconnected|attributeChanged)Callback)$/;
  expect(names(members)).toEqual(unique(found.members.filter((name) => !internal.test(name))));
  expect(names(cssParts)).toEqual(unique(found.parts));
});

test('Stop while the browser still asks for the microphone: nothing goes on air, and nothing is left on', async () => {
  await using tab = await studio('<baton-studio></baton-studio>');
  const { page } = tab;
  await using baton = await startBaton({ allowOrigins: [], config: { ingestOrigins: [tab.origin.origin] } });
  await page.evaluate((server) => {
    const { mediaDevices } = navigator;
    const getUserMedia = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (asked) => {
      await new Promise((resolve) => addEventListener('allowed', resolve, { once: true }));
      const stream = await getUserMedia(asked);
      Object.assign(globalThis, { opened: stream });
      return stream;
    };
    document.querySelector('baton-studio')?.setAttribute('server', server);
  }, baton.origin);
  await set(page, 'token', tokenFor('early', baton));
  await page.getByRole('button', { name: 'Go on air' }).click();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.evaluate(() => dispatchEvent(new Event('allowed')));
  await expect.poll(() => stateOf(page)).toBe('off');
  const left = (): Promise<unknown> =>
    page.evaluate(() => (globalThis as { opened?: MediaStream }).opened?.getTracks().map((track) => track.readyState));
  await expect.poll(left).toEqual(['ended']);
  expect(await payloadsOf(page)).toEqual([]);
  expect(await page.getByRole('button', { name: 'Go on air' }).isEnabled()).toBe(true);
  expect(tab.errors).toEqual([]);
}, 40_000);

test('what is refused is said, and a wrong token is not sent anywhere', async () => {
  await using tab = await studio('<baton-studio></baton-studio>');
  const { page } = tab;
  await using baton = await startBaton({ allowOrigins: [], config: { ingestOrigins: [tab.origin.origin] } });
  await page.evaluate((server) => document.querySelector('baton-studio')?.setAttribute('server', server), baton.origin);
  await page.getByLabel('Publisher token').fill('nonsense');
  await page.getByRole('button', { name: 'Go on air' }).click();
  await expect.poll(() => page.getByRole('alert').textContent()).toBe('This is not a publisher token.');
  await page.getByLabel('Publisher token').fill(tokenFor('mine', baton).replace('.mine.', '.yours.'));
  await page.getByRole('button', { name: 'Go on air' }).click();
  await expect.poll(() => stateOf(page), { timeout: 15_000 }).toBe('refused');
  expect(await page.getByRole('alert').textContent()).not.toBe('');
  expect(await page.getByRole('button', { name: 'New show' }).isVisible()).toBe(true);
}, 40_000);

test.each(['light', 'dark'] as const)(
  'axe finds nothing wrong in %s, also in Arabic, and nothing sticks out',
  async (scheme) => {
    const widths = [220, 320, 480, 760];
    const body = ['en', 'ar', 'de']
      .map((lang) =>
        widths.map(
          (w) =>
            `<div lang="${lang}" style="width:${w}px;margin:8px"><baton-studio station="${lang} ${w}"></baton-studio></div>`,
        ),
      )
      .flat()
      .join('');
    await using tab = await studio(body);
    const { page } = tab;
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    await page.getByText('Auf Sendung gehen').first().waitFor();
    expect(await axe(page, 'baton-studio')).toEqual([]);
    const outside = await page.evaluate(() =>
      [...document.querySelectorAll('baton-studio')].flatMap((element) => {
        const box = element.getBoundingClientRect();
        return [...(element.shadowRoot?.querySelectorAll<HTMLElement>('*') ?? [])]
          .filter((piece) => piece.checkVisibility() && piece.className !== 'picker')
          .filter((piece) => {
            const { left, right } = piece.getBoundingClientRect();
            return left < box.left - 0.5 || right > box.right + 0.5;
          })
          .map((piece) => `${String(box.width)}: ${piece.className}`);
      }),
    );
    expect(outside).toEqual([]);
    expect(tab.errors).toEqual([]);
  },
);
