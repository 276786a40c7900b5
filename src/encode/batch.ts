import { BatonError } from '../errors.ts';
import { EncoderKilled, runFfmpeg, type Input } from '../ffmpeg/run.ts';
import { chunkBytes, planChunk, type ChunkPlan } from '../grid/chunk.ts';
import type { Timeline } from '../grid/timeline.ts';
import type { Sources } from '../source/sources.ts';
import type { Bytes } from '../units.ts';
import { startEncoder, type EncoderDeps } from './encoder.ts';
import type { EncodeMeter, Output } from './output.ts';
import { uniform } from './uniform.ts';

/** What encoding takes: packets, and an encoder for them. */
export interface EncodeDeps extends EncoderDeps {
  readonly sources: Sources;
}

/** The next bytes of chunk `index`. */
export interface ChunkPiece {
  readonly index: number;
  readonly bytes: Uint8Array;
}

const ATTEMPTS = 3;
/** The first byte of every MP3 frame. */
const SYNC = 0xff;

/**
 * Encodes chunks with neighbouring indexes in one ffmpeg process and yields their bytes as they come, each chunk in
 * order. A chunk's bytes are the same however it is batched. When somebody kills ffmpeg the job runs again and goes on
 * where it was. Throws what `runFfmpeg` and the source throw.
 */
export async function* encodeBatch(
  output: Output,
  indexes: readonly number[],
  deps: EncodeDeps,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<ChunkPiece, void> {
  const given = new Map(indexes.map((index) => [index, 0]));
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* encodeOnce(output, given, deps, meter, signal);
    } catch (error) {
      if (!(error instanceof EncoderKilled) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** `given` counts the bytes of each chunk that have been yielded already. */
async function* encodeOnce(
  output: Output,
  given: Map<number, Bytes>,
  deps: EncodeDeps,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<ChunkPiece, void> {
  const { timeline, source } = output;
  const plans = [...given.keys()].map((index) => planChunk(timeline, source.record, index));
  const from = Math.min(...plans.map((plan) => plan.from));
  const to = Math.max(...plans.map((plan) => plan.to));
  const reading = new AbortController();
  const startedAt = performance.now();
  const stop = AbortSignal.any([signal, reading.signal]);
  const run = uniform(await deps.sources.packets(source, from, to, stop, meter), source.record);
  const { process, input, args } = await startEncoder(run, from, plans, timeline, deps);
  const fedAt = performance.now();
  meter.sourceMs ||= fedAt - startedAt;
  const windows = plans.map((plan) => frameWindow(plan, timeline, given.get(plan.index) ?? 0));
  try {
    for await (const piece of runFfmpeg(process, leaving(input, reading), signal)) {
      const index = plans[piece.output]?.index ?? 0;
      const bytes = windows[piece.output]?.take(piece.bytes) ?? piece.bytes;
      if (bytes.length === 0) continue;
      meter.encodeMs ||= performance.now() - fedAt;
      given.set(index, (given.get(index) ?? 0) + bytes.length);
      yield { index, bytes };
      if (windows.every((window) => window.isFull())) break;
    }
  } finally {
    reading.abort();
    meter.encoderCpuMs += process.cpuMs();
    const isStart = plans.length === 1 && plans[0]?.index === 0;
    if (isStart && (given.get(0) ?? 0) > 0) deps.warm.park(args, 1); // the next play from a start finds it waiting
  }
  if (!windows.every((window) => window.isFull()))
    throw new BatonError('ENCODER_FAILED', `too few frames: ${process.stderr()}`);
}

/** When ffmpeg wants no more, the source is not read any further. */
const leaving =
  (input: AsyncIterable<Uint8Array>, reading: AbortController): Input =>
  (stop) => {
    stop.addEventListener(
      'abort',
      () => {
        reading.abort();
      },
      { once: true },
    );
    return input;
  };

/** Lets the bytes of the chunk's own frames through: neither the pre-roll, nor the tail, nor what was `given` before. */
function frameWindow(
  plan: ChunkPlan,
  timeline: Timeline,
  given: Bytes,
): { take(bytes: Uint8Array): Uint8Array; isFull(): boolean } {
  const start = plan.preroll * timeline.frameBytes + given;
  const end = plan.preroll * timeline.frameBytes + chunkBytes(timeline, plan.index);
  let position = 0;
  return {
    take: (bytes) => {
      const from = Math.max(0, start - position);
      const to = Math.max(from, Math.min(bytes.length, end - position));
      expectFrames(bytes, position, timeline.frameBytes);
      position += bytes.length;
      return bytes.subarray(from, to);
    },
    isFull: () => position >= end,
  };
}

/** The promise of the grid is that every frame has the same size: an encoder that breaks it must not go unnoticed. */
function expectFrames(bytes: Uint8Array, position: Bytes, frameBytes: Bytes): void {
  const first = (frameBytes - (position % frameBytes)) % frameBytes;
  for (let at = first; at < bytes.length; at += frameBytes) {
    if (bytes[at] !== SYNC) throw new BatonError('ENCODER_FAILED', `no frame at ${position + at}`);
  }
}
