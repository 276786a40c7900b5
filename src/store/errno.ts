import { BatonError } from '../errors.ts';

/** True for an error of the operating system with one of `codes` (`ENOENT`, `EEXIST`, ...). */
export const isErrno = (thrown: unknown, ...codes: readonly string[]): boolean =>
  thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));

/** What `operate` gives, or undefined when it fails with one of `codes`. */
export async function unless<T>(operate: Promise<T>, ...codes: readonly string[]): Promise<T | undefined> {
  try {
    return await operate;
  } catch (thrown) {
    if (isErrno(thrown, ...codes)) return undefined;
    throw thrown;
  }
}

/** Runs `operate`; whatever fails in it is STORE_FAILED, unless `signal` is aborted. */
export async function failing<T>(what: string, signal: AbortSignal | undefined, operate: () => Promise<T>): Promise<T> {
  try {
    signal?.throwIfAborted();
    return await operate();
  } catch (thrown) {
    signal?.throwIfAborted(); // what an abort interrupts fails in its own words
    if (thrown instanceof BatonError) throw thrown;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new BatonError('STORE_FAILED', `${what}: ${reason}`, { cause: thrown });
  }
}
