import type { Stats } from './engine.ts';
import { around } from './ranges.ts';

/** What can be counted of a plain file: the browser makes the requests, and does not tell of them. */
export interface FileStats {
  retry(): void;
  stall(): void;
  reset(): void;
  stats(audio: HTMLAudioElement): Stats;
}

/** Counts from zero. */
export function fileStats(): FileStats {
  let [retries, stalls] = [0, 0];
  return {
    retry: () => void retries++,
    stall: () => void stalls++,
    reset() {
      [retries, stalls] = [0, 0];
    },
    stats: ({ buffered, currentTime }) => ({
      ...{ engine: 'file', codec: null, legs: [], legCount: 0, retries, bytes: 0 },
      ...{ ...around(buffered, currentTime), stalls, evictions: 0, quotaHits: 0, damagedMs: 0 },
    }),
  };
}
