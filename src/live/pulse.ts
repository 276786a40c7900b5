/** Wakes everybody who waits for the next change of something. */
export interface Pulse {
  /** Something has changed. */
  beat(): void;
  /** Calls `listener` at every change from now on. Gives the way to end that. */
  on(listener: () => void): () => void;
  /** Resolves at the next change, and when `signal` is aborted. */
  next(signal: AbortSignal): Promise<void>;
}

export function createPulse(): Pulse {
  const listeners = new Set<() => void>();

  function on(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  return {
    on,
    beat: () => {
      for (const listener of [...listeners]) listener();
    },
    next: (signal) =>
      new Promise((resolve) => {
        const wake = (): void => {
          stop();
          signal.removeEventListener('abort', wake);
          resolve();
        };
        const stop = on(wake);
        signal.addEventListener('abort', wake, { once: true });
        if (signal.aborted) wake();
      }),
  };
}
