import { BatonError, hasCode } from '../errors.ts';
import type { PictureSegments } from '../source/picture-segments.ts';
import type { SourceMeter } from '../source/reader.ts';
import { type Source, shortHash } from '../source/record.ts';
import type { Sources } from '../source/sources.ts';
import type { Store } from '../store/store.ts';
import type { Film } from './film.ts';
import { hlsFilm } from './hls-film.ts';
import { decodeFilmIndex, encodeFilmIndex, scanSegments, type HlsFilmIndex } from './hls-film-index.ts';

/** Kept of a playlist without pictures. */
const NONE = new Uint8Array();

/** The pictures of a playlist of HLS, whose index is kept in `store`. Throws SOURCE_NO_VIDEO, VIDEO_UNSUPPORTED, and what reading does. */
export async function openHlsFilm(
  source: Source,
  sources: Sources,
  store: Store,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Film> {
  const { version, isSilent } = source.record;
  const key = `index/${version}.pictures`;
  if ((await store.get(key, signal)) !== null) throw new BatonError('SOURCE_NO_VIDEO', source.url);
  try {
    const segments = await sources.pictureSegments(source, signal, meter);
    const index = await storedIndex(`${key}.${segments.shape}`, segments, store, signal, meter);
    const marks = isSilent === true ? [] : await sources.soundMarks(source, signal, meter);
    return hlsFilm(index, segments, marks, shortHash(`${version} ${segments.shape}`));
  } catch (error) {
    if (hasCode(error, 'SOURCE_NO_VIDEO')) store.putIfAbsent(key, NONE).catch(() => undefined); // it is found out again
    throw error;
  }
}

async function storedIndex(
  key: string,
  segments: PictureSegments,
  store: Store,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<HlsFilmIndex> {
  const stored = await store.get(key, signal);
  const known = stored && decodeFilmIndex(stored.bytes);
  if (known?.firsts.length === segments.list.length) return known;
  const index = await scanSegments(segments, signal, meter);
  try {
    if (await store.putIfAbsent(key, encodeFilmIndex(index), signal)) return index;
    const other = await store.get(key, signal);
    return (other && decodeFilmIndex(other.bytes)) ?? index; // of two that were found at once all keep to one
  } catch {
    signal.throwIfAborted();
    return index; // it can be made again
  }
}
