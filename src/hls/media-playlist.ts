import type { types } from 'hls-parser';
import { BatonError } from '../errors.ts';
import type { ByteRange, Milliseconds, Seconds } from '../units.ts';
import { plainText, plainTitle } from './parser-text.ts';

/** The segments of one rendition (RFC 8216 section 4.3.3). */
export interface MediaPlaylist {
  readonly kind: 'media';
  readonly targetDuration: Seconds;
  /** Number of the first segment of the playlist, also where that is skipped. */
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  /** Whether nothing will be added to it. */
  readonly isEnded: boolean;
  readonly type: 'VOD' | 'EVENT' | null;
  readonly isIFrames: boolean;
  /** Of a delta update: so many segments stand in the one before. Else 0. */
  readonly skipped: number;
  readonly segments: readonly Segment[];
  /** Of the segment that is not complete yet. */
  readonly parts: readonly Part[];
  /** Longest part; null without parts. */
  readonly partTarget: Seconds | null;
  readonly canBlockReload: boolean;
}

/** A stretch of media. */
export interface Segment {
  readonly url: string;
  readonly duration: Seconds;
  readonly title: string;
  /** Null: all of it. */
  readonly range: ByteRange | null;
  readonly map: MediaMap | null;
  /** Null: not encrypted. */
  readonly key: Key | null;
  /** Whether it does not go on where the one before it ends. */
  readonly discontinuity: boolean;
  readonly discontinuitySequence: number;
  /** Whether the server says itself that it is missing. */
  readonly gap: boolean;
  /** Unix time of its beginning, where that is stated. */
  readonly programDateTime: Milliseconds | null;
  readonly mediaSequence: number;
  readonly parts: readonly Part[];
}

/** What stands before the segments of fragmented MP4. */
export interface MediaMap {
  readonly url: string;
  readonly range: ByteRange | null;
  /** Of the first segment behind it; later ones may have others (RFC 8216 4.3.2.5). */
  readonly key: Key | null;
}

/** How segments are encrypted. */
export interface Key {
  /** `AES-128`, `SAMPLE-AES` … */
  readonly method: string;
  /** Of the key; with another format than `identity` that system's own. Null where none is stated. */
  readonly url: string | null;
  /** 16 bytes; null: the media sequence number, big-endian. */
  readonly iv: Uint8Array | null;
  readonly format: string;
}

/** A part of a segment (low latency). */
export interface Part {
  readonly url: string;
  readonly duration: Seconds;
  readonly range: ByteRange | null;
  readonly independent: boolean;
  readonly gap: boolean;
}

/** A day: longer segments are a mistake. */
const LONGEST: Seconds = 86_400;

/** What hls-parser read of a text from `parserText`. @throws PLAYLIST_INVALID for numbers without sense */
export function mediaPlaylist(playlist: types.MediaPlaylist): MediaPlaylist {
  const { lowLatencyCompatibility: control, partTargetDuration } = playlist;
  const read = reader(playlist.skip > 0);
  // What follows the last segment comes as one without an address, and with the key and map of none.
  const complete = playlist.segments.filter(({ uri }) => uri !== '');
  const pending = playlist.segments.find(({ uri }) => uri === '');
  const targetDuration = seconds(playlist.targetDuration, 'EXT-X-TARGETDURATION');
  if (targetDuration === 0) throw invalid('no EXT-X-TARGETDURATION');
  return {
    kind: 'media',
    targetDuration,
    mediaSequence: whole(playlist.mediaSequenceBase ?? 0, 'EXT-X-MEDIA-SEQUENCE'),
    discontinuitySequence: whole(playlist.discontinuitySequenceBase ?? 0, 'EXT-X-DISCONTINUITY-SEQUENCE'),
    isEnded: playlist.endlist,
    type: playlist.playlistType === 'VOD' || playlist.playlistType === 'EVENT' ? playlist.playlistType : null,
    isIFrames: playlist.isIFrame === true,
    skipped: whole(playlist.skip, 'EXT-X-SKIP'),
    segments: complete.map(read.segment),
    parts: pending?.parts.map(read.part) ?? [],
    partTarget: partTargetDuration === undefined ? null : seconds(partTargetDuration, 'EXT-X-PART-INF'),
    canBlockReload: control?.canBlockReload === true,
  };
}

