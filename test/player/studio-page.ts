import type { Browser, Page } from 'playwright-core';
import { readPacketRecords } from '../../src/ingest/packet-records.ts';
import { readPublisherMessage } from '../../src/ingest/message.ts';
import { hlsOrigin } from './hls-origin.ts';
import { playerFiles } from './player-page.ts';

/** What a page keeps of what its studio does, for the test alone. */
interface Kept {
  readonly sent: Uint8Array[];
  readonly samples: Float32Array[];
}
type Scope = typeof globalThis & { kept: Kept };

/** To be run before the page's own scripts: keeps every binary message, and every sample that is given to the encoder. */
export function keepAll(): void {
  const kept: Kept = { sent: [], samples: [] };
  (globalThis as Scope).kept = kept;
  const { send } = WebSocket.prototype; // eslint-disable-line @typescript-eslint/unbound-method -- called with its own this
  WebSocket.prototype.send = function (message) {
    if (message instanceof Uint8Array) kept.sent.push(new Uint8Array(message));
    send.call(this, message);
  };
  if (!('AudioEncoder' in globalThis)) return;
  const { encode } = AudioEncoder.prototype; // eslint-disable-line @typescript-eslint/unbound-method -- called with its own this
  AudioEncoder.prototype.encode = function (audio) {
    const samples = new Float32Array(audio.numberOfFrames);
    audio.copyTo(samples, { planeIndex: 0 });
    kept.samples.push(samples);
    encode.call(this, audio);
  };
}

/** A page with a studio, on a server of its own. */
export async function studioPage(browser: Browser, body: string) {
  const { scripts } = await playerFiles();
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Test</title>
    <script type="module" src="/player/baton-studio.js"></script><main>${body}</main></html>`;
  const origin = await hlsOrigin({ ...scripts, '/page': html });
  const context = await browser.newContext();
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.addInitScript(keepAll);
  await page.goto(`${origin.origin}/page`);
  return {
    ...{ page, errors, origin },
    async [Symbol.asyncDispose]() {
      await context.close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

export const propertyOf = (page: Page, name: string): Promise<unknown> =>
  page.evaluate((property) => Reflect.get(document.querySelector('baton-studio') ?? {}, property) as unknown, name);

export const setProperty = (page: Page, name: string, value: unknown): Promise<unknown> =>
  page.evaluate(
    ([property, to]) => Reflect.set(document.querySelector('baton-studio') ?? {}, property as string, to),
    [name, value],
  );

/** The one show of a channel, by the link to its recording. */
export const showIn = (recording: unknown): string =>
  /\/([^/]+)\.mp3$/.exec((recording as { audio: string }).audio)?.[1] ?? '';

/** The payloads that were sent, each once, in the order of their numbers. */
export async function payloadsOf(page: Page): Promise<Buffer[]> {
  const texts = await page.evaluate(() =>
    (globalThis as Scope).kept.sent.map((message) => Array.from(message, (byte) => String.fromCharCode(byte)).join('')),
  );
  const payloads = new Map<number, Buffer>();
  for (const text of texts) {
    const message = readPublisherMessage(Buffer.from(text, 'latin1'));
    if (message.type === 'data') payloads.set(message.number, Buffer.from(message.payload));
  }
  return [...payloads].sort(([a], [b]) => a - b).map(([, payload]) => payload);
}

/** The packets in payloads. */
export const packetsIn = (payloads: readonly Buffer[]): Uint8Array[] =>
  payloads.flatMap((payload) => readPacketRecords(payload).map(({ bytes }) => bytes));

/** What was given to the encoder, of its first channel. */
export async function samplesOf(page: Page): Promise<Float32Array> {
  const all = await page.evaluate(() => (globalThis as Scope).kept.samples.map((block) => Array.from(block)));
  return Float32Array.from(all.flat());
}
