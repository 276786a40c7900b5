import { Readable } from 'node:stream';
import { encodeArgs, type Cut } from '../ffmpeg/args.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { INPUTS } from '../ffmpeg/inputs.ts';
import type { FfmpegProcess } from '../ffmpeg/process.ts';
import type { OutputFormat } from '../ffmpeg/outputs.ts';
import type { WarmPool } from '../ffmpeg/warm.ts';
import { isPcm } from '../source/codec.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Samples } from '../units.ts';
import { asInput } from './packet-input.ts';

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

/**
 * Starts an ffmpeg that makes `plans` of a run of packets that begins at source sample `from`, while the first packet is
 * on its way. Where the source has none any more, silence keeps the promise. The caller stops the process.
 */
export async function startEncoder(
  run: PacketRun,
  from: Samples,
  plans: readonly Cut[],
  format: OutputFormat,
  { engine, warm }: EncoderDeps,
): Promise<Encoder> {
  const cuts = plans.map((plan) => cutOf(plan, run.skip - from));
  const args = encodeArgs(INPUTS[isPcm(run.codec) ? 'pcm' : run.codec], format, cuts, engine.arch);
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
  const silence = encodeArgs(INPUTS.silence, format, cuts.map(silent), engine.arch);
  return { process: warm.take(silence, plans.length), input: Readable.from([ONE_SAMPLE]), args };
}

const cutOf = (plan: Cut, shift: Samples): Cut => ({ ...plan, from: plan.from + shift, to: plan.to + shift });

/** One sample of silence; the filter graph adds the rest. */
const silent = (cut: Cut): Cut => ({ ...cut, from: 0, to: 1, audioStart: 0, audioEnd: 1 });
const ONE_SAMPLE = new Uint8Array(4);
