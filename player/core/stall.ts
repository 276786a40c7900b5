/** Longer than a stutter, shorter than a listener's patience. */
const PLAYING_LIMIT_MS = 8000;
/** A first byte may need a cold start, a probe and an encode. */
const LOADING_LIMIT_MS = 20_000;
/** Chromium may forget to read on after seeks in quick succession. */
const IDLE_LIMIT_MS = 3000;
/** Looks this far apart mean that the page slept, not that the audio stood still. */
const ASLEEP_MS = 5000;

/** What is seen at one look; times in milliseconds, places in seconds. */
export interface Look {
  readonly now: number;
  /** Sound is wanted and there is no data to make it from. */
  readonly isStarved: boolean;
  /** The browser is not even asking for data. */
  readonly isIdle: boolean;
  readonly position: number;
  readonly bufferedEnd: number;
}

/** Watches one load after the other. */
export interface StallWatch {
  /** To be called about once a second. True when a starved player has got nothing for too long. */
  look(look: Look): boolean;
  /** A new load begins. */
  reset(): void;
}

/** Notices audio that stands still although it should play; browsers give no error for many dead connections. */
export function createStallWatch(): StallWatch {
  let last: Look | null = null;
  let stillSince = 0;
  let hasPlayed = false;

  return {
    look(look) {
      const before = last;
      last = look;
      if (before !== null && look.position > before.position) hasPlayed = true;
      if (before === null || !look.isStarved || moved(before, look) || look.now - before.now > ASLEEP_MS) {
        stillSince = look.now;
        return false;
      }
      const limitMs = look.isIdle ? IDLE_LIMIT_MS : hasPlayed ? PLAYING_LIMIT_MS : LOADING_LIMIT_MS;
      return look.now - stillSince >= limitMs;
    },
    reset() {
      last = null;
      hasPlayed = false;
    },
  };
}

const moved = (a: Look, b: Look): boolean => a.position !== b.position || a.bufferedEnd !== b.bufferedEnd;
