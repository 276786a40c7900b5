import type { HlsConfig, LoaderStats, PlaylistLoaderContext } from 'hls.js';

/** A playlist that has been read, and where it came from at last. */
export interface PlaylistText {
  readonly asked: string;
  readonly url: string;
  readonly text: string;
}

/** Reads the first playlist; rejects when there is none to be had. */
export async function readPlaylist(
  asked: string,
  crossOrigin: string | null,
  signal: AbortSignal,
): Promise<PlaylistText> {
  const credentials = crossOrigin === 'use-credentials' ? 'include' : 'same-origin';
  const response = await fetch(asked, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    credentials,
  });
  if (!response.ok) throw new TypeError(`HTTP status ${response.status}`);
  return { asked, url: response.url, text: await response.text() };
}

/** Whether a multivariant playlist has sound or texts apart from the picture, which the light build cannot play. */
export const needsAll = (text: string): boolean => /^#EXT-X-MEDIA:(?=.*TYPE=(?:AUDIO|SUBTITLES))(?=.*URI=)/m.test(text);

type LoaderClass = HlsConfig['loader'];

/** A loader that has the first playlist already: it decided which build is loaded, and need not be asked for again. */
export function loaderFor(first: PlaylistText, Loader: LoaderClass): LoaderClass {
  let isTaken = false;
  return class extends Loader {
    override load(...given: Parameters<InstanceType<LoaderClass>['load']>): void {
      const [context, , { onSuccess }] = given;
      if (isTaken || (context as PlaylistLoaderContext).url !== first.asked) {
        super.load(...given);
        return;
      }
      isTaken = true;
      this.stats.loading.start = this.stats.loading.first = this.stats.loading.end = performance.now();
      this.stats.loaded = this.stats.total = first.text.length;
      const stats: LoaderStats = this.stats;
      queueMicrotask(() => onSuccess({ url: first.url, data: first.text, code: 200 }, stats, context, null));
    }
  };
}

const TIMEOUT_MS = 15_000;
