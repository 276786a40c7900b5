import type { Bytes, Samples } from '../units.ts';
import type { Demux, MediaPacket } from './demuxer.ts';
import { effort } from './effort.ts';
import { nextCapture, type OggPage, readOggPage } from './ogg-read.ts';
import type { PacketSamples } from './packet-samples.ts';

/** One logical stream of an Ogg file. */
export interface OggTrack {
  readonly serial: number;
  /** Where its first page with sound begins. */
  readonly start: Bytes;
  /** What its clock says there. */
  readonly origin: Samples;
  readonly samplesOf: PacketSamples;
  /** How long a packet lasts depends on the one before it. */
  readonly isChained: boolean;
}

/** A whole packet. */
interface Packet {
  readonly bytes: Uint8Array;
  readonly place: Bytes;
}

/** A packet that is being put together. */
interface OpenPacket {
  readonly pieces: Uint8Array[];
  readonly place: Bytes;
  size: Bytes;
}

/** A packet of sound is never larger, nor are those between two pages that say where they end. */
const MAX_HELD: Bytes = 4 * 2 ** 20;
const MAX_WAITING = 4096;

/**
 * The packets of one logical stream (RFC 3533). A page says where its last packet ends, so those on it are placed from
 * there backwards; not on the very last page, where that is the end of the sound and may lie within a packet.
 */
export const oggDemux =
  (track: OggTrack): Demux =>
  (start) => {
    let bytes: Uint8Array = new Uint8Array();
    let offset = start;
    let sequence: number | null = null;
    let open: OpenPacket | null = null;
    let before: Packet | null = null;
    let isStart = start === track.start;
    let position: Samples | null = isStart ? 0 : null;
    /** Packets whose end is told by no page yet. */
    let waiting: Omit<MediaPacket, 'at'>[] = [];
    let waitingBytes: Bytes = 0;
    const spent = effort();

    function push(more: Uint8Array): MediaPacket[] {
      spent.read(more.length);
      bytes = bytes.length === 0 ? more : Buffer.concat([bytes, more]);
      const packets: MediaPacket[] = [];
      let at = 0;
      for (;;) {
        at = nextCapture(bytes, at);
        const page = at < bytes.length ? readOggPage(bytes, at, spent) : 'more';
        if (page === 'more') break;
        if (page?.serial === track.serial) packets.push(...packetsOn(page, offset + at));
        at += page?.length ?? 1;
      }
      bytes = bytes.subarray(at);
      offset += at;
      return packets;
    }

    function packetsOn(page: OggPage, place: Bytes): MediaPacket[] {
      if (sequence !== null && page.sequence !== sequence + 1) lose();
      sequence = page.sequence;
      if (!page.isContinued) open = null;
      for (const [index, { bytes: piece, isWhole }] of page.pieces.entries()) {
        const isRest = index === 0 && page.isContinued;
        if (isRest && open === null) continue;
        const packet: OpenPacket = (isRest ? open : null) ?? { pieces: [], place, size: 0 };
        packet.pieces.push(piece);
        packet.size += piece.length;
        open = isWhole ? null : packet;
        if (isWhole)
          complete({ bytes: packet.pieces.length === 1 ? piece : Buffer.concat(packet.pieces), place: packet.place });
      }
      if ((open?.size ?? 0) + waitingBytes > MAX_HELD || waiting.length > MAX_WAITING) lose();
      return page.granule === null ? [] : placed(page.granule - track.origin, page.isLast);
    }

    function complete(packet: Packet): void {
      if (packet.bytes.length === 0) return;
      const isKnown = isStart || before !== null || !track.isChained;
      const samples = track.samplesOf(packet.bytes, before?.bytes ?? null);
      const place = track.isChained && before ? before.place : packet.place;
      if (isKnown) {
        waiting.push({ bytes: packet.bytes, samples, place });
        waitingBytes += packet.bytes.length;
      }
      before = packet;
      isStart = false;
    }

    function placed(end: Samples, isLast: boolean): MediaPacket[] {
      const length = waiting.reduce((sum, { samples }) => sum + samples, 0);
      let at = isLast ? position : end - length;
      const packets: MediaPacket[] = [];
      for (const packet of at === null ? [] : waiting) {
        packets.push({ ...packet, at: at ?? 0 });
        at = (at ?? 0) + packet.samples;
      }
      position = at;
      waiting = [];
      waitingBytes = 0;
      return packets;
    }

    function lose(): void {
      open = null;
      before = null;
      waiting = [];
      waitingBytes = 0;
      position = null;
    }

    return { push, end: () => [] };
  };
