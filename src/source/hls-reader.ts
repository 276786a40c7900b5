import { BatonError, hasCode, toBatonError } from '../errors.ts';
import type { Key, MediaMap, Segment } from '../hls/media-playlist.ts';
import { type FragmentTrack, type PictureTrack, readFragmentInit, readPictureInit } from '../media/fragment-init.ts';
import { boxAt } from '../media/box-read.ts';
import type { Net } from '../net/open.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { type Beginning, fetchBeginning, fetchWhole } from './hls-fetch.ts';
import { decrypted, decryptedStart, expectKey, keyUrl, vectorOf } from './hls-key.ts';
import type { SourceMeter } from './reader.ts';
import { recent } from './recent.ts';

/** Reads what media playlists name: segments, and the keys and initialization sections that go with them. */
export interface HlsReader {
  /**
   * The segment as it was before encryption. Throws SOURCE_MISSING, SOURCE_PROTECTED, SOURCE_DAMAGED, SOURCE_PRIVATE (its
   * key is not to be had), and as `fetchWhole`.
   */
  segment(segment: Segment, signal: AbortSignal, meter?: SourceMeter): Promise<Uint8Array>;
  /** The first `most` bytes of it, and how many there are as it comes. Throws as `segment`. */
  beginning(segment: Segment, most: Bytes, signal: AbortSignal, meter?: SourceMeter): Promise<Beginning>;
  /** The sound track that its initialization section describes; null without one. Throws as `segment`, and SOURCE_NO_AUDIO. */
  track(segment: Segment, signal: AbortSignal, meter?: SourceMeter): Promise<FragmentTrack | null>;
  /** The same of its pictures. Throws as `segment`, SOURCE_NO_VIDEO and VIDEO_UNSUPPORTED. */
  pictureTrack(segment: Segment, signal: AbortSignal, meter?: SourceMeter): Promise<PictureTrack | null>;
}

/** How long one thing may take, and how often it is tried again. */
export interface HlsPatience {
  readonly segmentMs: Milliseconds;
  readonly retries?: number;
}

/** Of 25 Mbit/s, ten seconds. */
const MAX_SEGMENT: Bytes = 32 * 2 ** 20;
const MAX_MAP: Bytes = 2 ** 20;
const MAX_KEY: Bytes = 1024;
const SMALL_MS: Milliseconds = 15_000;
const KEPT = 32;
const MOST_KEPT: Bytes = 2 * 2 ** 20;

/** Keeps the keys and sections used last. */
export function hlsReader(net: Pick<Net, 'open'>, { segmentMs, retries }: HlsPatience): HlsReader {
  const keys = recent<string, Promise<Uint8Array>>(KEPT);
  const tracks = recent<string, Promise<Tracks>>(KEPT);
  /** What a probe has read, the first play needs again. */
  const last = recent<string, Uint8Array>(1);
  const patience = retries === undefined ? {} : { retries };

  function keyOf(key: Key, signal: AbortSignal, meter?: SourceMeter): Promise<Uint8Array> {
    const url = keyUrl(key);
    return kept(keys, url, async () => {
      const wanted = { url, range: null, maxBytes: MAX_KEY, withinMs: SMALL_MS, ...patience };
      try {
        return expectKey((await fetchWhole(net, wanted, signal, meter)).bytes);
      } catch (error) {
        if (hasCode(error, 'SOURCE_MISSING')) throw new BatonError('SOURCE_PRIVATE', `no key at ${url}`);
        throw error;
      }
    });
  }

  async function plain(bytes: Uint8Array, key: Key | null, number: number, signal: AbortSignal, meter?: SourceMeter) {
    if (key === null) return bytes;
    return decrypted(bytes, await keyOf(key, signal, meter), vectorOf(key, number));
  }

  async function readTracks(
    segment: Segment,
    map: MediaMap,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<Tracks> {
    const { url, range, key } = map;
    const wanted = { url, range, maxBytes: MAX_MAP, withinMs: SMALL_MS, ...patience };
    const { bytes } = await fetchWhole(net, wanted, signal, meter);
    const isPlain = boxAt(bytes, 'moov') !== null;
    const section = isPlain ? bytes : await plain(bytes, key, segment.mediaSequence, signal, meter);
    if (boxAt(section, 'moov') === null)
      throw new BatonError('SOURCE_DAMAGED', `no initialization section at ${map.url}`);
    return { sound: attempt(() => readFragmentInit(section)), pictures: attempt(() => readPictureInit(section)) };
  }

  /** Of the initialization section of a segment, if it has one. */
  async function trackIn<K extends keyof Tracks>(
    kind: K,
    segment: Segment,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<Exclude<Tracks[K], BatonError> | null> {
    const { map } = segment;
    if (map === null) return null;
    const found = (
      await kept(tracks, JSON.stringify([map.url, map.range]), () => readTracks(segment, map, signal, meter))
    )[kind];
    if (found instanceof BatonError) throw found;
    if (found === null) throw new BatonError(WITHOUT[kind], `no track of ${kind} in ${map.url}`);
    return found as Exclude<Tracks[K], BatonError>;
  }

  return {
    segment: async (segment, signal, meter) => {
      const { url, range } = segment;
      if (segment.key !== null) keyUrl(segment.key); // before anything is read
      const wanted = { url, range, maxBytes: MAX_SEGMENT, withinMs: segmentMs, ...patience };
      const name = JSON.stringify([url, range]);
      const bytes = last.get(name) ?? (await fetchWhole(net, wanted, signal, meter)).bytes;
      if (bytes.length <= MOST_KEPT) last.set(name, bytes);
      return await plain(bytes, segment.key, segment.mediaSequence, signal, meter);
    },
    beginning: async (segment, most, signal, meter) => {
      const { url, range, key, mediaSequence } = segment;
      if (key !== null) keyUrl(key);
      const wanted = { url, range, maxBytes: most, withinMs: segmentMs, ...patience };
      const { bytes, size } = await fetchBeginning(net, wanted, signal, meter);
      if (key === null) return { bytes, size };
      return { bytes: decryptedStart(bytes, await keyOf(key, signal, meter), vectorOf(key, mediaSequence)), size };
    },
    track: (...of) => trackIn('sound', ...of),
    pictureTrack: (...of) => trackIn('pictures', ...of),
  };
}

/** What an initialization section describes, or why that cannot be read. */
interface Tracks {
  readonly sound: FragmentTrack | null | BatonError;
  readonly pictures: PictureTrack | null | BatonError;
}

const WITHOUT = { sound: 'SOURCE_NO_AUDIO', pictures: 'SOURCE_NO_VIDEO' } as const;

function attempt<T>(read: () => T): T | BatonError {
  try {
    return read();
  } catch (error) {
    return toBatonError(error);
  }
}

/** What is known, or being read; what could not be read is read again the next time. */
async function kept<T>(
  known: ReturnType<typeof recent<string, Promise<T>>>,
  name: string,
  read: () => Promise<T>,
): Promise<T> {
  const found = known.get(name);
  if (found !== undefined) {
    const value = await found.catch(() => null); // it may have failed for who asked first alone
    if (value !== null) return value;
  }
  const reading = read();
  reading.catch(() => undefined);
  known.set(name, reading);
  return await reading;
}