/** Keys and maps hold for many segments: each is read once. Where a range begins may be left to the one before it. */
function reader(hasSkipped: boolean) {
  const keys = new Map<types.Key, Key | null>();
  const maps = new Map<types.MediaInitializationSection, MediaMap>();
  let before: Placed = NOWHERE;
  let partBefore: Placed = NOWHERE;

  const segment = (one: types.Segment): Segment => {
    const key = remembered(keys, one.key, keyOf);
    const parts = one.parts.map(part);
    const range = rangeOf(one.uri, one.byterange, before, hasSkipped);
    before = { url: one.uri, range };
    return {
      url: one.uri,
      duration: seconds(one.duration, 'EXTINF'),
      title: plainTitle(one.title),
      range,
      map: remembered(maps, one.map, (map) => mapOf(map, key)),
      key,
      discontinuity: one.discontinuity === true,
      discontinuitySequence: whole(one.discontinuitySequence, 'EXT-X-DISCONTINUITY-SEQUENCE'),
      gap: one.gap === true,
      programDateTime: timeOf(one.programDateTime),
      mediaSequence: whole(one.mediaSequenceNumber, 'EXT-X-MEDIA-SEQUENCE'),
      parts,
    };
  };
  const part = (one: types.PartialSegment): Part => {
    const range = rangeOf(one.uri, one.byterange, partBefore, hasSkipped);
    partBefore = { url: one.uri, range };
    const duration = seconds(one.duration ?? 0, 'EXT-X-PART');
    return {
      url: plainText(one.uri) ?? '',
      duration,
      range,
      independent: one.independent === true,
      gap: one.gap === true,
    };
  };
  return { segment, part };
}

interface Placed {
  readonly url: string;
  readonly range: ByteRange | null;
}
const NOWHERE: Placed = { url: '', range: null };

/** Null: all of it; or, of a delta update, what only the playlist before it tells. */
function rangeOf(
  url: string,
  stated: types.Byterange | undefined,
  before: Placed,
  hasSkipped: boolean,
): ByteRange | null {
  if (stated === undefined) return null;
  const { length, offset } = stated;
  const isNext = before.url === url;
  if (hasSkipped && isNext && before.range === null) return null;
  // -1 is the parser's word for none.
  const start = offset >= 0 ? offset : isNext ? (before.range?.end ?? null) : null;
  if (start === null && hasSkipped) return null;
  if (start === null) throw invalid('a byte range that begins nowhere');
  if (!isWhole(start) || !isWhole(length) || length === 0 || !isWhole(start + length))
    throw invalid(`a byte range of ${length} at ${start}`);
  return { start, end: start + length };
}

const mapOf = ({ uri, byterange }: types.MediaInitializationSection, key: Key | null): MediaMap => {
  const fromStart =
    byterange === undefined ? undefined : { length: byterange.length, offset: Math.max(0, byterange.offset) };
  return { url: plainText(uri) ?? '', range: rangeOf(uri, fromStart, NOWHERE, false), key };
};

function keyOf({ method, uri, iv, format }: types.Key): Key | null {
  if (method === 'NONE') return null;
  if (!method) throw invalid('EXT-X-KEY without METHOD');
  const bytes = iv === undefined ? null : new Uint8Array(iv);
  if (bytes !== null && bytes.length !== 16) throw invalid(`an IV of ${bytes.length} bytes`);
  return { method, url: plainText(uri), iv: bytes, format: plainText(format) ?? 'identity' };
}

function remembered<From, To>(
  known: Map<From, To>,
  from: From | null | undefined,
  read: (from: From) => To,
): To | null {
  if (from === null || from === undefined) return null;
  const found = known.get(from);
  if (found !== undefined) return found;
  const made = read(from);
  known.set(from, made);
  return made;
}

const timeOf = (date: Date | undefined): Milliseconds | null => {
  const time = date?.getTime() ?? NaN;
  return Number.isNaN(time) ? null : time;
};

function seconds(value: number | undefined, tag: string): Seconds {
  if (value === undefined || !(value >= 0 && value <= LONGEST)) throw invalid(`${tag} of ${value ?? 'no'} seconds`);
  return value;
}

function whole(value: number, tag: string): number {
  if (!isWhole(value)) throw invalid(`${tag} of ${value}`);
  return value;
}

const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const invalid = (detail: string): BatonError => new BatonError('PLAYLIST_INVALID', detail);
