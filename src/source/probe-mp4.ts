import type { Samples } from '../units.ts';
import { wholeSize } from './excerpt.ts';
import { type Movie, openMovie } from './movie.ts';
import type { Piece } from './movie-bytes.ts';
import { hasEdits, statedEnd, statedPriming } from './movie-edits.ts';
import { movieTags } from './movie-tags.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed } from './record.ts';
import { type Sample, TAIL_BYTES } from './sample.ts';

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
  const size = await wholeSize(sample, signal, meter);
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
  const { codec, decoderConfig, sampleRate, channels, first } = movie;
  const { skip, samples } = presentation(movie);
  return {
    codec,
    decoderConfig: decoderConfig && Buffer.from(decoderConfig).toString('base64'),
    sampleRate,
    channels,
    samples,
    skip,
    mp3: null,
    pcm: null,
    stream: null,
    tags: movieTags(await movie.input.getMetadataTags(), ((samples + Math.max(0, first)) / sampleRate) * 1000),
  };
}

/**
 * A first packet before 0 is priming; one after 0 is where the sound starts, and so where the presentation does. Without
 * an edit list, what iTunes notes about its own priming counts, or what the codec says of it.
 */
function presentation(movie: Movie): { skip: Samples; samples: Samples } {
  const { first, bytes, sampleRate, track, preSkip } = movie;
  const end = Math.min(movie.end, statedEnd(bytes.kept, track.id, sampleRate) ?? Infinity);
  const noted = first === 0 ? statedPriming(bytes.kept) : null;
  if (noted !== null)
    return { skip: noted.priming, samples: Math.max(0, Math.min(noted.samples, end - noted.priming)) };
  const skip = first === 0 && !hasEdits(bytes.kept, track.id) ? preSkip : Math.max(0, 0 - first);
  return { skip, samples: Math.max(0, end - first - skip) };
}
