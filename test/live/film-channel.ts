import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { decode } from '../support/ffmpeg.ts';
import { beepTimes } from '../support/film.ts';
import { startLiveHls, type LiveHls } from '../support/hls-channel.ts';
import { hlsFilm } from '../support/hls-film.ts';
import type { Watcher } from './watcher.ts';

export const RATE = 25;
/** The film has 180 lines: for more its own pictures are passed on, for less they are coded anew. */
export const COPIED = 'codec.aac~bitrate.64k~video.480p';
export const CODED = 'codec.aac~bitrate.64k~video.144p';

/** A channel in HLS, on a loop of the numbered film. */
export const filmChannel = async (kind: 'ts' | 'fmp4', seconds: number): Promise<LiveHls> =>
  startLiveHls({ files: await hlsFilm({ kind, segmentSeconds: 2, film: { seconds } }), segmentSeconds: 2 });

/** That, and Baton beside it. */
export interface FilmScene extends AsyncDisposable {
  readonly channel: LiveHls;
  readonly baton: TestBaton;
  link(options: string): string;
}

export async function filmScene(kind: 'ts' | 'fmp4', liveLegMs: number, seconds: number): Promise<FilmScene> {
  const channel = await filmChannel(kind, seconds);
  const baton = await startBaton({ allowOrigins: [channel.origin.origin], config: { liveLegMs } });
  return {
    ...{ channel, baton },
    link: (options) =>
      baton.origin + publicLink({ kind: 'live', options, source: channel.url, name: 'a.mp4' }, baton.keys),
    [Symbol.asyncDispose]: async () => {
      await baton.stop();
      await channel[Symbol.asyncDispose]();
    },
  };
}

/** How frames follow each other that do not do so as in the film, whose end is followed by its beginning. */
export const jumpsIn = (numbers: readonly number[], seconds: number): string[] =>
  numbers.flatMap((number, index) => {
    const before = numbers[index - 1] ?? number - 1;
    return number === (before + 1) % (seconds * RATE) ? [] : [`${before} ${number}`];
  });

/** How far each beep is from the flash that is nearest to it, in seconds. */
export async function apartIn(
  watcher: Pick<Watcher, 'sound' | 'soundFrom'>,
  shown: readonly { readonly at: number; readonly isFlash: boolean }[],
): Promise<number[]> {
  const flashes = shown.filter(({ isFlash }, index) => isFlash && shown[index - 1]?.isFlash === false);
  const [first, last] = [flashes[0]?.at ?? 0, flashes.at(-1)?.at ?? 0];
  const { data, channels, sampleRate } = await decode(watcher.sound());
  const mono = data.filter((_, index) => index % channels === 0);
  return beepTimes(mono, sampleRate)
    .map((beep) => watcher.soundFrom() + beep)
    .filter((at) => at > first - 0.5 && at < last + 0.5)
    .map((beep) => Math.min(...flashes.map(({ at }) => Math.abs(at - beep))));
}
