import type { Milliseconds } from '../units.ts';

/** Keeps something going for those who come back now and then, and hold on to nothing in between. */
export interface Attendance {
  /** Somebody is here, and counts as being here for so long: `hold` begins to hold on, and gives the way to let go. */
  attend(forMs: Milliseconds, hold: () => Hold): void;
  close(): void;
}

interface Hold {
  readonly letGo: () => Promise<void>;
}

export function createAttendance(): Attendance {
  let held: Hold | null = null;
  let timer: NodeJS.Timeout | null = null;

  function leave(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    void held?.letGo();
    held = null;
  }

  return {
    attend: (forMs, hold) => {
      const next = hold(); // before the last one is let go, and anew where that one has failed
      leave();
      held = next;
      timer = setTimeout(leave, forMs);
    },
    close: leave,
  };
}
