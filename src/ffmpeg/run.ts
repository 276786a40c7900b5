import type { Readable, Writable } from 'node:stream';
import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { Ending, FfmpegProcess } from './process.ts';

/** The next bytes of one output. */
export interface OutputPiece {
  /** Which of the process's outputs, from 0. */
  readonly output: number;
  readonly bytes: Uint8Array;
}

/** Neither input taken nor output given for this long, although input was there: ffmpeg hangs. */
const STALL_MS: Milliseconds = 10_000;
const CPU_SAMPLE_MS: Milliseconds = 20;
const BLOCK_BYTES: Bytes = 4096;

/** Bytes for stdin; `signal` is aborted when ffmpeg wants no more of them. */
export type Input = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/**
 * Feeds `input` to a started ffmpeg and yields what it writes, as it writes it. Returns after a clean exit only.
 * Leaving it in any way kills the process and aborts `input`. What one process can write is bounded by its arguments,
 * so nothing is paused.
 * Throws ENCODER_MISSING, ENCODER_LIMIT (memory or time), ENCODER_STALLED (nothing moved for `stallMs`), ENCODER_FAILED,
 * EncoderKilled, what `input` throws, and the signal's reason.
 */
export async function* runFfmpeg(
  process: FfmpegProcess,
  input: Input,
  signal: AbortSignal,
  stallMs: Milliseconds = STALL_MS,
): AsyncGenerator<OutputPiece> {
  const stop = new AbortController();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const fail = (reason: unknown): void => {
    failure.reject(reason);
  };
  const onAbort = (): void => {
    fail(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const watch = watchdog(process, stallMs, () => {
    fail(new BatonError('ENCODER_STALLED', process.stderr()));
  });
  const feeding = feed(process.stdin, input(stop.signal), watch, stop.signal).catch(fail);
  try {
    signal.throwIfAborted();
    yield* merge(process, watch, failure.promise);
    judge(await Promise.race([process.ended, failure.promise]), process.stderr());
  } finally {
    signal.removeEventListener('abort', onAbort);
    watch.stop();
    stop.abort();
    await process.stop();
    await feeding;
  }
}

interface Watch {
  /** Something moved. */
  progress(): void;
  /** While the source is awaited ffmpeg cannot be blamed. */
  waiting(isWaiting: boolean): void;
  stop(): void;
}

function watchdog(process: FfmpegProcess, stallMs: Milliseconds, onStall: () => void): Watch {
  let last = performance.now();
  let sampled = last;
  let isWaiting = false;
  const timer = setInterval(() => {
    if (isWaiting) last = performance.now();
    else if (performance.now() - last > stallMs) onStall();
  }, stallMs / 10);
  timer.unref();
  return {
    progress: () => {
      last = performance.now();
      if (last - sampled < CPU_SAMPLE_MS) return;
      sampled = last;
      process.cpuMs();
    },
    waiting: (value) => {
      isWaiting = value;
      last = performance.now();
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

/** Writes the input as fast as ffmpeg takes it. ffmpeg closing its stdin early is not an error: it has what it needs. */
async function feed(
  stdin: Writable,
  input: AsyncIterable<Uint8Array>,
  watch: Watch,
  signal: AbortSignal,
): Promise<void> {
  const write = gathered(stdin);
  watch.waiting(true);
  for await (const bytes of input) {
    watch.waiting(false);
    if (signal.aborted || stdin.destroyed) return;
    if (!write(bytes)) await drained(stdin, signal);
    watch.waiting(true);
  }
  watch.waiting(false);
  stdin.end();
}

/** Packets have a few hundred bytes: those that come in one go leave in blocks, the first ones without delay. */
function gathered(stdin: Writable): (bytes: Uint8Array) => boolean {
  let isCorked = false;
  const flush = (): void => {
    if (isCorked) stdin.uncork();
    isCorked = false;
  };
  return (bytes) => {
    if (!isCorked) process.nextTick(flush);
    if (!isCorked) stdin.cork();
    isCorked = true;
    const hasRoom = stdin.write(bytes);
    if (stdin.writableLength >= BLOCK_BYTES) flush();
    return hasRoom;
  };
}

function drained(stdin: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error']) stdin.off(event, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stdin.once(event, done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted || stdin.destroyed) done();
  });
}

async function* merge(process: FfmpegProcess, watch: Watch, failure: Promise<never>): AsyncGenerator<OutputPiece> {
  const ready: OutputPiece[] = [];
  let open = process.outputs.filter((pipe) => !pipe.closed).length; // it may have died while the source was awaited
  let wake = (): void => undefined;
  process.outputs.forEach((pipe: Readable, output) => {
    pipe.on('data', (bytes: Uint8Array) => {
      watch.progress();
      ready.push({ output, bytes });
      wake();
    });
    pipe.once('close', () => {
      process.cpuMs();
      open -= 1;
      wake();
    });
  });
  while (open > 0 || ready.length > 0) {
    const piece = ready.shift();
    if (piece !== undefined) yield piece;
    else await Promise.race([new Promise<void>((resolve) => (wake = resolve)), failure]);
  }
}

function judge(ending: Ending, stderr: string): void {
  if (ending.kind === 'exit' && ending.code === 0) return;
  if (ending.kind === 'missing') throw new BatonError('ENCODER_MISSING', ending.detail);
  if (ending.kind === 'signal' && ending.signal === 'SIGXCPU') throw new BatonError('ENCODER_LIMIT', 'processor time');
  if (ending.kind === 'signal') throw new EncoderKilled(ending.signal);
  if (stderr.includes('Cannot allocate memory')) throw new BatonError('ENCODER_LIMIT', stderr);
  throw new BatonError('ENCODER_FAILED', `exit ${ending.code}: ${stderr}`);
}

/** Somebody else killed ffmpeg; the same job may be run again. */
export class EncoderKilled extends BatonError {
  /** It was not somebody else after all: it broke on what it was fed, and will again. */
  readonly isCrash: boolean;

  constructor(signal: string) {
    super('ENCODER_FAILED', `killed by ${signal}`);
    this.isCrash = CRASHES.includes(signal);
  }
}

const CRASHES: readonly string[] = ['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGFPE', 'SIGILL', 'SIGTRAP'];
