import type { Hertz, Samples, Seconds } from '../units.ts';
import { boxAt, boxesIn, fourCharacters, uint16, uint32, uint64 } from './box-read.ts';
import { flacHead } from './flac-head.ts';
import type { FragmentClock, FragmentDefaults } from './fragments.ts';
import { preSkipOf, withoutPreSkip } from './opus-pre-skip.ts';
import { readSampleEntry, type PictureCoding } from './picture-entry.ts';

/** The sound track that an initialization section of fragmented MP4 describes (RFC 8216 3.3). */
export interface FragmentTrack extends FragmentClock {
  readonly coding: FragmentCoding;
  /** Ticks before its sound begins, as an edit list says (ISO/IEC 14496-12 8.6.6). */
  readonly start: number;
  /** Its time stamp for what is heard at 0 of the presentation. */
  readonly origin: Seconds;
}

export type FragmentCoding =
  | {
      readonly kind: 'sound';
      readonly codec: 'aac' | 'mp3' | 'opus' | 'flac';
      /** As in an AudioSpecificConfig, an OpusHead, a FLAC head; null for MP3. */
      readonly config: Uint8Array | null;
      readonly sampleRate: Hertz;
      readonly channels: number;
      /** What Opus says is to be dropped in front, which `config` does not. */
      readonly preSkip?: Samples;
    }
  | { readonly kind: 'unsupported' | 'protected'; readonly name: string };

/** The first sound track; null where there is none. */
export function readFragmentInit(bytes: Uint8Array): FragmentTrack | null {
  const found = describedTrack(bytes, 'soun');
  return found && { ...found.clock, ...found.edited, coding: codingOf(found.entries) };
}

/** A track with pictures of an initialization section. */
export interface PictureTrack extends FragmentClock {
  readonly coding: PictureCoding;
  /** Its time stamp for what is shown at 0 of the presentation. */
  readonly origin: Seconds;
}

/** The first track of pictures; null where there is none. Throws VIDEO_UNSUPPORTED, SOURCE_DAMAGED. */
export function readPictureInit(bytes: Uint8Array): PictureTrack | null {
  const found = describedTrack(bytes, 'vide');
  return found && { ...found.clock, origin: found.edited.origin, coding: readSampleEntry(found.entries) };
}

/** The first track of a kind that is described in full. */
function describedTrack(
  bytes: Uint8Array,
  kind: 'soun' | 'vide',
): { readonly clock: FragmentClock; readonly entries: Uint8Array; readonly edited: Edited } | null {
  const moov = boxAt(bytes, 'moov');
  for (const { type, content: trak } of boxesIn(moov ?? NOTHING)) {
    const handler = type === 'trak' ? boxAt(trak, 'mdia', 'hdlr') : null;
    const entries = handler && boxAt(trak, 'mdia', 'minf', 'stbl', 'stsd');
    const header = boxAt(trak, 'mdia', 'mdhd');
    const track = boxAt(trak, 'tkhd');
    if (handler === null || fourCharacters(handler, 8) !== kind) continue;
    if (entries === null || header === null || track === null) continue;
    const id = uint32(track, track[0] === 1 ? 20 : 12);
    const timescale = uint32(header, header[0] === 1 ? 20 : 12);
    if (timescale === 0) continue;
    const defaults = defaultsOf(boxAt(moov ?? NOTHING, 'mvex'), id);
    const movie = boxAt(moov ?? NOTHING, 'mvhd');
    const movieScale = movie === null ? 0 : uint32(movie, movie[0] === 1 ? 20 : 12);
    const edited = editedBy(boxAt(trak, 'edts', 'elst'), timescale, movieScale);
    return { clock: { id, timescale, defaults }, entries, edited };
  }
  return null;
}

const NOTHING = new Uint8Array();

function defaultsOf(mvex: Uint8Array | null, id: number): FragmentDefaults {
  for (const { type, content } of boxesIn(mvex ?? NOTHING))
    if (type === 'trex' && uint32(content, 4) === id)
      return { duration: uint32(content, 12), size: uint32(content, 16), flags: uint32(content, 20) };
  return { duration: 0, size: 0, flags: 0 };
}

interface Edited {
  readonly start: number;
  readonly origin: Seconds;
}

