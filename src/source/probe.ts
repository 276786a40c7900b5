import { identify } from './identify.ts';
import { probeMp3 } from './probe-mp3.ts';
import { probeMp4 } from './probe-mp4.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import type { Movie } from './movie.ts';
import type { ProbeRecord } from './record.ts';
import type { Resolved } from './resolve.ts';
import type { Sample } from './sample.ts';

/**
 * The record of a source that was just resolved, and the movie that had to be opened for it. `read` keeps what it reads,
 * for the first chunk.
 *
 * Throws SOURCE_NOT_MEDIA, SOURCE_EMPTY, SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, and what reading does.
 */
export async function probe(
  found: Resolved,
  read: ReadBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<{ record: ProbeRecord; movie: Movie | null }> {
  const { head, size } = found.look;
  const container = identify(head);
  const sample: Sample = { head, size, tail: found.tail, read, peek: found.read };
  const { probed, movie } =
    container === 'mp3'
      ? { probed: await probeMp3(sample, signal, meter), movie: null }
      : await probeMp4(sample, signal, meter);
  return { record: { ...(await found.identity), container, ...probed }, movie };
}
