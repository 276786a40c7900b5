import type { Cut } from '../ffmpeg/args.ts';
import { runFfmpeg } from '../ffmpeg/run.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Bytes, Hertz } from '../units.ts';
import { startEncoder, type EncoderDeps } from './encoder.ts';
import type { EncodeMeter } from './output.ts';

/** How decoded sound is wanted. */
export interface SoundFormat {
  readonly sampleRate: Hertz;
  readonly channels: 1 | 2;
}

const SAMPLE_BYTES: Bytes = 4;

/**
 * Decodes a run of packets that begins at source sample `cut.from` to interleaved 32-bit floats, in pieces of whole
 * samples as they come: `cut.encoded` samples, with silence where the run has ended before. Throws what `runFfmpeg` and
 * the run throw.
 */
export async function* decodeRun(
  run: PacketRun,
  cut: Cut,
  format: SoundFormat,
  deps: EncoderDeps,
  meter: Pick<EncodeMeter, 'encoderCpuMs'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { process, input } = await startEncoder(run, cut.from, [cut], { codec: 'float', kbps: null, ...format }, deps);
  const whole = SAMPLE_BYTES * format.channels;
  let rest: Uint8Array = new Uint8Array();
  try {
    for await (const { bytes } of runFfmpeg(process, () => input, signal)) {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const end = all.length - (all.length % whole);
      rest = all.subarray(end);
      if (end > 0) yield all.subarray(0, end);
    }
  } finally {
    meter.encoderCpuMs += process.cpuMs();
  }
}
