import type { EncodedPacket } from 'mediabunny';
import type { Bytes, Frames, Samples } from '../units.ts';
import { aacLeadIn, statesSbr } from './aac-config.ts';
import { damaged, type Movie } from './movie.ts';
import type { Errand } from './movie-bytes.ts';
import type { PacketRun } from './packet-run.ts';
import type { SourceMeter } from './reader.ts';
import type { ProbeRecord } from './record.ts';

/** How far before the wanted samples decoding begins. */
interface LeadIn {
  readonly frames?: Frames;
  readonly samples?: Samples;
}

/** MP3 as in packets-mp3.ts, at the lowest rates; Opus as in packets-stream.ts. The others need nothing before. */
const LEAD_IN: Partial<Record<ProbeRecord['codec'], LeadIn>> = {
  mp3: { frames: 24 },
  opus: { samples: 9600 },
};

const NOTHING = new Uint8Array();
/** Packets that are fetched at a time; other runs of the same movie come in between. */
const GROUP: Frames = 32;

/** The packets that decode to presentation samples [from, to), with the same lead-in every time and one packet more. */
export async function mp4Packets(
  movie: Movie,
  record: ProbeRecord,
  from: Samples,
  to: Samples,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<PacketRun> {
  const errand: Errand = { signal, meter, ahead: 0 };
  const origin = originOf(movie, record);
  const { codec } = record;
  const decoderConfig = record.decoderConfig === null ? null : Buffer.from(record.decoderConfig, 'base64');
  const lead = codec === 'aac' ? { frames: aacLeadIn(statesSbr(decoderConfig ?? NOTHING)) } : (LEAD_IN[codec] ?? {});
  const plan = await inTurn(movie, errand, () => planRun(movie, lead, from + origin, to + origin));
  errand.ahead = plan.bytes;
  return {
    ...{ codec, decoderConfig },
    sampleRate: record.sampleRate,
    channels: record.channels,
    skip: plan.first === null ? 0 : from + origin - samplesAt(movie, plan.first),
    packets: packetsOf(movie, plan, errand),
  };
}

/** What is to be read: `first` is there as metadata only, and null beyond the end. */
interface RunPlan {
  readonly first: EncodedPacket | null;
  readonly count: Frames;
  readonly bytes: Bytes;
}

/** The timestamp of presentation sample 0. */
const originOf = ({ first }: Movie, { skip }: ProbeRecord): Samples => first + skip;

const samplesAt = ({ first, grain, sampleRate }: Movie, { timestamp }: EncodedPacket): Samples =>
  first + Math.round((timestamp * sampleRate - first) / grain) * grain;

async function planRun(
  movie: Movie,
  { frames = 0, samples = 0 }: LeadIn,
  from: Samples,
  to: Samples,
): Promise<RunPlan> {
  const { sink, sampleRate } = movie;
  const metadataOnly = { metadataOnly: true };
  // Half a sample later than wanted, for times are fractions that may have been rounded.
  const wanted = await sink.getPacket((from + 0.5) / sampleRate, metadataOnly);
  const lead = samples + frames * Math.round((wanted?.duration ?? 0) * sampleRate);
  const first =
    wanted &&
    ((await sink.getPacket((from - lead + 0.5) / sampleRate, metadataOnly)) ??
      (await sink.getFirstPacket(metadataOnly)));
  if (first === null || from >= movie.end) return { first: null, count: 0, bytes: 0 };
  let count = 1;
  let bytes = first.byteLength;
  for (let packet: EncodedPacket | null = first; samplesAt(movie, packet) < to; count++) {
    packet = await sink.getNextPacket(packet, metadataOnly);
    if (packet === null) break;
    bytes += packet.byteLength;
  }
  return { first, count, bytes };
}

async function* packetsOf(movie: Movie, { first, count }: RunPlan, errand: Errand): AsyncGenerator<Uint8Array, void> {
  let last: EncodedPacket | null = null;
  for (let left = first === null ? 0 : count; left > 0; left -= GROUP) {
    const group = await inTurn(movie, errand, () => fetchGroup(movie, first, last, Math.min(left, GROUP), errand));
    for (const { data } of group) yield data;
    last = group.at(-1) ?? null;
    if (last === null) return;
  }
}

/** The packets after `last`, or from `first` on. */
async function fetchGroup(
  { sink, sampleRate }: Movie,
  first: EncodedPacket | null,
  last: EncodedPacket | null,
  count: Frames,
  errand: Errand,
): Promise<EncodedPacket[]> {
  const group: EncodedPacket[] = [];
  let packet = last;
  while (group.length < count) {
    packet = packet
      ? await sink.getNextPacket(packet)
      : await sink.getPacket((first?.timestamp ?? 0) + 0.5 / sampleRate);
    if (packet === null) break;
    errand.ahead = Math.max(0, errand.ahead - packet.byteLength);
    group.push(packet);
  }
  return group;
}

async function inTurn<T>(movie: Movie, errand: Errand, use: () => Promise<T>): Promise<T> {
  try {
    return await movie.bytes.during(errand, use);
  } catch (error) {
    errand.signal.throwIfAborted();
    throw damaged(error);
  }
}
