import { withoutStart } from './fragment.ts';
import type { Fragment } from './fragment.ts';
import { TIMESCALE } from './init.ts';
import type { Init } from './init.ts';

/** A hole that came so from the server: there is no point in asking for it again. In seconds, half-open. */
export type Gap = readonly [start: number, end: number];

/** How far the sound has been taken; seconds of the presentation. */
export interface Taken {
  /** From `at` on; up to `keep` everything is there and shall not come again. */
  readonly restart: (at: number, keep?: number) => void;
  init(init: Init): void;
  /** What is new of a fragment; null when nothing is. */
  fresh(fragment: Fragment): Fragment | null;
  readonly end: () => number;
  readonly gaps: () => readonly Gap[];
}

/** Nothing taken yet. */
export function createTaken(): Taken {
  let init: Init = { priming: 0, sampleTicks: 0, decoder: '' };
  let begin = 0;
  let end = 0;
  let gaps: Gap[] = [];
  const seconds = (ticks: number): number => (ticks - init.priming) / TIMESCALE;

  return {
    restart(at, keep) {
      begin = at;
      end = keep === undefined ? 0 : Math.round(keep * TIMESCALE) + init.priming;
      gaps = gaps.filter(([start]) => keep !== undefined && start < keep);
    },
    init(next) {
      init = next;
    },
    fresh(whole) {
      const fragment = whole.after ? whole.after(end) : withoutStart(whole, end, init.sampleTicks);
      if (fragment === null) return null;
      if (end > 0 && fragment.start > end + init.sampleTicks / 2) gaps.push([seconds(end), seconds(fragment.start)]);
      end = fragment.end;
      return fragment;
    },
    end: () => Math.max(begin, seconds(end)),
    gaps: () => gaps,
  };
}
