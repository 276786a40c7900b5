/** Answers that are not over yet. */
export interface UnderWay {
  /** Counts one in until it is over. */
  add(answered: Promise<void>): void;
  /** Resolves when there are none. */
  none(): Promise<void>;
}

/**
 * Counts answers. A set of them would do as well, but each table that a set has outgrown leads to the next one: of answers
 * that come one after the other, what was sent stays in memory until a collection of everything, and that comes the sooner.
 */
export function answersUnderWay(): UnderWay {
  let count = 0;
  let empty: (() => void)[] = [];
  const over = (): void => {
    count -= 1;
    if (count > 0) return;
    for (const resolve of empty) resolve();
    empty = [];
  };
  return {
    add: (answered) => {
      count += 1;
      void answered.finally(over);
    },
    none: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => empty.push(resolve))),
  };
}
