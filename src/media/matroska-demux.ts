import type { Bytes, Samples } from '../units.ts';
import type { Demux, MediaPacket } from './demuxer.ts';
import { type EbmlHead, ebmlUint, readEbmlHead } from './ebml.ts';
import { blockTrack, type MatroskaBlock, readMatroskaBlock } from './matroska-blocks.ts';
import { ID } from './matroska-ids.ts';
import type { PacketSamples } from './packet-samples.ts';

/** One track of a Matroska file. */
export interface MatroskaSound {
  readonly track: number;
  /** Where its first cluster begins. */
  readonly start: Bytes;
  /** The timestamp of its first block, in ticks. */
  readonly origin: number;
  readonly tickSamples: number;
  readonly sampleNs: number;
  /** Timestamps are rounded to ticks; true positions are multiples of this. */
  readonly grain: Samples;
  readonly samplesOf: PacketSamples;
  /** How long a packet lasts depends on the one before it. */
  readonly isChained: boolean;
  /** What was stripped from the front of every frame (RFC 9559 5.1.4.1.31.6). */
  readonly prefix: Uint8Array;
  /** The track is of pictures: they are larger, and not every one is a key. */
  readonly isPictures?: true;
}

/** Everything that stands between clusters, or in them. */
const LEVEL_1: readonly number[] = [ID.seekHead, ID.info, ID.tracks, ID.cues, ID.chapters, ID.tags, ID.attachments];
const IN_CLUSTER: readonly number[] = [ID.timestamp, ID.simpleBlock, ID.blockGroup, 0xab, 0xa7, 0xbf, 0xec, 0x5854];
/** The first byte of the id of a cluster. */
const CLUSTER_BYTE = 0x1f;
/** Enough of a block to tell its track. */
const BLOCK_HEAD: Bytes = 40;
const MAX_UINT: Bytes = 8;
/** A packet is never larger. */
const MAX_BLOCK = { sound: 4 * 2 ** 20, pictures: 32 * 2 ** 20 } as const satisfies Record<string, Bytes>;

/** The packets of one track of a Matroska or WebM file (RFC 9559), from the first cluster on that begins in the bytes. */
export const matroskaDemux =
  (sound: MatroskaSound): Demux =>
  (start) => {
    let pieces: Uint8Array[] = [];
    let held: Bytes = 0;
    /** So many have to be held before anything can be read. */
    let needed: Bytes = 1;
    let bytes: Uint8Array = new Uint8Array();
    let offset = start;
    let skip: Bytes = 0;
    let cluster: { readonly place: Bytes; ticks: number | null } | null = null;
    let before: { readonly bytes: Uint8Array; readonly place: Bytes } | null = null;
    let isStart = start === sound.start;

    function push(more: Uint8Array): MediaPacket[] {
      if (skip >= more.length) {
        skip -= more.length;
        offset += more.length;
        return [];
      }
      offset += skip;
      const rest = more.subarray(skip);
      skip = 0;
      pieces.push(rest);
      held += rest.length;
      const packets: MediaPacket[] = [];
      if (held < needed) return packets;
      bytes = pieces.length === 1 ? rest : Buffer.concat(pieces);
      let at = 0;
      for (let used = step(at, packets); used > 0; used = step(at, packets)) at += used;
      skip = Math.max(0, at - bytes.length);
      offset += Math.min(at, bytes.length);
      pieces = at < bytes.length ? [bytes.subarray(at)] : [];
      held = Math.max(0, bytes.length - at);
      return packets;
    }

    /** Reads one element at `at`: how many bytes are done with, 0 when `needed` says how many it takes. */
    function step(at: number, packets: MediaPacket[]): Bytes {
      needed = 1;
      if (at >= bytes.length) return 0;
      const head = readEbmlHead(bytes, at);
      if (head === 'more') return short(bytes.length - at + 1);
      if (head?.id === ID.cluster) {
        cluster = { place: offset + at, ticks: null };
        return head.length;
      }
      if (cluster === null || head === null || !isKnown(head)) return lost(at);
      const content = at + head.length;
      const size = head.size ?? 0;
      if (head.id === ID.simpleBlock || head.id === ID.blockGroup) {
        const opening = bytes.subarray(content, content + Math.min(size, BLOCK_HEAD));
        if (opening.length < Math.min(size, BLOCK_HEAD)) return short(head.length + Math.min(size, BLOCK_HEAD));
        const isOurs = head.id === ID.blockGroup || blockTrack(opening) === sound.track;
        if (isOurs && size <= MAX_BLOCK[sound.isPictures ? 'pictures' : 'sound']) {
          if (content + size > bytes.length) return short(head.length + size);
          const block = readMatroskaBlock(head.id, bytes.subarray(content, content + size));
          if (block?.track === sound.track) packets.push(...packetsIn(block));
        }
      } else if (head.id === ID.timestamp && size <= MAX_UINT) {
        if (content + size > bytes.length) return short(head.length + size);
        cluster.ticks = ebmlUint(bytes.subarray(content, content + size));
      }
      return head.length + size;
    }

    function short(of: Bytes): 0 {
      needed = of;
      return 0;
    }

    /** To where a cluster may begin next. */
    function lost(at: number): Bytes {
      cluster = null;
      before = null;
      isStart = false;
      const next = bytes.indexOf(CLUSTER_BYTE, at + 1);
      return (next < 0 ? bytes.length : next) - at;
    }

    function packetsIn({ ticks, frames, isKey, discardNs }: MatroskaBlock): MediaPacket[] {
      if (cluster?.ticks == null) return [];
      const packets: MediaPacket[] = [];
      const exact = (cluster.ticks + ticks - sound.origin) * sound.tickSamples;
      let at = Math.max(0, Math.round(exact / sound.grain) * sound.grain);
      for (const [index, frame] of frames.entries()) {
        const packet = sound.prefix.length === 0 ? frame : Buffer.concat([sound.prefix, frame]);
        const discarded = index === frames.length - 1 ? Math.round(discardNs / sound.sampleNs) : 0;
        const samples = Math.max(0, sound.samplesOf(packet, before?.bytes ?? null) - discarded);
        const place = sound.isChained && before ? before.place : cluster.place;
        const key = sound.isPictures ? { isKey } : {};
        if (isStart || before !== null || !sound.isChained) packets.push({ bytes: packet, at, samples, place, ...key });
        before = { bytes: packet, place: cluster.place };
        isStart = false;
        at += samples;
      }
      return packets;
    }

    return { push, end: () => [] };
  };

const isKnown = ({ id, size }: EbmlHead): boolean =>
  size === null ? id === ID.segment : IN_CLUSTER.includes(id) || LEVEL_1.includes(id);
