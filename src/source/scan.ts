import { BatonError } from '../errors.ts';
import type { Frames, Samples } from '../units.ts';
import type { SourceMeter } from './reader.ts';
import type { SeekIndex } from './seek-index.ts';

/** What an index of any kind tells of the frames of a source. */
export interface FrameCount extends Pick<SeekIndex, 'frames' | 'end' | 'complete' | 'locate'> {
  /** Where frames differ in length: all together. */
  readonly samples?: Samples;
}

/** Reads on from where an index ends: as far as somebody waits for, or all. */
export interface Scan<Index extends FrameCount = FrameCount> {
  readonly index: Index;
  /** Resolves when the index is complete, however long nobody asks for it. */
  readonly completed: Promise<Index>;
  /** Reads on to the end in the background; after a failure, only when it is called again. */
  start(): void;
  /** Resolves when the index knows `frame` or is complete. Rejects when the source cannot be read. */
  reach(frame: Frames, signal: AbortSignal, meter?: SourceMeter): Promise<void>;
  /** Resolves when nothing is being read, whether that came to its end or failed. */
  idle(): Promise<void>;
  /** To be called when somebody else has added to the index. */
  noticed(): void;
  close(): void;
}

/** Who reads on, and how far. */
export interface ScanPass {
  /** Everything is read, and not only what is waited for. */
  readonly toEnd: () => boolean;
  readonly isLeft: () => boolean;
  /** The farthest frame that somebody waits for. */
  readonly farthest: () => Frames;
  readonly meter: SourceMeter | undefined;
  readonly signal: AbortSignal;
  /** To be called when the index has grown. */
  readonly noticed: () => void;
}

interface Waiter {
  readonly frame: Frames;
  readonly meter: SourceMeter | undefined;
  readonly done: () => void;
  readonly fail: (error: Error) => void;
}

/** Completes `index` by `readOn`, which reads on a little each time, at most once at a time. */
export function createScan<Index extends FrameCount>(
  index: Index,
  readOn: (pass: ScanPass) => Promise<void>,
): Scan<Index> {
  const completed = Promise.withResolvers<Index>();
  const stop = new AbortController();
  const waiters = new Set<Waiter>();
  /** Somebody called `start`. */
  let toEnd = false;
  let running: Promise<void> | null = null;

  const isWanted = (): boolean => !index.complete && !stop.signal.aborted && (toEnd || waiters.size > 0);

  function run(): void {
    running ??= readAll().finally(() => (running = null));
  }

  async function readAll(): Promise<void> {
    try {
      while (isWanted()) {
        const [first] = waiters;
        await readOn({
          toEnd: () => toEnd,
          isLeft: () => !toEnd && waiters.size === 0,
          farthest: () => Math.max(...[...waiters].map(({ frame }) => frame)),
          meter: first?.meter,
          signal: stop.signal,
          noticed,
        });
        if (index.complete) completed.resolve(index);
      }
    } catch (error) {
      toEnd = false;
      for (const waiter of waiters) waiter.fail(error as Error);
    }
  }

  function noticed(): void {
    for (const waiter of waiters) if (index.complete || index.frames > waiter.frame) waiter.done();
  }

  function start(): void {
    toEnd = true;
    run();
  }

  function reach(frame: Frames, signal: AbortSignal, meter?: SourceMeter): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        waiters.delete(waiter);
        signal.removeEventListener('abort', left);
        end();
      };
      const left = (): void => settle(() => void reject(signal.reason as Error));
      const waiter: Waiter = {
        frame,
        meter,
        done: () => settle(resolve),
        fail: (error) => settle(() => void reject(error)),
      };
      if (signal.aborted) return void left();
      signal.addEventListener('abort', left, { once: true });
      waiters.add(waiter);
      noticed();
      run();
    });
  }

  return {
    index,
    completed: completed.promise,
    start,
    reach,
    noticed,
    idle: async () => running ?? undefined,
    close: () => stop.abort(new BatonError('STOPPING')),
  };
}
