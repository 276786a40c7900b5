import { BatonError } from '../errors.ts';
import type { SourceMeter } from '../source/reader.ts';
import { recent } from '../source/recent.ts';
import type { Source } from '../source/record.ts';
import { sharing } from '../source/sharing.ts';
import type { Sources } from '../source/sources.ts';
import type { Store } from '../store/store.ts';
import type { Seconds } from '../units.ts';
import type { Film } from './film.ts';
import type { FilmBytes } from './film-bytes.ts';
import { openHlsFilm } from './open-hls-film.ts';
import { openMatroskaFilm } from './matroska-film.ts';
import { movieFilm } from './movie-film.ts';
import { readMovieIndex } from './movie-index.ts';
import { fetchPictures, soundStartIn } from './open-movie.ts';

/** The pictures of sources. */
export interface Films {
  /**
   * Those of a source. Throws SOURCE_NO_VIDEO, VIDEO_UNSUPPORTED, SOURCE_DAMAGED, SOURCE_TOO_LARGE (the index, or longer than
   * a day), and what reading does.
   */
  open(source: Source, signal: AbortSignal, meter?: SourceMeter): Promise<Film>;
}

/** The tables of a film of three hours take 8 MB. */
const HELD = 4;

const LONGEST: Seconds = 86_400;

/** Films over `sources`, whose indexes are kept in `store`. */
export function createFilms(sources: Sources, store: Store): Films {
  const films = recent<string, Film>(HELD);
  const openOnce = sharing(async (version: string, signal: AbortSignal, asked: Asked): Promise<Film> => {
    const film = await openFilm(asked, sources, store, signal);
    if (!(film.duration <= LONGEST)) throw new BatonError('SOURCE_TOO_LARGE', `pictures of ${film.duration} s`);
    films.set(version, film);
    return film;
  });
  return {
    open: async (source, signal, meter) => {
      const { version } = source.record;
      const known = films.get(version);
      if (known !== undefined && known.isStale?.() !== true) return known;
      return await openOnce(version, signal, { source, meter });
    },
  };
}

interface Asked {
  readonly source: Source;
  readonly meter: SourceMeter | undefined;
}

async function openFilm({ source, meter }: Asked, sources: Sources, store: Store, signal: AbortSignal): Promise<Film> {
  const { container, version, size } = source.record;
  const bytes: FilmBytes = { size, stream: (...at) => sources.bytes(source, ...at) };
  if (container === 'matroska') return await openMatroskaFilm(source.record, bytes, signal, meter);
  if (container === 'hls') return await openHlsFilm(source, sources, store, signal, meter);
  if (container !== 'mp4') throw new BatonError('SOURCE_NO_VIDEO', container);
  const key = `index/${version}.pictures`;
  const stored = await store.get(key, signal);
  const kept = stored?.bytes ?? (await fetchPictures(bytes, signal, meter)) ?? NONE;
  if (stored === null) store.putIfAbsent(key, kept).catch(() => undefined); // it can be made again
  if (kept.length === 0) throw new BatonError('SOURCE_NO_VIDEO', 'no track of pictures');
  return movieFilm(readMovieIndex(kept), originOf(source, soundStartIn(kept)), bytes);
}

/** Kept of a movie without pictures. */
const NONE = new Uint8Array();

/** Where the sound is heard from, on the movie's clock. */
const originOf = ({ record: { isSilent, skip, sampleRate } }: Source, soundStart: number): number =>
  isSilent === true ? 0 : soundStart + skip / sampleRate;
