import { BatonError } from '../errors.ts';
import type { OggPage } from '../media/ogg-read.ts';
import type { Bytes, Samples } from '../units.ts';
import type { LiveFormat, LivePacket } from './intake.ts';
import type { OggLink } from './ogg-link.ts';

/** The packets of one link of a chain of Ogg streams, page by page. */
export interface LinkPackets {
  push(page: OggPage): LivePacket[];
  /** That of the link, as it was joined. */
  format(): LiveFormat;
  /** What a decoder that goes on with the next link overlaps with. */
  lastPacket(): Uint8Array | null;
}

/** How the decoder comes to the link: from a packet before it, anew behind other tracks, or from who knows where. */
export type Decoder =
  { readonly kind: 'goes on'; readonly from: Uint8Array | null } | { readonly kind: 'new' | 'joined' };

/** A packet, and what it adds to the clock of the stream. */
interface Clocked extends LivePacket {
  readonly ticks: Samples;
}

/** Of FLAC, whose packets are the longest: more than 16,384 samples of eight channels at 24 bits. */
const LONGEST_PACKET: Bytes = 1024 * 1024;

/**
 * The packets behind the headers, the last page of which was `headersEnd`. Pages that do not follow it are of the middle.
 * A packet without an end throws SOURCE_DAMAGED.
 *
 * The first packet of a Vorbis stream adds nothing to it. A decoder that goes on from the track before gives a sound for
 * it, half of either track, which is to be skipped. So it is not known what it adds where the source was joined just there,
 * no more than for the first one in the middle, and both are left out.
 */
export function linkPackets(link: OggLink, headersEnd: number, decoder: Decoder): LinkPackets {
  const { format, isLapped } = link;
  let sequence = headersEnd;
  let place: 'start' | 'started' | 'middle' = 'start';
  /** The part of a packet that goes on on the next page. */
  let open: { readonly pieces: Uint8Array[]; size: Bytes } | null = null;
  let before = decoder.kind === 'goes on' ? decoder.from : null;
  let toSkip: Samples = format.preSkip;
  /** Where the last page ended, on the clock of the stream. */
  let position: Samples | null = 0;

  function push(page: OggPage): LivePacket[] {
    if (page.sequence !== sequence + 1) lose();
    sequence = page.sequence;
    return trimmed(wholePackets(page).flatMap(clocked), page);
  }

  /** Pages are missing: what follows is as if it had been joined here. */
  function lose(): void {
    if (place === 'start') place = 'middle';
    open = null;
    before = null;
    position = null;
    toSkip = 0;
  }

  function wholePackets({ isContinued, pieces }: OggPage): Uint8Array[] {
    const whole: Uint8Array[] = [];
    if (!isContinued) open = null;
    for (const [index, piece] of pieces.entries()) {
      const isRest = index === 0 && isContinued;
      if (isRest && open === null) continue;
      const packet: NonNullable<typeof open> = (isRest ? open : null) ?? { pieces: [], size: 0 };
      packet.pieces.push(piece.bytes);
      packet.size += piece.bytes.length;
      if (packet.size > LONGEST_PACKET) throw new BatonError('SOURCE_DAMAGED', 'a packet of Ogg without an end');
      open = piece.isWhole ? null : packet;
      if (piece.isWhole && packet.size > 0) whole.push(joined(packet.pieces));
    }
    return whole;
  }

  function clocked(bytes: Uint8Array): Clocked[] {
    const isFirst = place === 'start';
    if (isFirst) place = 'started';
    const last = before;
    before = bytes;
    if (isLapped && last === null && !(isFirst && decoder.kind === 'new')) return [];
    const samples = link.samplesOf(bytes, last);
    if (isLapped && isFirst) return [{ bytes, samples, ...(samples > 0 && { skip: samples }), ticks: 0 }];
    if (samples === 0) return [];
    const skip = Math.min(toSkip, samples);
    toSkip -= skip;
    return [{ bytes, samples, ...(skip > 0 && { skip }), ticks: samples }];
  }

  /** The last page of a stream ends before its last packet does (RFC 7845 4.4, Vorbis I A.2). */
  function trimmed(packets: readonly Clocked[], { granule, isLast }: OggPage): LivePacket[] {
    const length = packets.reduce((sum, { ticks }) => sum + ticks, 0);
    const excess = isLast && granule !== null && position !== null ? position + length - granule : 0;
    if (granule !== null) position = granule;
    let toCut = excess > 0 && excess <= length ? excess : 0;
    return packets
      .toReversed()
      .map(({ ticks, ...packet }) => {
        const cut = Math.min(toCut, ticks);
        toCut -= cut;
        return cut > 0 ? { ...packet, cut } : packet;
      })
      .toReversed();
  }

  return {
    push,
    format: () => (place === 'middle' ? { ...format, preSkip: 0 } : format),
    lastPacket: () => before,
  };
}

const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  pieces.length === 1 ? (pieces[0] ?? new Uint8Array()) : Buffer.concat(pieces);
