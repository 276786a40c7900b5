import type { Browser } from 'playwright-core';
import { hearAnywhere } from '../live/chirp-ear.ts';
import { startChannel, type Channel } from './channel.ts';
import { RATE, type Chirp, type Heard } from './chirp.ts';
import { listenerFiles, openListening, post, type Listening } from './listening.ts';
import { recording, restartable } from './restartable.ts';

/** A page that listens to a channel of a chirp. */
export interface LiveScene extends Channel {
  readonly tab: Listening;
  /** What was recorded between the losses that were announced, in pieces of four seconds and more. */
  heard(): Promise<readonly Heard[]>;
}

/** Opens one on a server whose legs last five seconds. */
export async function openLiveScene(browser: Browser, chirp: Chirp, pausedLimitMs?: number): Promise<LiveScene> {
  await using stack = new AsyncDisposableStack();
  const channel = stack.use(await startChannel(chirp));
  let keep: (recorded: Float32Array) => void;
  const recorded = new Promise<Float32Array>((resolve) => (keep = resolve));
  const files = await listenerFiles();
  const pages = stack.use(
    await restartable((request, response) => {
      if (request.url === '/pcm') void recording(request).then(keep);
      const isScript = request.url?.endsWith('.js') === true;
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(files[request.url ?? '']);
    }),
  );
  const tab = stack.use(await openListening(browser, pages.origin, pausedLimitMs));
  const all = stack.move();
  return {
    ...channel,
    tab,
    async heard() {
      const begin = await tab.begin();
      const losses = (await tab.events()).flatMap(({ type, detail }) =>
        type === 'discontinuity' ? [(detail as { time: number }).time - begin] : [],
      );
      await post(tab.page);
      const sound = await recorded;
      const first = sound.findIndex((sample) => Math.abs(sample) >= 0.02);
      const marks = losses.map((time) => first + Math.round(time * RATE)).filter((at) => at > first);
      return [first, ...marks]
        .map((from, index) => sound.subarray(from, marks[index] ?? sound.length))
        .filter((piece) => piece.length > 4 * RATE)
        .map((piece) => hearAnywhere(piece, chirp));
    },
    [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
  };
}
