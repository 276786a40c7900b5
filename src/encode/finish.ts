import type { Milliseconds } from '../units.ts';
import type { Growing } from './growing.ts';

/** Many times what the rest of a chunk takes; more would be a source that has stopped. */
const MOST: Milliseconds = 1_000;

/**
 * Waits until the whole of `chunk` is there, but not longer than 1 s or until `closing`. A reader who has what it wanted
 * loses nothing by its failing, so that this never throws.
 */
export async function finish(chunk: Growing, closing: AbortSignal): Promise<void> {
  if (chunk.complete() !== null) return;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), MOST);
  try {
    const rest = chunk.follow(chunk.filled(), Infinity, AbortSignal.any([closing, late.signal]));
    while ((await rest.next()).done !== true);
  } catch {
    // it will be made again
  } finally {
    clearTimeout(timer);
  }
}
