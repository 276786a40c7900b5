import { BatonError } from '../errors.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Samples, Seconds } from '../units.ts';
import type { Anchor } from './anchor.ts';
import { onChannel, resamplingFrom, type Epoch } from './epoch.ts';
import type { LiveFormat, LivePacket } from '../intake/intake.ts';
import { packetName, type PacketName } from './packet-name.ts';
import type { Pulse } from './pulse.ts';

/** The packets of an epoch that this process has received, as far back as somebody may need them. */
export interface Track {
  /** As it is known by now. */
  epoch(): Epoch;
  add(packets: readonly LivePacket[]): void;
  /** No packet follows, and the sound ends at `end` of the channel. */
  close(end: Samples): void;
  /** Whether `run` has what it needs for the sound from `position` of the channel on. */
  reaches(position: Samples): boolean;
  /** Whether packets have come up to the one that decoding of the sound from `position` on begins with, or none comes any more. */
  isBegun(position: Samples): boolean;
  /** Up to where on the channel packets have come. */
  received(): Samples;
  /**
   * The packets that decode to the samples [from, to) of the epoch's sound, at its source's rate, with the same lead-in
   * whoever joined when; waits for those that are still to come. Null where packets are needed that were never here.
   */
  run(from: Samples, to: Samples, signal: AbortSignal): PacketRun | null;
  /** The packets whose sound begins within [from, to) of the channel; null while not all of them have come. */
  between(from: Samples, to: Samples): readonly TrackPacket[] | null;
  anchor(): Anchor;
  /** Decoded samples of the epoch up to the end of the last packet. */
  next(): Samples;
  /** The last packets, as many as a decoder needs to come in. */
  tail(): readonly LivePacket[];
}

/** A packet, and how many decoded samples of the epoch lie before it. */
export interface TrackPacket extends LivePacket {
  readonly at: Samples;
}

interface Kept extends LivePacket {
  readonly name: PacketName;
  /** Decoded samples of the epoch before it. */
  readonly at: Samples;
}

const KEPT: Seconds = 30;
/** As many as are kept of packets of 20 ms; the shortest are of 2.5 ms. */
const MOST_NAMED = 1_500;

/** Decoders come in within as many samples. */
const LEAD_IN: Readonly<Record<LiveFormat['codec'], Samples>> = {
  mp3: 27_648,
  aac: 6144,
  opus: 9600,
  vorbis: 8192,
  flac: 0,
};
/** Encoders repeat what SBR begins with every half second; its packets are twice as long. */
const SBR_LEAD_IN: Samples = 65_536;
const LONGEST_LC: Samples = 1024;

/** A track whose first packet will lie at `at` decoded samples of `first`. Each change beats `pulse`. */
export function createTrack(first: Epoch, at: Samples, pulse: Pulse): Track {
  let epoch = first;
  let packets: Kept[] = [];
  let forgotten = 0;
  let next = at;
  const { format, lead } = first;
  const rate = format.sampleRate;

  async function* from(number: number, to: Samples, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    for (let index = number; ; index++) {
      while (index >= forgotten + packets.length) {
        if (epoch.end !== null) return;
        await pulse.next(signal);
        signal.throwIfAborted();
      }
      const packet = packets[index - forgotten];
      if (packet === undefined)
        throw new BatonError('INTERNAL', 'live packets were forgotten before they were decoded');
      yield packet.bytes;
      if (packet.at >= to) return;
    }
  }

  /** The packet that decoding of the sound from `start` on begins with; null when it is not here. */
  function startOf(start: Samples): { readonly number: number; readonly decodedFrom: Samples } | null {
    const wanted = decodingFrom(start);
    const index = Math.max(
      0,
      packets.findLastIndex((packet) => packet.at <= wanted),
    );
    const { at: heldFrom, samples } = packets[index] ?? { at: next, samples: 0 };
    if (heldFrom > wanted && heldFrom > 0) return null;
    return { number: forgotten + index, decodedFrom: heldFrom + (format.codec === 'vorbis' ? samples : 0) };
  }

  const decodingFrom = (start: Samples): Samples => start + lead - leadIn();
  const leadIn = (): Samples =>
    format.codec === 'aac' && (packets[0]?.samples ?? 0) > LONGEST_LC ? SBR_LEAD_IN : LEAD_IN[format.codec];

  return {
    epoch: () => epoch,
    add: (more) => {
      for (const packet of more) {
        packets.push({ ...packet, name: packetName(packet.bytes), at: next });
        next += packet.samples;
      }
      const old = packets.findIndex((packet) => packet.at >= next - KEPT * rate);
      packets = packets.slice(Math.max(0, old));
      forgotten += Math.max(0, old);
      pulse.beat();
    },
    close: (end) => {
      epoch = { ...epoch, end };
      pulse.beat();
    },
    isBegun: (position) => epoch.end !== null || next > decodingFrom(resamplingFrom(epoch, position).source),
    reaches: (position) => startOf(resamplingFrom(epoch, position).source) !== null,
    received: () => onChannel(epoch, Math.max(0, next - lead - (packets.at(-1)?.cut ?? 0))),
    run: (start, end, signal) => {
      const first = startOf(start);
      if (first === null) return null;
      return {
        ...{ codec: format.codec, decoderConfig: format.decoderConfig, sampleRate: rate, channels: format.channels },
        skip: start + lead - first.decodedFrom,
        packets: from(first.number, end + lead, signal),
      };
    },
    next: () => next,
    tail: () => packets.filter((packet) => packet.at >= next - leadIn()),
    between: (start, end) => {
      if (epoch.end === null && onChannel(epoch, next - lead) < end) return null;
      return packets.filter((packet) => {
        const begin = onChannel(epoch, packet.at - lead);
        return begin >= Math.max(start, epoch.at) && begin < Math.min(end, epoch.end ?? Infinity);
      });
    },
    anchor: () => {
      const recent = packets.slice(-MOST_NAMED);
      return {
        epoch: epoch.id,
        at: recent[0]?.at ?? next,
        packets: recent.map(({ name, samples }) => ({ name, samples })),
      };
    },
  };
}
