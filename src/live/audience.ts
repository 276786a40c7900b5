import type { Milliseconds } from '../units.ts';

/** Those who are told when there is more of a stream: thousands of them, a few at a time. */
export interface Audience {
  /** Calls `listener` some time after each `tell`, and when there was none for a while. Gives the way to end that. */
  join(listener: () => void): () => void;
  tell(): void;
}

/** What is written for so many at once dies young; for all at once it would outlive the moment, and be costly to clear away. */
const SLICE = 64;

/** Tells, too, whenever nothing has been told for `quietMs`. */
export function createAudience(quietMs: Milliseconds): Audience {
  const listeners = new Set<() => void>();
  let timer: NodeJS.Timeout | null = null;
  let isTelling = false;
  let isStale = false;

  function tellAll(): void {
    const all = [...listeners];
    isTelling = true;
    isStale = false;
    const tellSome = (from: number): void => {
      for (const listener of all.slice(from, from + SLICE)) if (listeners.has(listener)) listener();
      if (from + SLICE < all.length) setImmediate(tellSome, from + SLICE);
      else if (isStale) setImmediate(tellAll);
      else isTelling = false;
    };
    tellSome(0);
  }

  function tell(): void {
    timer?.refresh();
    if (isTelling) isStale = true;
    else if (listeners.size > 0) tellAll();
  }

  function leave(listener: () => void): void {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  }

  return {
    join: (listener) => {
      listeners.add(listener);
      timer ??= setInterval(tell, quietMs);
      return () => leave(listener);
    },
    tell,
  };
}
