import type { Milliseconds } from '../units.ts';

/** So long a message may be on its way behind later ones: a function that starts first takes a second or two. */
const LATE_MS: Milliseconds = 6_000;
const MOST_WATCHED = 200;

/**
 * Whether message `next` of a show, which later ones wait for, has been missing for too long: what the gateway could not
 * hand to a function is lost, and only a publisher who connects again sends it again. `isMissing` null: nothing is known
 * of that now.
 */
export function holeWatch(now: () => Milliseconds): (show: string, next: number, isMissing: boolean | null) => boolean {
  const holes = new Map<string, { readonly next: number; readonly since: Milliseconds }>();
  return (show, next, isMissing) => {
    const known = holes.get(show);
    holes.delete(show);
    const same = known?.next === next ? known : null;
    if (isMissing === false || (isMissing === null && same === null)) return false;
    const hole = same ?? { next, since: now() };
    holes.set(show, hole);
    const [oldest] = holes.keys();
    if (holes.size > MOST_WATCHED && oldest !== undefined) holes.delete(oldest);
    return now() - hole.since > LATE_MS;
  };
}
