import { endlessWaveHead, WAVE } from '../media/wave.ts';
import type { PcmCodec } from '../source/codec.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Bytes } from '../units.ts';

/** How samples have to be changed to stand in a WAV, which is little-endian and knows no signed bytes. */
interface Coding {
  readonly tag: number;
  readonly bytes: Bytes;
  readonly change?: (samples: Uint8Array, bytes: Bytes) => Uint8Array;
}

const CODINGS: Readonly<Record<PcmCodec, Coding>> = {
  pcm_u8: { tag: WAVE.pcm, bytes: 1 },
  pcm_s8: { tag: WAVE.pcm, bytes: 1, change: (samples) => samples.map((byte) => byte ^ 0x80) },
  pcm_s16le: { tag: WAVE.pcm, bytes: 2 },
  pcm_s16be: { tag: WAVE.pcm, bytes: 2, change: reversed },
  pcm_s24le: { tag: WAVE.pcm, bytes: 3 },
  pcm_s24be: { tag: WAVE.pcm, bytes: 3, change: reversed },
  pcm_s32le: { tag: WAVE.pcm, bytes: 4 },
  pcm_s32be: { tag: WAVE.pcm, bytes: 4, change: reversed },
  pcm_f32le: { tag: WAVE.float, bytes: 4 },
  pcm_f32be: { tag: WAVE.float, bytes: 4, change: reversed },
  pcm_f64le: { tag: WAVE.float, bytes: 8 },
  pcm_f64be: { tag: WAVE.float, bytes: 8, change: reversed },
  pcm_alaw: { tag: WAVE.alaw, bytes: 1 },
  pcm_mulaw: { tag: WAVE.mulaw, bytes: 1 },
};

/** The head of a WAV for the samples of a run, and how each piece of them stands in it. */
export function samplesAsWave(
  codec: PcmCodec,
  { sampleRate, channels, channelMask = null }: PacketRun,
): { head: Uint8Array; wrap: (samples: Uint8Array) => Uint8Array } {
  const { tag, bytes, change } = CODINGS[codec];
  const sound = { tag, channels, sampleRate, channelMask };
  return {
    head: endlessWaveHead({ ...sound, sampleBytes: bytes, blockBytes: bytes * channels }),
    wrap: (samples) => change?.(samples, bytes) ?? samples,
  };
}

/** The same samples with their bytes in the other order. */
function reversed(samples: Uint8Array, bytes: Bytes): Uint8Array {
  const other = new Uint8Array(samples.length);
  for (let at = 0; at < samples.length; at++) {
    const inSample = at % bytes;
    other[at - inSample + (bytes - 1 - inSample)] = samples[at] ?? 0;
  }
  return other;
}
