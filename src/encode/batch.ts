import { BatonError } from '../errors.ts';
import { Readable } from 'node:stream';
import { encodeArgs, INPUTS, type Cut } from '../ffmpeg/args.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import type { FfmpegProcess } from '../ffmpeg/process.ts';
import { EncoderKilled, runFfmpeg, type Input } from '../ffmpeg/run.ts';
import type { WarmPool } from '../ffmpeg/warm.ts';
import { chunkBytes, planChunk, type ChunkPlan } from '../grid/chunk.ts';
import type { Timeline } from '../grid/timeline.ts';
import { matroskaHead, matroskaPacket, type MatroskaTrack } from '../media/matroska.ts';
import type { PacketRun, Source, Sources } from '../source/sources.ts';
import type { Bytes, Milliseconds, Samples } from '../units.ts';

/** One rendition of one version of a source, laid on the grid. */
export interface Output {
  readonly source: Source;
  readonly timeline: Timeline;
  /** Store key of its chunks, without the index. */
  readonly key: string;
}

/** What an encode costs; added to while it runs. */
export interface EncodeMeter {
  sourceBytes: Bytes;
  encoderCpuMs: Milliseconds;
  chunksEncoded: number;
  chunksStored: number;
  /** Until the first packet was there, and from then on until the first frame: of the first chunk encoded. */
  sourceMs: Milliseconds;
  encodeMs: Milliseconds;
  /** Until the store had given, or not given, the first chunk. */
  storeMs: Milliseconds;
}

export interface EncodeDeps {
  readonly sources: Sources;
  readonly engine: Engine;
  readonly warm: WarmPool;
}

export interface ChunkPiece {
  readonly index: number;
  readonly bytes: Uint8Array;
}

const ATTEMPTS = 3;
const MOST_CHUNKS = 8;
const AAC_FRAME_SAMPLES: Samples = 1024;

/**
 * How many chunks one process may make. MP3 decoders forget within a few frames; AAC decoders carry the state of their
 * noise generator on, so a chunk is the same only when it is always decoded from its own lead-in.
 */
export const batchLimit = ({ source }: Output): number => (source.record.codec === 'mp3' ? MOST_CHUNKS : 1);

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
  const run = await deps.sources.packets(source, from, to, AbortSignal.any([signal, reading.signal]), meter);
  const args = decodingArgs(run, timeline, plans, from, deps.engine.arch);
  const { process, input } = await startEncoder(
    run,
    args,
    silenceArgs(timeline, plans, deps.engine.arch),
    plans.length,
    deps,
  );
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

const decodingArgs = (
  run: PacketRun,
  timeline: Timeline,
  plans: readonly ChunkPlan[],
  from: Samples,
  arch: string,
): readonly string[] =>
  encodeArgs(
    INPUTS[run.codec],
    timeline,
    plans.map((plan) => cutOf(plan, run.skip - from)),
    arch,
  );

/** One sample of silence; the filter graph adds the rest. */
const silenceArgs = (timeline: Timeline, plans: readonly ChunkPlan[], arch: string): readonly string[] =>
  encodeArgs(
    INPUTS.silence,
    timeline,
    plans.map((plan) => ({ ...cutOf(plan, 0), from: 0, to: 1, audioStart: 0, audioEnd: 1 })),
    arch,
  );

const cutOf = (plan: ChunkPlan, shift: Samples): Cut => ({ ...plan, from: plan.from + shift, to: plan.to + shift });

/** Starts ffmpeg while the first packet is on its way. Where the source has none any more, silence keeps the promise. */
async function startEncoder(
  run: PacketRun,
  args: readonly string[],
  silence: readonly string[],
  outputs: number,
  { warm }: EncodeDeps,
): Promise<{ process: FfmpegProcess; input: AsyncIterable<Uint8Array> }> {
  const process = warm.take(args, outputs);
  const packets = run.packets[Symbol.asyncIterator]();
  try {
    const first = await packets.next();
    if (first.done !== true) return { process, input: asInput(run, first.value, packets) };
  } catch (error) {
    await process.stop();
    throw error;
  }
  await process.stop();
  return { process: warm.take(silence, outputs), input: Readable.from([new Uint8Array(4)]) };
}

/** Bare frames for MP3; Matroska for the rest, since it carries the decoder's configuration. */
async function* asInput(
  run: PacketRun,
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const isBare = run.codec === 'mp3';
  const packetMs = (AAC_FRAME_SAMPLES * 1000) / run.sampleRate;
  try {
    if (!isBare) yield matroskaHead(trackOf(run));
    for (
      let count = 0, next: IteratorResult<Uint8Array> = { value: first };
      next.done !== true;
      next = await rest.next(), count++
    ) {
      yield isBare ? next.value : matroskaPacket(next.value, count * packetMs);
    }
  } finally {
    await rest.return?.();
  }
}

const trackOf = ({ decoderConfig, sampleRate, channels }: PacketRun): MatroskaTrack => ({
  codecId: 'A_AAC',
  sampleRate,
  channels,
  ...(decoderConfig === null ? {} : { codecPrivate: decoderConfig }),
});

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
      position += bytes.length;
      return bytes.subarray(from, to);
    },
    isFull: () => position >= end,
  };
}
