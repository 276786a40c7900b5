import type { Milliseconds } from '../units.ts';

/** Keeps something going for those who come back now and then, and hold on to nothing in between. */
export interface Attendance {
  /** Somebody is here, and counts as being here for so long. */
  attend(forMs: Milliseconds): void;
  close(): void;
}

/** `hold` begins to hold on, and gives the way to let go. */
export function createAttendance(hold: () => { readonly letGo: () => Promise<void> }): Attendance {
  let held: ReturnType<typeof hold> | null = null;
  let timer: NodeJS.Timeout | null = null;

  function leave(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    void held?.letGo();
    held = null;
  }

  return {
    attend: (forMs) => {
      const next = hold(); // before the last one is let go, and anew where that one has failed
      leave();
      held = next;
      timer = setTimeout(leave, forMs);
    },
    close: leave,
  };
}
