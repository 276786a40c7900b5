import { BatonError, type FailureCode } from '../errors.ts';

/** What an origin's status means for the listener; for every status that brings no bytes. */
export function statusError(status: number, url: string): BatonError {
  return new BatonError(codeOf(status), `${status} from ${url}`);
}

/** The address itself is of no use any more, so that only resolving the link again can help. */
export const isGone = (status: number): boolean => status >= 400 && status < 500 && !isBusy(status) && status !== 416;

/** Worth another try shortly. */
export const isBusy = (status: number): boolean => status === 408 || status === 425 || status === 429 || status >= 500;

function codeOf(status: number): FailureCode {
  if (status === 404 || status === 410) return 'SOURCE_MISSING';
  if (status === 401 || status === 403) return 'SOURCE_PRIVATE';
  return 'SOURCE_FAILED';
}
