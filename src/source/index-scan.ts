import { BatonError } from '../errors.ts';
import type { FrameHeader, FrameWalker } from '../media/frame-walker.ts';
import type { ByteRange, Bytes, Frames } from '../units.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import type { SeekIndex } from './seek-index.ts';

/** Reads frame headers from where the index ends: as far as somebody waits for, or all. */
export interface IndexScan {
  readonly index: SeekIndex;
  /** Resolves when the index is complete, however long nobody asks for it. */
  readonly completed: Promise<SeekIndex>;
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

interface Waiter {
  readonly frame: Frames;
  readonly meter: SourceMeter | undefined;
  readonly done: () => void;
  readonly fail: (error: Error) => void;
}

/** What is read at least while only a part is waited for; more when it holds no frame. */
const STEP: Bytes = 256 * 1024;

/**
 * Completes `index` over the frames in `audio` that `walk` finds, at most one reading at a time.
 */
export function indexScan(
  index: SeekIndex,
  walk: () => FrameWalker<FrameHeader>,
  audio: ByteRange,
  read: ReadBytes,
): IndexScan {
  const completed = Promise.withResolvers<SeekIndex>();
  const stop = new AbortController();
  const waiters = new Set<Waiter>();
  /** Somebody called `start`: not only what is waited for, but everything is read. */
  let toEnd = false;
  let running: Promise<void> | null = null;
  let step = STEP;

  const isWanted = (): boolean => !index.complete && !stop.signal.aborted && (toEnd || waiters.size > 0);

  function run(): void {
    running ??= readAll().finally(() => (running = null));
  }

  async function readAll(): Promise<void> {
    try {
      while (isWanted()) await readOn();
    } catch (error) {
      toEnd = false;
      for (const waiter of waiters) waiter.fail(error as Error);
    }
  }

  async function readOn(): Promise<void> {
    const known = index.frames;
    const from = index.end;
    const to = toEnd ? audio.end : Math.min(audio.end, from + Math.max(step, bytesAhead()));
    let frame = known;
    let received: Bytes = 0;
    const walker = walk();
    const note = (frames: ReturnType<typeof walker.push>): void => {
      for (const { offset, bytes } of frames) index.note(frame++, from + offset, from + offset + bytes.length);
      noticed();
    };
    if (from < to) {
      const [first] = waiters;
      for await (const piece of read({ start: from, end: to }, stop.signal, first?.meter)) {
        received += piece.length;
        note(walker.push(piece));
        if (!toEnd && waiters.size === 0) return;
      }
    }
    if (to === audio.end || received < to - from) {
      note(walker.end());
      index.finish();
      noticed();
      completed.resolve(index);
    }
    step = index.frames > known ? STEP : step * 2;
  }

  /** About as many as lie before the farthest frame that somebody waits for. */
  function bytesAhead(): Bytes {
    const farthest = Math.max(...[...waiters].map(({ frame }) => frame));
    return index.frames === 0 ? 0 : Math.ceil(((farthest - index.frames) * (index.end - audio.start)) / index.frames);
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
