import { setTimeout as sleep } from 'node:timers/promises';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import type { Milliseconds, Seconds } from '../units.ts';

/** What a live playlist brings, in order. */
export type Followed =
  | {
      readonly kind: 'segment';
      readonly segment: Segment;
      /** It is not to be heard: only the one behind it leans on it. */
      readonly isPrimer: boolean;
      /** How much there is already behind it. */
      readonly pending: Seconds;
    }
  /** Segments that left the playlist before they were read. */
  | { readonly kind: 'lost'; readonly seconds: Seconds }
  /** The playlist has begun anew. */
  | { readonly kind: 'anew' };

/** So much is there at the beginning, or at least as many segments, but no more than a process that joins can match. */
const LEAST_AT_ONCE: Seconds = 12;
const LEAST_SEGMENTS = 3;
const MOST_AT_ONCE: Seconds = 32;
/** A playlist that is so many segments older than the last one is another one, and not from a cache that is behind. */
const MOST_BEHIND = 4;
/** More are missing where a server has begun to count anew. */
const MOST_LOST = 200;
const FAILURES = 4;
const LEAST_PAUSE: Milliseconds = 500;
/** Of which it is known what they were. */
const REMEMBERED = 64;

/**
 * The segments of a live playlist, from a few before its end on, each once; ends where the playlist does. It is loaded
 * again when its last segment was taken, a target duration after it was loaded, or half of one if it had not changed (RFC
 * 8216 6.3.4).
 * @throws what `load` does when it fails several times in a row
 */
export async function* followPlaylist(
  first: MediaPlaylist,
  load: (signal: AbortSignal) => Promise<MediaPlaylist>,
  clock: () => Milliseconds,
  signal: AbortSignal,
): AsyncGenerator<Followed, void> {
  const seen = new Map<number, string>();
  let playlist = first;
  let loadedAt = clock();
  let next: number | null = null;
  for (;;) {
    if (next === null) {
      const start = startOf(playlist);
      const primer = playlist.segments[start - 1];
      const segment = playlist.segments[start];
      if (primer !== undefined && segment?.discontinuity === false && !primer.gap)
        yield { kind: 'segment', segment: primer, isPrimer: true, pending: 0 };
      next = segment?.mediaSequence ?? playlist.mediaSequence;
    }
    const { segments } = playlist;
    let isChanged = false;
    for (const [index, segment] of segments.entries()) {
      if (segment.mediaSequence < next) continue;
      if (segment.mediaSequence > next)
        yield { kind: 'lost', seconds: (segment.mediaSequence - next) * playlist.targetDuration };
      isChanged = true;
      next = segment.mediaSequence + 1;
      remember(seen, segment);
      const pending = segments.slice(index + 1).reduce((sum, { duration }) => sum + duration, 0);
      yield { kind: 'segment', segment, isPrimer: false, pending };
    }
    if (playlist.isEnded) return;
    const pauseMs = Math.max(LEAST_PAUSE, playlist.targetDuration * (isChanged ? 1000 : 500));
    await sleep(Math.max(0, loadedAt + pauseMs - clock()), undefined, { signal });
    loadedAt = clock();
    playlist = await persist(load, playlist.targetDuration, signal);
    if (!isAnew(playlist, next, seen)) continue;
    yield { kind: 'anew' };
    seen.clear();
    next = null;
  }
}

async function persist(
  load: (signal: AbortSignal) => Promise<MediaPlaylist>,
  targetDuration: Seconds,
  signal: AbortSignal,
): Promise<MediaPlaylist> {
  for (let failures = 1; ; failures++) {
    try {
      return await load(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (failures >= FAILURES) throw error;
      await sleep(Math.max(LEAST_PAUSE, targetDuration * 500), undefined, { signal });
    }
  }
}

/** The segment to begin with. What lies before a gap has no part in what is to come. */
function startOf({ segments }: MediaPlaylist): number {
  let start = segments.length;
  let total: Seconds = 0;
  for (const { duration, gap } of segments.toReversed()) {
    const count = segments.length - start;
    if (count > 0 && (gap || (count >= LEAST_SEGMENTS && total >= LEAST_AT_ONCE))) break;
    if (count >= 2 && total + duration > MOST_AT_ONCE) break;
    total += duration;
    start -= 1;
  }
  return start;
}

function remember(seen: Map<number, string>, { mediaSequence, url }: Segment): void {
  seen.set(mediaSequence, pathOf(url));
  for (const number of seen.keys()) {
    if (seen.size <= REMEMBERED) return;
    seen.delete(number);
  }
}

/** A server that was started anew counts from another number, or gives the numbers to other segments. */
function isAnew({ segments, mediaSequence }: MediaPlaylist, next: number, seen: ReadonlyMap<number, string>): boolean {
  const end = segments.at(-1)?.mediaSequence ?? mediaSequence;
  if (end < next - MOST_BEHIND || mediaSequence > next + MOST_LOST) return true;
  return segments.some(({ mediaSequence: number, url }) => (seen.get(number) ?? pathOf(url)) !== pathOf(url));
}

/** Without what grants access for a while. */
const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : url);
