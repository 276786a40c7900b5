import type { HlsConfig } from 'hls.js';
import { loaderFor } from './playlist-loader.ts';
import type { PlaylistText } from './playlist-loader.ts';

/** Seconds of sound ahead of the playhead that are aimed at. */
export const AHEAD = 30;

/** How hls.js is to go about a playlist whose beginning is known. */
export const settings = (
  first: PlaylistText,
  crossOrigin: string | null,
  { loader }: HlsConfig,
): Partial<HlsConfig> => ({
  enableWorker: false, // it would be made of a blob, which a strict policy of the page forbids
  pLoader: loaderFor(first, loader) as NonNullable<HlsConfig['pLoader']>,
  liveDurationInfinity: true,
  backBufferLength: BEHIND,
  capLevelToPlayerSize: true,
  fragLoadPolicy: { default: POLICY },
  playlistLoadPolicy: { default: POLICY },
  ...(crossOrigin === 'use-credentials' && { xhrSetup: (xhr: XMLHttpRequest) => void (xhr.withCredentials = true) }),
});

/** Seconds that stay behind the playhead. */
const BEHIND = 30;

/** What is lost for longer is for the player's own way back, which the listener sees. */
const POLICY = {
  ...{ maxTimeToFirstByteMs: 10_000, maxLoadTimeMs: 60_000 },
  timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
  errorRetry: { maxNumRetry: 3, retryDelayMs: 500, maxRetryDelayMs: 4000 },
};
