import { decodeRun } from '../encode/decode.ts';
import type { EncoderDeps } from '../encode/encoder.ts';
import type { EncodeMeter } from '../encode/output.ts';
import { uniform } from '../encode/uniform.ts';
import { BatonError } from '../errors.ts';
import { CHANNEL_RATE } from '../grid/live.ts';
import type { Bytes, Samples } from '../units.ts';
import { resamplingFrom, resamplingTo } from './epoch.ts';
import type { Soundtrack } from './soundtrack.ts';
import type { Track } from './track.ts';

const SAMPLE_BYTES: Bytes = 4;
const ZEROS = new Uint8Array(2 ** 16);

/**
 * The sound of a channel at [from, to), as interleaved 32-bit floats, as soon as it is there: exactly as many samples.
 * Every epoch in it is decoded anew, from a lead-in that depends on `from` alone, so that whoever asks gets the same.
 * Throws what decoding throws, and the signal's reason.
 */
export async function* channelPcm(
  sound: Soundtrack,
  { from, to }: { readonly from: Samples; readonly to: Samples },
  channels: 1 | 2,
  deps: EncoderDeps,
  meter: Pick<EncodeMeter, 'encoderCpuMs'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const frameBytes = SAMPLE_BYTES * channels;
  let position = from;
  while (position < to) {
    const stretch = sound.at(position);
    if (stretch === null) {
      await sound.pulse.next(signal);
      signal.throwIfAborted();
    } else if (stretch.kind === 'silence') {
      const end = Math.min(to, stretch.end);
      yield* silence((end - position) * frameBytes);
      position = end;
    } else if (!stretch.track.isBegun(position)) {
      await sound.pulse.next(signal); // whoever has more of it would begin with a later packet
      signal.throwIfAborted();
    } else {
      const { track } = stretch;
      for await (const bytes of decoded(track, position, to, channels, deps, meter, signal)) {
        const room = Math.min(to, track.epoch().end ?? to) - position;
        const piece = bytes.subarray(0, Math.max(0, room * frameBytes));
        position += piece.length / frameBytes;
        if (piece.length > 0) yield piece;
        if (piece.length < bytes.length) break;
      }
    }
  }
}

/** What `track` decodes to from `from` to `to` of the channel; behind its end the decoder gives silence. */
function decoded(
  track: Track,
  from: Samples,
  to: Samples,
  channels: 1 | 2,
  deps: EncoderDeps,
  meter: Pick<EncodeMeter, 'encoderCpuMs'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const epoch = track.epoch();
  const start = resamplingFrom(epoch, from);
  const end = resamplingTo(epoch, to);
  const run = track.run(start.source, end, signal);
  if (run === null) throw new BatonError('INTERNAL', `epoch ${epoch.id} is not here from ${from} on`);
  const [audioStart, audioEnd] = [from - epoch.at - start.ours, to - epoch.at - start.ours];
  const cut = { from: start.source, to: end, audioStart, audioEnd, encoded: audioEnd - audioStart };
  return decodeRun(uniform(run, epoch.format.kbps), cut, { sampleRate: CHANNEL_RATE, channels }, deps, meter, signal);
}

function* silence(bytes: Bytes): Generator<Uint8Array> {
  for (let left = bytes; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
}
