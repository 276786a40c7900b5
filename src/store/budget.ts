import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';
import type { Entry } from './entry.ts';
import type { Survey } from './survey.ts';

/** The share of one process in keeping a folder that several write to below its budget. */
export interface Budget {
  /**
   * Makes room for `bytes`, then runs `write` and gives its answer; they count from the start, and for good if that is
   * true. STORE_FAILED when there is no room to be made.
   */
  spend(bytes: Bytes, write: () => Promise<boolean>): Promise<boolean>;
  /** Counts bytes that are gone. */
  release(bytes: Bytes): void;
  close(): Promise<void>;
}

/** What a budget may spend, how it looks at the folder, and how it frees room. */
export interface BudgetOptions {
  readonly maxBytes: Bytes;
  readonly survey: (oldestBytes: Bytes, signal: AbortSignal) => Promise<Survey>;
  /** True when the entry is gone, whoever removed it; false when it was used since the survey, or cannot be removed. */
  readonly evict: (entry: Entry) => Promise<boolean>;
}

/**
 * Each process counts its own writes and removes the longest unused entries that its last survey saw as soon as its
 * count is over the budget; what others write it learns from the next survey. Surveys run beside the writes, one each
 * time a process has written its share of `SLACK`, so that all processes together overshoot by at most that, and an
 * entry written costs each process about a dozen looks at others, however many there are.
 */
export function createBudget({ maxBytes, survey, evict }: BudgetOptions): Budget {
  const target = maxBytes * TARGET;
  const closing = new AbortController();
  let held: Bytes = 0;
  let pending: Bytes = 0; // being written
  let written: Bytes = 0; // since the last survey began, or pending then: it may have missed those
  let surveyAfter: Bytes = 0;
  let oldest: Entry[] = [];
  let surveying: Promise<void> | null = null;

  const refresh = async (): Promise<void> => {
    const before = written - pending;
    const seen = await survey(target * OLDEST + Math.max(0, held - target), closing.signal);
    written -= before;
    held = seen.held + written;
    oldest = seen.oldest;
    surveyAfter = (target * SLACK) / seen.writers;
  };
  const surveyed = (): Promise<void> => {
    surveying ??= refresh().finally(() => (surveying = null));
    return surveying;
  };

  const makeRoom = async (): Promise<void> => {
    let looked = false;
    while (held > target) {
      const entry = oldest.pop();
      if (entry !== undefined) {
        held -= entry.bytes; // before the wait: other writes make room at the same time
        if (await evict(entry)) looked = false;
        else held += entry.bytes;
      } else if (looked) {
        break;
      } else {
        await surveyed();
        looked = true;
      }
    }
    if (held > maxBytes) throw new BatonError('STORE_FAILED', `nothing left to evict below ${maxBytes} bytes`);
  };

  return {
    async spend(bytes, write) {
      if (bytes > target) throw new BatonError('STORE_FAILED', `${bytes} bytes do not fit a budget of ${maxBytes}`);
      held += bytes;
      pending += bytes;
      written += bytes;
      let stored = false;
      try {
        if (written > surveyAfter) surveyed().catch(() => undefined); // fails again where it is waited for
        if (surveying !== null && written > target * AHEAD) await surveying;
        await makeRoom();
        stored = await write();
        return stored;
      } finally {
        pending -= bytes;
        if (!stored) held -= bytes;
      }
    },
    release(bytes) {
      held -= bytes;
    },
    async close() {
      closing.abort();
      await surveying?.catch(() => undefined);
    },
  };
}

const TARGET = 0.95;
const SLACK = 0.08;
const OLDEST = 0.25;
const AHEAD = 1 / 32; // a survey of many entries takes seconds; a few writes need not wait for it