/** By the first edit that is not empty, and the empty ones before it (ISO/IEC 14496-12 8.6.6). */
function editedBy(list: Uint8Array | null, timescale: Hertz, movieScale: Hertz): Edited {
  if (list === null) return { start: 0, origin: 0 };
  const isLong = list[0] === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = Math.min(uint32(list, 4), Math.floor((list.length - 8) / entryBytes), 2);
  let delay: Seconds = 0;
  for (let index = 0; index < count; index++) {
    const entry = 8 + index * entryBytes;
    const at = entry + (isLong ? 8 : 4);
    const start = isLong ? uint64(list, at) : uint32(list, at);
    if (uint32(list, at) !== EMPTY) return { start, origin: start / timescale - delay };
    if (movieScale > 0) delay += (isLong ? uint64(list, entry) : uint32(list, entry)) / movieScale;
  }
  return { start: 0, origin: 0 - delay };
}

const EMPTY = 0xffff_ffff;

function codingOf(stsd: Uint8Array): FragmentCoding {
  const [entry] = boxesIn(stsd.subarray(8));
  if (entry === undefined) return { kind: 'unsupported', name: 'a track without a description' };
  const { type, content } = entry;
  // Version 1 of QuickTime has 16 bytes more, version 2 has 36.
  const version = uint16(content, 8);
  const boxes = content.subarray(28 + (version === 1 ? 16 : version === 2 ? 36 : 0));
  const plain = { kind: 'sound', sampleRate: uint16(content, 24), channels: uint16(content, 16) } as const;
  if (type === 'enca') return { kind: 'protected', name: 'common encryption' };
  if (type === '.mp3') return { ...plain, codec: 'mp3', config: null };
  if (type === 'mp4a') return esCoding(plain, boxAt(boxes, 'esds') ?? boxAt(boxes, 'wave', 'esds'));
  const opus = type === 'Opus' ? boxAt(boxes, 'dOps') : null;
  if (opus !== null) {
    const head = opusHeadOf(opus);
    const coded = { config: withoutPreSkip(head), preSkip: preSkipOf(head) };
    return { kind: 'sound', codec: 'opus', ...coded, sampleRate: 48_000, channels: opus[1] ?? 0 };
  }
  const flac = type === 'fLaC' ? boxAt(boxes, 'dfLa') : null;
  const info = flac?.subarray(8, 42);
  if (info?.length === 34) {
    const rate = (uint16(info, 10) << 4) | ((info[12] ?? 0) >> 4);
    return { ...plain, codec: 'flac', config: flacHead(info, null), sampleRate: rate };
  }
  return { kind: 'unsupported', name: type.trim() };
}

/** An OpusSpecificBox has the fields of an OpusHead, with the high byte first (Opus in ISOBMFF 4.3.2). */
function opusHeadOf(box: Uint8Array): Uint8Array {
  const head = new Uint8Array(8 + box.length);
  head.set(new TextEncoder().encode('OpusHead'));
  head.set(box, 8);
  head[8] = 1;
  const swap = (at: number, count: number): void => void head.subarray(at, at + count).reverse();
  swap(10, 2);
  swap(12, 4);
  swap(16, 2);
  return head;
}

/** What an elementary stream descriptor says (ISO/IEC 14496-1 7.2.6.5). */
function esCoding(
  plain: { readonly kind: 'sound'; readonly sampleRate: Hertz; readonly channels: number },
  esds: Uint8Array | null,
): FragmentCoding {
  const stream = descriptorIn(esds?.subarray(4) ?? NOTHING, 3);
  const flags = stream?.[2] ?? 0;
  const skipped = 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x40 ? 1 + (stream?.[3 + (flags & 0x80 ? 2 : 0)] ?? 0) : 0);
  const config = descriptorIn(stream?.subarray(skipped + (flags & 0x20 ? 2 : 0)) ?? NOTHING, 4);
  const type = config?.[0];
  if (type === 0x69 || type === 0x6b) return { ...plain, codec: 'mp3', config: null };
  const specific = descriptorIn(config?.subarray(13) ?? NOTHING, 5);
  if (specific === null || specific.length < 2)
    return { kind: 'unsupported', name: `mp4a.${type?.toString(16) ?? '?'}` };
  return { ...plain, codec: 'aac', config: specific.slice() };
}

/** The content of the first descriptor, if it has this tag. */
function descriptorIn(bytes: Uint8Array, tag: number): Uint8Array | null {
  if (bytes[0] !== tag) return null;
  let at = 1;
  let length = 0;
  for (let more = true; more && at < 5; at++) {
    const byte = bytes[at] ?? 0;
    length = (length << 7) | (byte & 0x7f);
    more = (byte & 0x80) !== 0;
  }
  return bytes.subarray(at, at + length);
}
