import { backoffMs } from './backoff.ts';
import type { Timer } from './timer.ts';

/** Why playback stopped, as far as the audio element tells. */
export type Cause = 'network' | 'stalled' | 'unplayable';

/** What the server says when it is asked for the same address. */
export type Answer =
  | { readonly kind: 'fine' }
  | { readonly kind: 'unreachable' }
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string | null;
      readonly message: string | null;
      readonly retryAfterMs: number | null;
      /** The server itself says that there is no point in asking again. */
      readonly isFinal?: boolean;
    };

/** One interruption, from the break to the next sound. */
export interface Outage {
  readonly cause: Cause;
  readonly answer: Answer | null;
  readonly attempts: number;
  /** Times in a row that the server was fine and the browser still could not play. */
  readonly unplayable: number;
  /** When it began, in milliseconds of `now`. */
  readonly since: number;
}

/** Where the way back to sound has got to; `steady` when nothing is wrong. */
export type RecoveryState =
  | { readonly at: 'steady' }
  | { readonly at: 'asking' | 'loading' | 'resting' | 'failed'; readonly outage: Outage }
  | { readonly at: 'waiting'; readonly outage: Outage; readonly delayMs: number };

/** What the recovery does its work with; clock and randomness. */
export interface RecoveryDeps {
  /** Never rejects: a server that cannot be asked is 'unreachable'. */
  ask(signal: AbortSignal): Promise<Answer>;
  /** Loads the same address again, at the place where it broke. */
  reload(): void;
  /** Whether the listener is waiting for sound. */
  wanted(): boolean;
  changed(state: RecoveryState): void;
  readonly now: () => number;
  readonly random: () => number;
  readonly timer: Timer;
}

/** One interruption at a time. */
export interface Recovery {
  state(): RecoveryState;
  broke(cause: Cause): void;
  progressed(): void;
  /** The network is back: whatever is being waited for, try at once and forget the backoff. */
  online(): void;
  /** The listener asks for it: try at once, also after giving up. */
  retry(): void;
  /** Forgets the outage and stops what is under way. */
  reset(): void;
}

const UNPLAYABLE_LIMIT = 3;
const ATTEMPTS_UNHEARD = 5;
const LONGEST_RETRY_AFTER_MS = 60_000;
const WORTH_ASKING_AGAIN: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * The way back to sound: steady -> asking -> waiting -> loading -> steady, for as long as it takes. It ends in `failed`
 * only when the server refuses for good (4xx other than 408, 425 and 429) or when what it sends repeatedly cannot be played,
 * and in `resting` when nobody is listening; `retry` leaves both.
 */
export function createRecovery(deps: RecoveryDeps): Recovery {
  let state: RecoveryState = { at: 'steady' };
  let cancel = nothing;

  function enter(next: RecoveryState, cancelNext = nothing): void {
    cancel();
    cancel = cancelNext;
    state = next;
    deps.changed(next);
  }

  function ask(outage: Outage): void {
    const question = new AbortController();
    enter({ at: 'asking', outage }, () => question.abort());
    void deps.ask(question.signal).then((answer) => {
      if (!question.signal.aborted) judge(withAnswer(outage, answer));
    });
  }

  function judge(outage: Outage): void {
    if (isHopeless(outage)) enter({ at: 'failed', outage });
    else if (!deps.wanted() && outage.attempts >= ATTEMPTS_UNHEARD) enter({ at: 'resting', outage });
    else wait(outage);
  }

  function wait(outage: Outage): void {
    const delayMs = Math.max(backoffMs(outage.attempts, deps.random), askedDelayMs(outage.answer));
    const stop = deps.timer(() => load(outage), delayMs);
    enter({ at: 'waiting', outage, delayMs }, stop);
  }

  function load(outage: Outage): void {
    enter({ at: 'loading', outage: { ...outage, attempts: outage.attempts + 1 } });
    deps.reload();
  }

  return {
    state: () => state,
    broke(cause) {
      if (state.at === 'steady') ask({ cause, answer: null, attempts: 0, unplayable: 0, since: deps.now() });
      else if (state.at === 'loading') ask({ ...state.outage, cause });
    },
    progressed() {
      if (state.at === 'loading') enter({ at: 'steady' });
    },
    online() {
      if (state.at !== 'steady' && state.at !== 'failed') load({ ...state.outage, attempts: 0 });
    },
    retry() {
      if (state.at !== 'steady' && state.at !== 'loading') load({ ...state.outage, attempts: 0, unplayable: 0 });
    },
    reset() {
      if (state.at !== 'steady') enter({ at: 'steady' });
    },
  };
}

const nothing = (): void => undefined;

function withAnswer(outage: Outage, answer: Answer): Outage {
  const unplayable = answer.kind === 'fine' && outage.cause === 'unplayable' ? outage.unplayable + 1 : 0;
  return { ...outage, answer, unplayable };
}

function isHopeless({ answer, unplayable }: Outage): boolean {
  if (answer?.kind !== 'refused') return unplayable >= UNPLAYABLE_LIMIT;
  const { status, isFinal = status >= 400 && status < 500 && !WORTH_ASKING_AGAIN.has(status) } = answer;
  return isFinal;
}

const askedDelayMs = (answer: Answer | null): number =>
  answer?.kind === 'refused' ? Math.min(answer.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS) : 0;
