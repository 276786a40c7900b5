/** Runs `then` after `ms`; the function it gives back cancels. */
export type Timer = (then: () => void, ms: number) => () => void;

/** By the clock of the page. */
export const timer: Timer = (then, ms) => {
  const id = setTimeout(then, ms);
  return () => clearTimeout(id);
};
