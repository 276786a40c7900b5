import { nextStart, reach } from './holes.ts';
import type { RangeAt } from './holes.ts';
import type { Gap } from './taken.ts';

/** A hole this long is jumped over; what is missing from a longer one is asked for. In seconds. */
const JUMPED_OVER = 0.5;
const STILL_MS = 1000;
/** A clock that stands still with sound ahead of it: longer than an audio device takes to be changed. */
const STUCK_MS = 2000;
const NUDGE = 0.05;
const NUDGES = 3;
/** A jump lands inside a range, whatever its clock rounds to. In seconds. */
const INSIDE = 0.005;
/** Less than this at the end may be rounding. In seconds. */
const NOTICEABLE = 0.25;

/** What is seen at one look; seconds, and `now` in milliseconds. */
export interface PlayheadLook {
  readonly now: number;
  readonly position: number;
  /** Sound should come out now. */
  readonly isPlaying: boolean;
  readonly buffered: TimeRanges;
  readonly gaps: readonly Gap[];
  /** Where the buffer should end; null while something is being appended. */
  readonly expectedEnd: number | null;
  /** Nothing comes after that. */
  readonly isLast: boolean;
}

/** What helps: move the playhead, fetch again from a place on, set up the decoder anew, or say that it ended. */
export type Remedy =
  | { readonly kind: 'jump'; readonly to: number }
  | { readonly kind: 'refetch'; readonly from: number }
  | { readonly kind: 'rebuild' }
  | { readonly kind: 'end' };

/** Watches one playhead. */
export interface PlayheadWatch {
  /** To be called a few times a second. */
  look(look: PlayheadLook): Remedy | null;
  /** The decoder is a new one. */
  rebuilt(): void;
  /** The listener went elsewhere. */
  reset(): void;
}

/**
 * Notices a playhead in a hole, one that stands still with sound ahead of it, and sound that the browser took away. A
 * playhead that a new decoder does not move either waits for something else, such as an AudioContext. Loaded with the first leg.
 */
export function createPlayheadWatch(rangeAt: RangeAt): PlayheadWatch {
  let last = Number.NaN;
  let stillSince = 0;
  /** Since when it stands still although it has sound to play. */
  let stuckSince = 0;
  let nudges = 0;
  let nudgedTo = Infinity;
  /** A hole that stayed after it was fetched again is no accident. */
  let fetchedAgain = Number.NaN;

  function notice({ now, position, isPlaying, buffered, gaps, expectedEnd, isLast }: PlayheadLook): Remedy | null {
    const end = reach(buffered, position, gaps, rangeAt);
    const isStill = isPlaying && now - stillSince >= STILL_MS;
    const hasData = rangeAt(buffered, position) !== null && end - position > NOTICEABLE;
    if (!hasData) stuckSince = now;
    if (!hasData && isPlaying) {
      const next = nextStart(buffered, position);
      const isPlanned = gaps.some(([from, to]) => from - NOTICEABLE <= position && position < to);
      const isShort = next !== null && (next - position < JUMPED_OVER || isPlanned || fetchedAgain === position);
      if (isShort && now - stillSince >= STILL_MS / 4) return { kind: 'jump', to: next + INSIDE };
    }
    if (expectedEnd !== null && expectedEnd - end > NOTICEABLE && fetchedAgain !== end) {
      fetchedAgain = end;
      return { kind: 'refetch', from: end };
    }
    // Safari before 26.4 does not always say `ended`.
    if (!hasData && isStill && isLast && expectedEnd !== null) return { kind: 'end' };
    if (!isStill || now - stuckSince < STUCK_MS || nudges > NUDGES) return null;
    stuckSince = now;
    nudgedTo = position + NUDGE * ++nudges;
    return nudges <= NUDGES ? { kind: 'jump', to: nudgedTo } : { kind: 'rebuild' };
  }

  return {
    look(look) {
      if (look.position !== last || !look.isPlaying) {
        if (look.position > nudgedTo + NOTICEABLE) [nudges, nudgedTo] = [0, Infinity];
        stillSince = stuckSince = look.now;
      }
      last = look.position;
      return notice(look);
    },
    rebuilt: () => void ([last, fetchedAgain] = [Number.NaN, Number.NaN]),
    reset() {
      [last, nudges, nudgedTo, fetchedAgain] = [Number.NaN, 0, Infinity, Number.NaN];
    },
  };
}
