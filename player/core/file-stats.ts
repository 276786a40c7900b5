import type { Stats } from './engine.ts';
import { around } from './ranges.ts';

/** What can be told of a plain file: the browser makes the requests, and does not tell of them. */
export const fileStats = (
  { buffered, currentTime }: HTMLMediaElement,
  counted: { readonly retries: number; readonly stalls: number },
): Stats => ({
  ...{ engine: 'file', codec: null, legs: [], legCount: 0, bytes: 0 },
  ...{ ...counted, ...around(buffered, currentTime), evictions: 0, quotaHits: 0, damagedMs: 0 },
});
