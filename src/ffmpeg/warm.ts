import type { Milliseconds } from '../units.ts';
import { startFfmpeg, type FfmpegProcess } from './process.ts';

/** ffmpeg processes started ahead of time, parked on stdin. A parked one answers in 4-5 ms instead of 10-95. */
export interface WarmPool {
  /** A parked process with exactly these arguments, else a new one. The caller owns it. */
  take(args: readonly string[], outputs: number): FfmpegProcess;
  /** Parks a process with these arguments unless one is parked already, or the pool is closed. */
  park(args: readonly string[], outputs: number): void;
  close(): Promise<void>;
}

interface Parked {
  readonly process: FfmpegProcess;
  readonly timer: NodeJS.Timeout;
}

/** `size` is how many may be parked at a time (0 for none), `idleMs` how long one waits before it is stopped. */
export function warmPool(path: string, { size, idleMs }: { size: number; idleMs: Milliseconds }): WarmPool {
  const parked = new Map<string, Parked>();
  const stopping = new Set<Promise<void>>();
  let closed = false;
  const keyOf = (args: readonly string[]): string => args.join('\0');

  const unpark = (key: string): FfmpegProcess | null => {
    const entry = parked.get(key);
    if (entry === undefined) return null;
    parked.delete(key);
    clearTimeout(entry.timer);
    return entry.process;
  };
  const discard = (key: string): void => {
    const stopped = unpark(key)?.stop();
    if (stopped === undefined) return;
    stopping.add(stopped);
    void stopped.finally(() => stopping.delete(stopped));
  };

  return {
    take: (args, outputs) => {
      const process = unpark(keyOf(args));
      return process?.alive() === true ? process : startFfmpeg(path, args, outputs);
    },
    park: (args, outputs) => {
      const key = keyOf(args);
      if (closed || size === 0 || parked.get(key)?.process.alive() === true) return;
      discard(key);
      const oldest = parked.keys().next();
      if (parked.size >= size && oldest.done !== true) discard(oldest.value);
      const timer = setTimeout(() => {
        discard(key);
      }, idleMs);
      timer.unref();
      parked.set(key, { process: startFfmpeg(path, args, outputs), timer });
    },
    close: async () => {
      closed = true; // an encode that is just ending must not park one more
      for (const key of [...parked.keys()]) discard(key);
      await Promise.all(stopping);
    },
  };
}
