import type { Bytes, Samples } from '../units.ts';
import { type Movie, openMovie } from './movie.ts';
import type { Piece } from './movie-bytes.ts';
import { statedEnd, statedPriming } from './movie-edits.ts';
import { movieTags } from './movie-tags.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed } from './record.ts';
import { type Sample, TAIL_BYTES, UNKNOWN_END } from './sample.ts';

/**
 * What an MP4, M4A or MOV is, and the movie, open for reading packets. The presentation starts at timestamp 0 and ends
 * where the track or its edit list says.
 *
 * Throws SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, and what reading does.
 */
export async function probeMp4(
  sample: Sample,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<{ probed: Probed; movie: Movie }> {
  const size = sample.size ?? (await measure(sample, signal, meter));
  const tail = await sample.tail;
  const known: Piece[] = [{ start: 0, bytes: sample.head }];
  if (tail !== null) known.push({ start: Math.max(0, size - TAIL_BYTES), bytes: tail });
  const movie = await openMovie(size, sample.read, known, { signal, meter, ahead: 0 });
  try {
    return { movie, probed: await describe(movie) };
  } catch (error) {
    movie.input.dispose();
    throw error;
  }
}

async function describe(movie: Movie): Promise<Probed> {
  const { track, codec, decoderConfig, sampleRate, first } = movie;
  const { skip, samples } = presentation(movie);
  return {
    codec,
    decoderConfig: decoderConfig && Buffer.from(decoderConfig).toString('base64'),
    sampleRate,
    channels: await track.getNumberOfChannels(),
    samples,
    skip,
    mp3: null,
    tags: movieTags(await movie.input.getMetadataTags(), ((samples + Math.max(0, first)) / sampleRate) * 1000),
  };
}

/**
 * A first packet before 0 is priming; one after 0 is where the sound starts, and so where the presentation does. Without
 * an edit list, what iTunes notes about its own priming counts.
 */
function presentation(movie: Movie): { skip: Samples; samples: Samples } {
  const { first, bytes, sampleRate } = movie;
  const end = Math.min(movie.end, statedEnd(bytes.kept, movie.track.id, sampleRate) ?? Infinity);
  const noted = first === 0 ? statedPriming(bytes.kept) : null;
  if (noted === null) return { skip: Math.max(0, 0 - first), samples: Math.max(0, end - Math.max(0, first)) };
  return { skip: noted.priming, samples: Math.max(0, Math.min(noted.samples, end - noted.priming)) };
}

/** Without a length the download has to end before anything is known of an index at the end. */
async function measure({ read }: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Bytes> {
  let size: Bytes = 0;
  for await (const piece of read({ start: 0, end: UNKNOWN_END }, signal, meter)) size += piece.length;
  return size;
}
