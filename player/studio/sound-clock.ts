/** Where sound stands that is being taken, for what is to be shown beside it. */
export interface SoundClock {
  /** So many milliseconds of sound have come, the last of them now. */
  heard(soundMs: number): void;
  /** The place in the sound that is taken at this moment, in milliseconds; null where none comes. */
  place(): number | null;
}

/** Sound comes in blocks, some of them late: the earliest ones of so long tell when it was taken. */
const WINDOW_MS = 2_000;
/** Sound that has not come for so long has stopped, as where a call takes the microphone. */
const STALLED_MS = 500;

/** `now`: milliseconds, of any clock that does not jump. */
export function createSoundClock(now: () => number): SoundClock {
  let lags: { readonly at: number; readonly lag: number }[] = [];
  const hasStalled = (at: number): boolean => at - (lags.at(-1)?.at ?? -Infinity) > STALLED_MS;
  return {
    heard(soundMs) {
      const at = now();
      const since = hasStalled(at) ? Infinity : at - WINDOW_MS;
      lags = [...lags.filter((known) => known.at > since), { at, lag: at - soundMs }];
    },
    place() {
      const at = now();
      return hasStalled(at) ? null : at - Math.min(...lags.map(({ lag }) => lag));
    },
  };
}
