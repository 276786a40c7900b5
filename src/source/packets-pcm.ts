import type { ByteRange, Samples } from '../units.ts';
import type { PacketRun } from './packet-run.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import type { PcmFacts, ProbeRecord } from './record.ts';

/** Presentation samples [from, to), in pieces of whole samples: nothing has to be decoded before them. */
export function pcmPackets(
  record: ProbeRecord,
  { audio, blockBytes, channelMask }: PcmFacts,
  read: ReadBytes,
  from: Samples,
  to: Samples,
  signal: AbortSignal,
  meter?: SourceMeter,
): PacketRun {
  const byteAt = (sample: Samples): number => Math.min(audio.end, audio.start + sample * blockBytes);
  const range: ByteRange = { start: byteAt(from), end: byteAt(to) };
  return {
    codec: record.codec,
    decoderConfig: null,
    sampleRate: record.sampleRate,
    channels: record.channels,
    channelMask,
    skip: 0,
    packets: inBlocks(read(range, signal, meter), blockBytes),
  };
}

async function* inBlocks(pieces: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Uint8Array, void> {
  let rest: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = bytes.length - (bytes.length % blockBytes);
    if (whole > 0) yield bytes.subarray(0, whole);
    rest = bytes.subarray(whole);
  }
}
