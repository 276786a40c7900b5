import { BatonError } from '../errors.ts';

/** How many encoders may run. A listener who waits goes first; reading ahead takes what is left. */
export interface Slots {
  /**
   * For a listener who waits: beyond the limit of those who read ahead, and before them. Throws BUSY when `mostWaiting`
   * listeners wait already.
   */
  urgent(signal: AbortSignal, mostWaiting: number): Promise<Release>;
  /** When an encoder is free and no listener waits; the first to ask is the first to get one. */
  ahead(signal: AbortSignal): Promise<Release>;
}

/** Gives the slot back; a second call does nothing. */
export type Release = () => void;

/** `limit` encoders in all; `urgentLimit` when listeners wait. */
export function encoderSlots(limit: number, urgentLimit: number): Slots {
  let running = 0;
  const listeners: (() => void)[] = [];
  const readers: (() => void)[] = [];

  const occupy = (): Release => {
    running += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      running -= 1;
      const listener = running < urgentLimit ? listeners.shift() : undefined;
      const next = listener ?? (running < limit ? readers.shift() : undefined);
      next?.();
    };
  };

  return {
    urgent: async (signal, mostWaiting) => {
      if (running < urgentLimit) return occupy();
      if (listeners.length >= mostWaiting)
        throw new BatonError('BUSY', `${listeners.length} listeners wait for an encoder`);
      return waitIn(listeners, occupy, signal);
    },
    ahead: async (signal) => {
      signal.throwIfAborted();
      return running < limit ? occupy() : waitIn(readers, occupy, signal);
    },
  };
}

function waitIn(queue: (() => void)[], occupy: () => Release, signal: AbortSignal): Promise<Release> {
  return new Promise((resolve, reject) => {
    const enter = (): void => {
      signal.removeEventListener('abort', leave);
      resolve(occupy());
    };
    const leave = (): void => {
      queue.splice(queue.indexOf(enter), 1);
      reject(signal.reason as Error);
    };
    queue.push(enter);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
  });
}
