import type { OfferedVideo } from '../../src/video/offered.ts';
import type { Film } from '../../src/video/film.ts';
import type { FilmBytes } from '../../src/video/film-bytes.ts';
import { openMatroskaFilm } from '../../src/video/matroska-film.ts';
import { movieFilm } from '../../src/video/movie-film.ts';
import { readMovieIndex } from '../../src/video/movie-index.ts';
import { fetchPictures } from '../../src/video/open-movie.ts';
import { videoInit } from '../../src/media/fmp4-video.ts';
import { newMeter } from '../../src/meter/usage.ts';
import type { ProbeRecord } from '../../src/source/record.ts';

export const never = new AbortController().signal;

/** The pictures of a file in memory, without its sound; `asked` notes which bytes were read. */
export async function openFilm(file: Uint8Array, asked: { start: number; end: number }[] = []): Promise<Film> {
  const bytes: FilmBytes = { size: file.length, stream: (range) => pieces(file, range, asked) };
  if (Buffer.from(file).readUInt32BE(0) === 0x1a45dfa3) return openMatroskaFilm(SILENT as ProbeRecord, bytes, never);
  const kept = await fetchPictures(bytes, never);
  if (kept === null) throw new Error('no pictures');
  return movieFilm(readMovieIndex(kept), 0, bytes);
}

const SILENT: Partial<ProbeRecord> = { isSilent: true };

// eslint-disable-next-line @typescript-eslint/require-await -- as reading from an origin is
async function* pieces(
  file: Uint8Array,
  { start, end }: { start: number; end: number },
  asked: { start: number; end: number }[],
): AsyncGenerator<Uint8Array, void> {
  asked.push({ start, end });
  const last = Math.min(end, file.length);
  for (let at = start; at < last; at += 10_000) yield file.subarray(at, Math.min(last, at + 10_000));
}

/** The bytes of one segment. */
export async function segmentOf(video: OfferedVideo, index: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of video.segment(index)(newMeter(), never)) parts.push(part);
  return Buffer.concat(parts);
}

/** The whole of a rendition, as a player puts it together. */
export async function wholeOf(video: OfferedVideo): Promise<Buffer> {
  const parts: Uint8Array[] = [videoInit(await video.track(never))];
  for (const index of video.durations.keys()) parts.push(await segmentOf(video, index));
  return Buffer.concat(parts);
}
