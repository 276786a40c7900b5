import type { Page } from 'playwright-core';

/** When flashes were shown and beeps were heard, by the clock of the film. */
export interface Watched {
  readonly flashes: readonly number[];
  readonly beeps: readonly number[];
}

type Scope = typeof globalThis & { watched(): Watched };

/** Looks at the one film of a page from now on, and listens to it. */
export const watchFlashes = (page: Page): Promise<void> => page.evaluate(watch, TAP);

/** What has been seen and heard by now. */
export const watched = (page: Page): Promise<Watched> => page.evaluate(() => (globalThis as Scope).watched());

/** How far each flash is from the beep that is nearest to it, in seconds. */
export const apart = ({ flashes, beeps }: Watched): number[] =>
  flashes.map((flash) => Math.min(...beeps.map((beep) => Math.abs(beep - flash))));

/** Tells when sound begins after a quarter of a second without, by the clock of the sound. */
const TAP = `registerProcessor('onsets', class extends AudioWorkletProcessor {
  constructor() { super(); this.loud = -Infinity; }
  process([[samples = []]]) {
    for (let i = 0; i < samples.length; i++) {
      if (Math.abs(samples[i]) < 0.1) continue;
      const at = (currentFrame + i) / sampleRate;
      if (at - this.loud > 0.25) this.port.postMessage(at);
      this.loud = at;
    }
    return true;
  }
})`;

/** In the page. The clock of the sound runs beside that of the film: how far apart is seen at every picture. */
async function watch(tap: string): Promise<void> {
  const video =
    document.querySelector('video') ?? document.querySelector('baton-player')?.shadowRoot?.querySelector('video');
  const canvas = new OffscreenCanvas(32, 18).getContext('2d', { willReadFrequently: true });
  if (video == null || canvas === null) throw new Error('no picture');
  const context = new AudioContext({ sampleRate: 48_000 });
  await context.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(tap)}`);
  const node = new AudioWorkletNode(context, 'onsets');
  const [flashes, heard, apart]: [number[], number[], number[]] = [[], [], []];
  node.port.onmessage = ({ data }) => heard.push(data as number);
  context.createMediaElementSource(video).connect(node).connect(context.destination);
  await context.resume();
  let wasLight = true;
  const look: VideoFrameRequestCallback = (_, { mediaTime }) => {
    canvas.drawImage(video, 0, 0, 32, 18);
    const isLight = (canvas.getImageData(16, 11, 1, 1).data[1] ?? 0) > 128;
    if (isLight && !wasLight) flashes.push(mediaTime);
    wasLight = isLight;
    if (!video.paused) apart.push(context.currentTime - video.currentTime);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
  (globalThis as Scope).watched = () => {
    const middle = apart.sort((a, b) => a - b)[apart.length >> 1] ?? NaN;
    return { flashes, beeps: heard.map((at) => at - middle) };
  };
}
