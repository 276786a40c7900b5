import type { MediaPacket } from '../media/demuxer.ts';
import type { Samples } from '../units.ts';
import { aacLeadIn, statesSbr } from './aac-config.ts';
import type { Codec } from './codec.ts';
import type { PacketRun } from './packet-run.ts';
import type { SourceMeter } from './reader.ts';
import type { ProbeRecord } from './record.ts';
import type { Stream } from './stream.ts';

/**
 * How far before the wanted samples decoding begins. Opus converges within 80 ms (RFC 7845 4.6), here it is given 200;
 * Vorbis needs the block before, of up to 8192 samples; MP3 as in packets-mp3.ts, at the lowest rates.
 */
const LEAD_IN: Partial<Record<Codec, Samples>> = { opus: 9600, vorbis: 8192, mp3: 27_648 };

/** The packets that decode to presentation samples [from, to), with the same lead-in every time and one packet more. */
export async function streamPackets(
  stream: Stream,
  record: ProbeRecord,
  from: Samples,
  to: Samples,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<PacketRun> {
  const { codec, skip } = record;
  const decoderConfig = record.decoderConfig === null ? null : Buffer.from(record.decoderConfig, 'base64');
  const start = Math.max(0, from + skip - leadIn(record, decoderConfig));
  const packets = stream.packets(start, to + skip, signal, meter);
  const first = await packets.next();
  return {
    ...{ codec, decoderConfig },
    sampleRate: record.sampleRate,
    channels: record.channels,
    channelMask: record.pcm?.channelMask ?? null,
    skip: first.done === true ? 0 : from + skip - decodedFrom(codec, first.value),
    packets: first.done === true ? none() : bytesOf(first.value, packets),
  };
}

const leadIn = ({ codec, stream }: ProbeRecord, config: Uint8Array | null): Samples =>
  codec === 'aac' && config !== null ? aacLeadIn(statesSbr(config)) * (stream?.grain ?? 0) : (LEAD_IN[codec] ?? 0);

/** The first block of Vorbis gives nothing yet. */
const decodedFrom = (codec: Codec, { at, samples }: MediaPacket): Samples => (codec === 'vorbis' ? at + samples : at);

async function* bytesOf(first: MediaPacket, rest: AsyncGenerator<MediaPacket, void>): AsyncGenerator<Uint8Array, void> {
  try {
    yield first.bytes;
    for await (const { bytes } of rest) yield bytes;
  } finally {
    await rest.return();
  }
}

async function* none(): AsyncGenerator<Uint8Array, void> {
  // a run beyond the end
}
