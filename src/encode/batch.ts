import { BatonError } from '../errors.ts';
import { EncoderKilled, runFfmpeg, type Input } from '../ffmpeg/run.ts';
import { planChunk, type ChunkPlan } from '../grid/chunk.ts';
import type { Timeline } from '../grid/timeline.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Sources } from '../source/sources.ts';
import type { Bytes, Samples } from '../units.ts';
import { chunkWindow } from './chunk-window.ts';
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
  /** Whether the chunk is whole with these. */
  readonly isLast: boolean;
}

const ATTEMPTS = 3;

/** Chunks with neighbouring indexes that one ffmpeg process makes. */
export interface Job {
  readonly timeline: Timeline;
  readonly plans: readonly ChunkPlan[];
  /** The packets for [from, to) of what is encoded, in samples at its own rate. */
  readonly packets: (from: Samples, to: Samples, signal: AbortSignal) => PacketRun | Promise<PacketRun>;
}

/**
 * Encodes chunks with neighbouring indexes in one ffmpeg process and yields their bytes as they come, each chunk in
 * order. A chunk's bytes are the same however it is batched. Throws as `encodeJob`.
 */
export async function* encodeBatch(
  output: Output,
  indexes: readonly number[],
  deps: EncodeDeps,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<ChunkPiece, void> {
  const { timeline, source } = output;
  const job: Job = {
    timeline,
    plans: indexes.map((index) => planChunk(timeline, source.record, index)),
    packets: async (from, to, stop) =>
      uniform(await deps.sources.packets(source, from, to, stop, meter), source.record.mp3?.cbrKbps ?? null),
  };
  yield* encodeJob(job, deps, meter, signal);
}

/**
 * The chunks of `job`, as they come. When somebody kills ffmpeg the job runs again and goes on where it was. Throws what
 * `runFfmpeg` and the packets throw.
 */
export async function* encodeJob(
  job: Job,
  deps: EncoderDeps,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<ChunkPiece, void> {
  const given = new Map(job.plans.map(({ index }) => [index, 0]));
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* encodeOnce(job, given, deps, meter, signal);
    } catch (error) {
      if (!(error instanceof EncoderKilled) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** `given` counts the bytes of each chunk that have been yielded already. */
async function* encodeOnce(
  { timeline, plans, packets }: Job,
  given: Map<number, Bytes>,
  deps: EncoderDeps,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<ChunkPiece, void> {
  const from = Math.min(...plans.map((plan) => plan.from));
  const to = Math.max(...plans.map((plan) => plan.to));
  const reading = new AbortController();
  const startedAt = performance.now();
  const stop = AbortSignal.any([signal, reading.signal]);
  const run = await packets(from, to, stop);
  const { process, input, args } = await startEncoder(run, from, plans, timeline, deps);
  const fedAt = performance.now();
  meter.sourceMs ||= fedAt - startedAt;
  const windows = plans.map((plan) => chunkWindow(plan, timeline, given.get(plan.index) ?? 0));
  try {
    for await (const piece of runFfmpeg(process, leaving(input, reading), signal)) {
      const index = plans[piece.output]?.index ?? 0;
      const window = windows[piece.output];
      const bytes = window?.take(piece.bytes) ?? piece.bytes;
      if (bytes.length === 0) continue;
      meter.encodeMs ||= performance.now() - fedAt;
      given.set(index, (given.get(index) ?? 0) + bytes.length);
      yield { index, bytes, isLast: window?.isFull() === true };
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
