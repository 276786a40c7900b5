/** Where sound stands that is being taken, for what is to be shown beside it. */
export interface SoundClock {
  /** So many milliseconds of sound have come, the last of them now. */
  heard(soundMs: number): void;
  /** The place in the sound that is taken at this moment, in milliseconds; null before there is any. */
  place(): number | null;
}

/** Sound comes in blocks, some of them late: the earliest ones of so long tell when it was taken. */
const WINDOW_MS = 2_000;

/** `now`: milliseconds, of any clock that does not jump. */
export function createSoundClock(now: () => number): SoundClock {
  let lags: { readonly at: number; readonly lag: number }[] = [];
  return {
    heard(soundMs) {
      const at = now();
      lags = [...lags.filter((known) => known.at > at - WINDOW_MS), { at, lag: at - soundMs }];
    },
    place: () => (lags.length === 0 ? null : now() - Math.min(...lags.map(({ lag }) => lag))),
  };
}
