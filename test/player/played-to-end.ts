import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';

const SCRIPTS = { hls: 'hls.js/dist/hls.min.js', shaka: 'shaka-player/dist/shaka-player.compiled.js' } as const;

export type FilmPlayer = keyof typeof SCRIPTS;

/** What a film was like; seconds in tenths. */
export interface Played {
  /** Errors of the player. */
  readonly events: readonly unknown[];
  /** Where the player went instead of playing on, in seconds as they are. */
  readonly jumps: readonly number[];
  readonly ended: boolean;
  readonly frames: number;
  readonly at: number;
  readonly buffered: readonly (readonly [number, number])[];
}

/** Plays the film of a link to its end, with nothing of Baton in the page. */
export async function playedToEnd(page: Page, link: string, player: FilmPlayer): Promise<Played> {
  const script = join(import.meta.dirname, '../../node_modules', SCRIPTS[player]);
  await page.addScriptTag({ content: readFileSync(script, 'utf8') });
  return await page.evaluate(playToEnd, { link, player });
}

/** In the page. Four times as fast as it is; both players come as globals. */
async function playToEnd({ link, player }: { link: string; player: string }): Promise<Played> {
  const { Hls, shaka } = globalThis as unknown as { Hls: HlsGlobal; shaka: ShakaGlobal };
  const video = document.createElement('video');
  video.muted = true;
  document.body.replaceChildren(video);
  const events: unknown[] = [];
  const jumps: number[] = [];
  video.addEventListener('seeking', () => {
    if (video.currentTime > 0) jumps.push(video.currentTime);
  });
  if (player === 'hls') {
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, { details, fatal }) => events.push([details, fatal]));
    hls.loadSource(link);
    hls.attachMedia(video);
  } else {
    const shown = new shaka.Player();
    shown.addEventListener('error', ({ detail }) => events.push(detail.code));
    await shown.attach(video);
    await shown.load(link);
  }
  video.playbackRate = 4;
  const ended = await new Promise<boolean>((resolve) => {
    video.addEventListener('ended', () => resolve(true));
    setTimeout(resolve, 40_000, false);
    video.play().catch((error: unknown) => events.push(String(error)));
  });
  const tenths = (seconds: number): number => Math.round(seconds * 10) / 10;
  const { buffered } = video;
  return {
    ...{ events, jumps, ended },
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    at: tenths(video.currentTime),
    buffered: Array.from({ length: buffered.length }, (_, run) => [
      tenths(buffered.start(run)),
      tenths(buffered.end(run)),
    ]),
  };
}

/** hls.js and Shaka in a page, where they come as globals. */
export interface HlsGlobal {
  new (): {
    on(event: string, heard: (event: string, data: { details: string; fatal: boolean }) => void): void;
    loadSource(link: string): void;
    attachMedia(video: HTMLVideoElement): void;
  };
  readonly Events: { readonly ERROR: string };
}

export interface ShakaGlobal {
  readonly Player: new () => {
    addEventListener(type: 'error', heard: (event: { detail: { code: number } }) => void): void;
    attach(video: HTMLVideoElement): Promise<void>;
    load(link: string): Promise<void>;
  };
}
