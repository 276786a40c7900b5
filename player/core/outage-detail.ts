import type { Cause, Outage } from './recovery.ts';

/** `detail` of `retry`: an attempt begins, to play on at `position` (seconds). */
export interface RetryDetail {
  readonly position: number;
  readonly attempt: number;
  readonly cause: Cause;
  /** What the server answered; null when it did not, or when it had nothing against it. */
  readonly status: number | null;
}

/** `detail` of `recovered`: it plays on after `outageMs`. */
export interface RecoveredDetail {
  readonly position: number;
  readonly attempts: number;
  readonly outageMs: number;
}

/** `detail` of `failed`: no further attempt is made; the words are the server's own. */
export interface FailedDetail {
  readonly position: number;
  readonly attempts: number;
  readonly status: number | null;
  readonly code: string | null;
  readonly message: string | null;
}

/** Of the attempt that begins. */
export const retryDetail = ({ attempts, cause, answer }: Outage, position: number): RetryDetail => ({
  position,
  attempt: attempts,
  cause,
  status: answer?.kind === 'refused' ? answer.status : null,
});

/** Of an outage that ends at `now`, in milliseconds. */
export const recoveredDetail = ({ attempts, since }: Outage, position: number, now: number): RecoveredDetail => ({
  position,
  attempts,
  outageMs: now - since,
});

/** Of an outage that nothing more is done about. */
export function failedDetail({ attempts, answer }: Outage, position: number): FailedDetail {
  const refusal = answer?.kind === 'refused' ? answer : null;
  return {
    position,
    attempts,
    status: refusal?.status ?? null,
    code: refusal?.code ?? null,
    message: refusal?.message ?? null,
  };
}
