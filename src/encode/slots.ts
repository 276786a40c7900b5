import { BatonError } from '../errors.ts';

/** How many encoders may run. A listener who waits goes first; reading ahead takes what is left. */
export interface Slots {
  /** At once, beyond the limit of those who read ahead; throws BUSY when even that is used up. */
  urgent(): Release;
  /** When an encoder is free; the first to ask is the first to get one. */
  ahead(signal: AbortSignal): Promise<Release>;
}

/** Gives the slot back; a second call does nothing. */
export type Release = () => void;

/** `limit` encoders in all; `urgentLimit` when listeners wait. */
export function encoderSlots(limit: number, urgentLimit: number): Slots {
  let running = 0;
  const queue: (() => void)[] = [];

  const occupy = (): Release => {
    running += 1;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      running -= 1;
      if (running < limit) queue.shift()?.();
    };
  };

  return {
    urgent: () => {
      if (running >= urgentLimit) throw new BatonError('BUSY', `${running} encoders`);
      return occupy();
    },
    ahead: (signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return void reject(signal.reason as Error);
        if (running < limit) return void resolve(occupy());
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
      }),
  };
}
