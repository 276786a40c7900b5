import type { Growing } from '../encode/growing.ts';
import { BatonError } from '../errors.ts';
import { chunkSamples, type LiveGrid } from '../grid/live.ts';
import { readCopied } from '../live/copied-chunk.ts';
import { onChannel, type Epoch } from '../live/epoch.ts';
import type { Head } from '../live/head.ts';
import type { LiveFormat } from '../intake/intake.ts';
import { sameDecoder } from '../intake/same-decoder.ts';
import type { TrackPacket } from '../live/track.ts';
import { fragment, initSegment, type Track } from '../media/fmp4.ts';
import { statesSbr } from '../source/aac-config.ts';
import type { Milliseconds, Samples } from '../units.ts';
import type { LiveMuxer } from './live-muxer.ts';

/** A packet and where on the channel its sound begins and ends. */
export interface PlacedPacket {
  readonly bytes: Uint8Array;
  readonly samples: Samples;
  readonly from: Samples;
  readonly to: Samples;
  readonly format: LiveFormat;
}

/** The packets of a chunk that is passed on as it came. Those of an epoch that nobody remembers are left out. */
export const placedPackets = (bytes: Uint8Array, head: Head | null): readonly PlacedPacket[] =>
  readCopied(bytes).flatMap(({ epoch: id, packets }) => {
    const epoch = head?.epochs.find((each) => each.id === id);
    return epoch === undefined ? [] : packets.map((packet) => placed(packet, epoch));
  });

function placed({ bytes, samples, at }: TrackPacket, epoch: Epoch): PlacedPacket {
  const from = onChannel(epoch, at - epoch.lead);
  const to = Math.min(onChannel(epoch, at + samples - epoch.lead), epoch.end ?? Infinity);
  return { bytes, samples, from, to, format: epoch.format };
}

const MOST_MS: Milliseconds = 480;

/**
 * For packets as they came, from `from` of the channel on, in the format that they have there.
 * @throws CODEC_UNSUPPORTED when they are neither AAC nor Opus
 */
export async function copiedMuxer(
  first: Growing,
  from: Samples,
  grid: LiveGrid,
  headNow: () => Head | null,
  signal: AbortSignal,
): Promise<LiveMuxer> {
  const opening = placedPackets(await completed(first, signal), headNow()).find((packet) => packet.to > from);
  const format = opening?.format ?? headNow()?.epochs.at(-1)?.format;
  const track = trackOf(format, opening?.samples ?? 0);
  const known = (bytes: Uint8Array): readonly PlacedPacket[] =>
    placedPackets(bytes, headNow()).filter((packet) => packet.to > from);
  const isOurs = (packet: PlacedPacket): boolean => format !== undefined && sameDecoder(packet.format, format);

  const whole = (bytes: Uint8Array): Uint8Array => {
    const packets = known(bytes);
    const change = packets.findIndex((packet) => !isOurs(packet));
    return Buffer.concat(fragments(change < 0 ? packets : packets.slice(0, change), track));
  };
  return {
    init: initSegment(track),
    codec: codecOf(format),
    bitrate: track.kbps * 1000,
    whole,
    growing: async function* (chunk, _, stop) {
      yield whole(await completed(chunk, stop));
    },
    changeIn: (chunk, index) => {
      const bytes = chunk.complete();
      const change = bytes && known(bytes).find((packet) => !isOurs(packet));
      return change ? Math.max(change.from, index * chunkSamples(grid)) : null;
    },
  };
}

/** The bytes of a chunk, once they are all there. */
export async function completed(chunk: Growing, signal: AbortSignal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const bytes of chunk.follow(0, Infinity, signal)) pieces.push(bytes);
  return chunk.complete() ?? Buffer.concat(pieces);
}

function trackOf(format: LiveFormat | undefined, frameSamples: Samples): Track {
  const { codec = 'mp3', channels = 2, kbps = null, sampleRate = 48_000, decoderConfig = null } = format ?? {};
  if (codec !== 'aac' && codec !== 'opus')
    throw new BatonError('CODEC_UNSUPPORTED', `${codec} as it came does not go into fragments`);
  const config = codec === 'aac' && decoderConfig !== null ? { config: { bytes: decoderConfig, sampleRate } } : {};
  return { codec, channels, priming: 0, kbps: kbps ?? 128, frameSamples, duration: null, ...config };
}

/** HE-AAC says so, for decoders that would otherwise play half of it. */
function codecOf(format: LiveFormat | undefined): string {
  if (format?.codec !== 'aac') return 'Opus';
  const objectType = (format.decoderConfig?.[0] ?? 0x10) >> 3;
  const isDoubled = format.decoderConfig !== null && statesSbr(format.decoderConfig);
  return isDoubled ? 'mp4a.40.5' : `mp4a.40.${objectType}`;
}

/** Fragments of at most half a second. */
function fragments(packets: readonly PlacedPacket[], track: Track): readonly Uint8Array[] {
  const made: Uint8Array[] = [];
  for (let at = 0; at < packets.length;) {
    const begin = packets[at]?.from ?? 0;
    const rest = packets.slice(at);
    const end = rest.findIndex(
      ({ from, to }, index) => index > 0 && (to - begin > MOST_MS * 48 || isApart(rest, index, from)),
    );
    const run = end < 0 ? rest : rest.slice(0, end);
    const durations = run.map(({ from, to }) => to - from);
    made.push(
      fragment({ sequence: begin + 1, decodeTime: begin, frames: run.map(({ bytes }) => bytes), durations }, track),
    );
    at += run.length;
  }
  return made;
}

/** Whether there is a hole before packet `index`, as between two epochs. */
const isApart = (packets: readonly PlacedPacket[], index: number, from: Samples): boolean =>
  packets[index - 1]?.to !== from;
