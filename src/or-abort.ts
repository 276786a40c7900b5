/**
 * The value of `promise`, or a rejection with the reason of `signal`, if there is one, when that comes first. What `promise` stands for goes
 * on; a late failure of it is dropped.
 */
export function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const left = () => reject(signal.reason as Error);
    signal.addEventListener('abort', left, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', left));
    if (signal.aborted) left();
  });
}
