import { BatonError } from '../errors.ts';

/**
 * A failed call to AWS as STORE_FAILED. Only name and status of what AWS said go into the detail, and nothing is kept
 * as a cause: some of its messages repeat the values that were sent, and here those are secrets.
 */
export function awsFailure(call: string, thrown: unknown): BatonError {
  return new BatonError('STORE_FAILED', `${call}: ${awsErrorName(thrown)}${status(thrown)}`);
}

/** Name of the error that AWS answered with, such as `ConflictException`. */
export const awsErrorName = (thrown: unknown): string => (thrown instanceof Error ? thrown.name : 'unknown error');

function status(thrown: unknown): string {
  const metadata = (thrown as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata;
  return metadata?.httpStatusCode === undefined ? '' : ` (${metadata.httpStatusCode})`;
}
