import { crc32 } from 'node:zlib';
import { BatonError, hasCode } from '../errors.ts';
import { withImports, writeImports } from '../hls/imports.ts';
import { playlistLines, playlistText } from '../hls/lines.ts';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import { readPlaylist } from '../hls/playlist.ts';
import { variablesOf } from '../hls/variables.ts';
import type { PictureCoding } from '../media/picture-entry.ts';
import type { Net } from '../net/open.ts';
import type { Bytes, Milliseconds, Seconds } from '../units.ts';
import { type PictureAddress, pictureAddresses } from './hls-choice.ts';
import { type HlsPictures, readPictures } from './hls-pictures.ts';
import { fetchPlaylist, isOver, mediaPlaylistAt, shapeOf } from './hls-playlist.ts';
import { hlsReader } from './hls-reader.ts';
import { mainSegments } from './main-segments.ts';
import type { SourceMeter } from './reader.ts';

/** The segments with the pictures of a playlist that is over. */
export interface PictureSegments {
  /** Where the playlist was found, after redirects. */
  readonly url: string;
  /** Tells this version of it from others. */
  readonly shape: string;
  /** Bits a second, as the playlist that leads to it says, with sound that is in it; null where it says nothing. */
  readonly bandwidth: number | null;
  readonly list: readonly PictureSegment[];
  /** Of the longest stretch, without gaps. */
  readonly main: readonly number[];
  /** Whether another playlist was seen at its address. */
  isStale(): boolean;
  /** How a segment begins; null where it is missing, damaged or without pictures. Throws what reading does otherwise. */
  first(
    number: number,
    known: PictureCoding | null,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<FirstPicture | null>;
  /** The pictures of a segment, the first one `near` that time; null as `first`. */
  read(
    number: number,
    near: Seconds | null,
    known: PictureCoding | null,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<HlsPictures | null>;
  /** The pictures of one that the others are like. Throws SOURCE_MISSING, SOURCE_DAMAGED, SOURCE_NO_VIDEO, VIDEO_UNSUPPORTED too. */
  model(number: number, signal: AbortSignal, meter?: SourceMeter): Promise<HlsPictures>;
}

export interface PictureSegment {
  readonly duration: Seconds;
  /** Time stamps go on within a stretch (EXT-X-DISCONTINUITY-SEQUENCE). */
  readonly stretch: number;
}

/** What a segment begins with, on the clock of its stretch. */
export interface FirstPicture {
  readonly at: Seconds;
  readonly decodedAt: Seconds;
  readonly isIdr: boolean;
  /** Of the segment, with all that is in it; null where nobody says. */
  readonly bytes: Bytes | null;
  /** Tells one decoder configuration from another. */
  readonly coding: number;
}

const SEGMENT_MS: Milliseconds = 60_000;
/** Variants that are tried where the best are missing. */
const MOST_TRIED = 4;
/** A first picture begins within so much of its segment; where it does not, all is read. */
const BEGINNINGS: readonly Bytes[] = [48 * 1024, 512 * 1024];
const ABSENT = ['SOURCE_MISSING', 'SOURCE_DAMAGED', 'SOURCE_NO_VIDEO', 'VIDEO_UNSUPPORTED'] as const;

/**
 * The segments of the variant with the best pictures that the playlist at `url` leads to.
 * @throws SOURCE_NO_VIDEO, SOURCE_LIVE, PLAYLIST_INVALID, and what reading does
 */
export async function openPictureSegments(
  url: string,
  net: Pick<Net, 'open'>,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<PictureSegments> {
  const found = await picturePlaylist(url, net, signal, meter);
  const { bandwidth } = found;
  let { media } = found;
  let isStale = false;
  if (!isOver(media)) throw new BatonError('SOURCE_LIVE', url);
  const shape = shapeOf(media);
  const reader = hlsReader(net, { segmentMs: SEGMENT_MS });

  /** What `read` gives for the segment; where it is gone, for what its link leads to now. */
  async function of<T>(number: number, stop: AbortSignal, read: (segment: Segment) => Promise<T>): Promise<T> {
    const segment = media.segments[number];
    if (segment === undefined || segment.gap) throw new BatonError('SOURCE_MISSING', `a gap at ${number} of ${url}`);
    return await read(segment).catch(async (error: unknown) => {
      if (!hasCode(error, 'SOURCE_MISSING', 'SOURCE_PRIVATE')) throw error;
      const again = await picturePlaylist(url, net, stop, meter);
      isStale = shapeOf(again.media) !== shape;
      if (isStale) throw new BatonError('SOURCE_CHANGED', `another playlist at ${url}`);
      const moved = again.media.segments[number];
      if (moved === undefined || moved.url === segment.url) throw error;
      ({ media } = again);
      return await read(moved);
    });
  }

  /** The same, null for what is not there. */
  async function ifThere<T>(number: number, stop: AbortSignal, read: (segment: Segment) => Promise<T>) {
    try {
      return await of(number, stop, read);
    } catch (error) {
      stop.throwIfAborted();
      if (hasCode(error, ...ABSENT)) return null;
      throw error;
    }
  }

  const wholly =
    (near: Seconds | null, known: PictureCoding | null, stop: AbortSignal, reading?: SourceMeter) =>
    async (segment: Segment): Promise<HlsPictures> => {
      const track = await reader.pictureTrack(segment, stop, reading);
      return readPictures(await reader.segment(segment, stop, reading), { track, near, known });
    };

  return {
    ...{ url: found.url, shape, bandwidth, isStale: () => isStale },
    list: media.segments.map(({ duration, discontinuitySequence }) => ({ duration, stretch: discontinuitySequence })),
    main: mainSegments(media.segments),
    first: (number, known, stop, reading) =>
      ifThere(number, stop, async (segment) => {
        const track = await reader.pictureTrack(segment, stop, reading);
        for (const most of [...BEGINNINGS, null]) {
          const part = most === null ? null : await reader.beginning(segment, most, stop, reading);
          const bytes = part?.bytes ?? (await reader.segment(segment, stop, reading));
          const isCut = part !== null && (part.size === null || bytes.length < part.size);
          const read = attempt(() => readPictures(bytes, { track, known, near: null, isCut }));
          if (read instanceof BatonError && isCut) continue;
          if (read instanceof BatonError) throw read;
          return firstOf(read, part === null ? bytes.length : part.size);
        }
        return null;
      }),
    read: (number, near, known, stop, reading) => ifThere(number, stop, wholly(near, known, stop, reading)),
    model: (number, stop, reading) => of(number, stop, wholly(null, null, stop, reading)),
  };
}

interface Found {
  readonly media: MediaPlaylist;
  readonly url: string;
  readonly bandwidth: number | null;
}

async function picturePlaylist(
  url: string,
  net: Pick<Net, 'open'>,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Found> {
  const text = await fetchPlaylist(url, net, signal, meter);
  const playlist = readPlaylist(text.bytes, text.url);
  if (playlist.kind === 'media') return { media: playlist, url: text.url, bandwidth: null };
  let failure: unknown = new BatonError('SOURCE_NO_VIDEO', `no variant with pictures in ${text.url}`);
  const imports = writeImports(variablesOf(playlistLines(playlistText(text.bytes)), text.url));
  const addresses: readonly PictureAddress[] = pictureAddresses(playlist);
  for (const { url: address, bandwidth } of addresses.slice(0, MOST_TRIED)) {
    try {
      return { ...(await mediaPlaylistAt(withImports(address, imports), net, signal, meter)), bandwidth };
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw failure;
}

function firstOf({ pictures: [first], coding }: HlsPictures, bytes: Bytes | null): FirstPicture | null {
  if (first === undefined) return null;
  const { at, decodedAt, isIdr } = first;
  return { at, decodedAt, isIdr, bytes, coding: crc32(coding.config ?? new Uint8Array()) };
}

function attempt<T>(read: () => T): T | BatonError {
  try {
    return read();
  } catch (error) {
    if (error instanceof BatonError) return error;
    throw error;
  }
}
