/** How many responses are under way, and whether more are let in. */
export interface Admission {
  /** Counts one response in and gives the way to count it out; null when there is no room or the door is closed. */
  enter(): (() => void) | null;
  /** Lets nobody in any more. */
  close(): void;
  isClosed(): boolean;
  count(): number;
}

/** An open door, for at most `limit` responses at a time. */
export function admission(limit: number): Admission {
  let inside = 0;
  let closed = false;
  return {
    enter: () => {
      if (closed || inside >= limit) return null;
      inside += 1;
      let left = false;
      return () => {
        if (!left) inside -= 1;
        left = true;
      };
    },
    close: () => {
      closed = true;
    },
    isClosed: () => closed,
    count: () => inside,
  };
}
