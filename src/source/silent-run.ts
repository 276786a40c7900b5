import type { Bytes, Samples } from '../units.ts';
import type { PacketRun } from './packet-run.ts';
import type { ProbeRecord } from './record.ts';

const SAMPLE_BYTES: Bytes = 2;
const PACKET_SAMPLES: Samples = 4800;

/** Silence as the samples [from, to) of a source that has no sound, whose record says PCM of 16 bits. */
export const silentRun = ({ codec, sampleRate, channels }: ProbeRecord, from: Samples, to: Samples): PacketRun => ({
  ...{ codec, sampleRate, channels, decoderConfig: null, skip: 0 },
  packets: silence(Math.max(0, to - from) * channels * SAMPLE_BYTES),
});

// eslint-disable-next-line @typescript-eslint/require-await -- packets are asynchronous
async function* silence(bytes: Bytes): AsyncGenerator<Uint8Array, void> {
  const packet = new Uint8Array(PACKET_SAMPLES * SAMPLE_BYTES);
  for (let left = bytes; left > 0; left -= packet.length) yield packet.subarray(0, Math.min(left, packet.length));
}
