import type { StreamingSource } from './media-source.ts';
import type { Timer } from './timer.ts';

/** No channel is so old. In seconds. */
const FAR = 2 ** 31;
/** How soon to look again whether there is room. */
const QUOTA_RETRY_MS = 500;
/** Seconds behind the playhead that stay even when there is no room. */
const KEPT_AT_QUOTA = 2;

/** What an appender does its work with. */
export interface AppenderDeps {
  /** Of the playhead, in seconds. */
  position(): number;
  /** Something was appended or removed, or the browser did so by itself. */
  readonly changed: () => void;
  /** There was no room for what was to be appended. */
  full(): void;
  /** The source is beyond help. */
  readonly broke: () => void;
  readonly timer: Timer;
}

/** A queue of work for the one source buffer of a media source, each step when the one before is done. */
export interface Appender {
  /** An init segment, for the decoder that `type` names. */
  init(bytes: Uint8Array<ArrayBuffer>, type: string): void;
  append(bytes: Uint8Array<ArrayBuffer>): void;
  /** Half-open, in seconds. */
  remove(from: number, to: number): void;
  duration(seconds: number): void;
  /** Nothing more comes, unless something is appended again. */
  end(): void;
  /** Forgets what has not begun. */
  clear(): void;
  isIdle(): boolean;
  close(): void;
}

/** Begins when `source` is open. Data waits for room for as long as it takes; none is dropped. */
export function createAppender(source: StreamingSource, deps: AppenderDeps): Appender {
  const life = new AbortController();
  const { signal } = life;
  /** What a step begins ends with `updateend`, unless it was done at once. */
  const queue: (() => void)[] = [];
  let buffer: SourceBuffer | null = null;
  let type = '';
  let isWaiting = false;
  let isBusy = false;

  function add(step: () => void): void {
    queue.push(step);
    next();
  }

  function next(): void {
    while (!signal.aborted && source.readyState !== 'closed' && !isBusy && !isWaiting) {
      const [step] = queue;
      if (step === undefined) return;
      try {
        step();
        queue.shift();
        isBusy = buffer?.updating === true;
      } catch (error) {
        if ((error as Error).name === 'QuotaExceededError') makeRoom();
        else fail();
      }
    }
  }

  function makeRoom(): void {
    deps.full();
    const to = deps.position() - KEPT_AT_QUOTA;
    if (buffer !== null && buffer.buffered.length > 0 && buffer.buffered.start(0) < to) {
      buffer.remove(0, to);
      isBusy = true;
      return;
    }
    isWaiting = true;
    deps.timer(() => {
      isWaiting = false;
      next();
    }, QUOTA_RETRY_MS);
  }

  function fail(): void {
    life.abort();
    deps.broke();
  }

  function addBuffer(): SourceBuffer {
    const added = source.addSourceBuffer(type);
    added.addEventListener('updateend', done, { signal });
    added.addEventListener('error', fail, { signal });
    added.addEventListener('bufferedchange', deps.changed, { signal });
    return added;
  }

  function done(): void {
    isBusy = false;
    next();
    deps.changed();
  }

  source.addEventListener('sourceopen', next, { signal });
  return {
    init(bytes, wanted) {
      add(() => {
        if (wanted !== type) {
          type = wanted;
          if (buffer === null) buffer = addBuffer();
          else buffer.changeType(type);
        }
        buffer?.appendBuffer(bytes);
      });
    },
    append: (bytes) => add(() => buffer?.appendBuffer(bytes)),
    remove: (from, to) => add(() => buffer !== null && from < to && buffer.remove(Math.max(0, from), to)),
    duration: (seconds) =>
      add(() => {
        const ranges = buffer?.buffered;
        const least = ranges === undefined || ranges.length === 0 ? 0 : ranges.end(ranges.length - 1);
        const wanted = Math.max(seconds, least);
        if (source.readyState !== 'open') return;
        if (source.duration !== wanted) source.duration = wanted;
        // What is endless can be sought in only where something is buffered, unless it is told otherwise.
        if (wanted === Infinity) source.setLiveSeekableRange(0, FAR);
      }),
    end: () => add(() => source.readyState === 'open' && source.endOfStream()),
    clear: () => void queue.splice(0),
    isIdle: () => queue.length === 0 && !isBusy,
    close: () => life.abort(),
  };
}
