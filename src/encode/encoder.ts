import { Readable } from 'node:stream';
import { encodeArgs, INPUTS, type Cut } from '../ffmpeg/args.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import type { FfmpegProcess } from '../ffmpeg/process.ts';
import type { WarmPool } from '../ffmpeg/warm.ts';
import type { ChunkPlan } from '../grid/chunk.ts';
import type { Timeline } from '../grid/timeline.ts';
import { matroskaHead, matroskaPacket, type MatroskaTrack } from '../media/matroska.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Samples } from '../units.ts';

/** A started ffmpeg and what it is to be fed. */
export interface Encoder {
  readonly process: FfmpegProcess;
  readonly input: AsyncIterable<Uint8Array>;
  /** For parking one like it. */
  readonly args: readonly string[];
}

/** Which ffmpeg, and where it may be waiting already. */
export interface EncoderDeps {
  readonly engine: Engine;
  readonly warm: WarmPool;
}

const AAC_FRAME_SAMPLES: Samples = 1024;

/**
 * Starts an ffmpeg that makes the planned chunks of a run of packets that begins at source sample `from`, while the
 * first packet is on its way. Where the source has none any more, silence keeps the promise. The caller stops the process.
 */
export async function startEncoder(
  run: PacketRun,
  from: Samples,
  plans: readonly ChunkPlan[],
  timeline: Timeline,
  { engine, warm }: EncoderDeps,
): Promise<Encoder> {
  const cuts = plans.map((plan) => cutOf(plan, run.skip - from));
  const args = encodeArgs(INPUTS[run.codec], timeline, cuts, engine.arch);
  const process = warm.take(args, plans.length);
  const packets = run.packets[Symbol.asyncIterator]();
  try {
    const first = await packets.next();
    if (first.done !== true) return { process, input: asInput(run, first.value, packets), args };
  } catch (error) {
    await process.stop();
    throw error;
  }
  await process.stop();
  const silence = encodeArgs(INPUTS.silence, timeline, cuts.map(silent), engine.arch);
  return { process: warm.take(silence, plans.length), input: Readable.from([ONE_SAMPLE]), args };
}

const cutOf = (plan: ChunkPlan, shift: Samples): Cut => ({ ...plan, from: plan.from + shift, to: plan.to + shift });

/** One sample of silence; the filter graph adds the rest. */
const silent = (cut: Cut): Cut => ({ ...cut, from: 0, to: 1, audioStart: 0, audioEnd: 1 });
const ONE_SAMPLE = new Uint8Array(4);

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
    let count = 0;
    for (let next: IteratorResult<Uint8Array> = { value: first }; next.done !== true; next = await rest.next()) {
      yield isBare ? next.value : matroskaPacket(next.value, count * packetMs);
      count += 1;
    }
    if (isBare && count === 1) yield first; // ffmpeg takes no MP3 of one frame; the cut leaves the second out
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
