import type { Browser } from 'playwright-core';
import { hear } from './chirp.ts';
import type { Chirp, Heard } from './chirp.ts';
import { framedOrigin } from './framed-origin.ts';
import type { FramedAudio, FramedOrigin } from './framed-origin.ts';
import { openListening, post } from './listening.ts';
import type { Listening } from './listening.ts';

/** A page that listens to a framed stream of a chirp, and its server. */
export interface Scene extends AsyncDisposable {
  readonly origin: FramedOrigin;
  readonly tab: Listening;
  /** What was recorded so far. */
  heard(): Promise<Heard>;
  /** The types of the events so far. */
  readonly types: () => Promise<readonly string[]>;
}

/** What a scene is made of. */
export interface Stage {
  readonly browser: Browser;
  readonly audio: FramedAudio;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  readonly chirp: Chirp;
}

/** Opens one; a pause of `pausedLimitMs` is a long one. */
export async function openScene({ browser, audio, files, chirp }: Stage, pausedLimitMs?: number): Promise<Scene> {
  const origin = await framedOrigin(audio, files);
  const tab = await openListening(browser, origin.origin, pausedLimitMs);
  return {
    ...{ origin, tab },
    async heard() {
      await post(tab.page);
      return hear(await origin.recorded, chirp, { at: 0 });
    },
    types: async () => (await tab.events()).map(({ type }) => type),
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}
