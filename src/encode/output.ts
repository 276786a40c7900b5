import type { Timeline } from '../grid/timeline.ts';
import type { Codec } from '../source/codec.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Source } from '../source/record.ts';
import type { Milliseconds } from '../units.ts';

/** One rendition of one version of a source, laid on the grid. */
export interface Output {
  readonly source: Source;
  readonly timeline: Timeline;
  /** Store key of its chunks, without the index. */
  readonly key: string;
}

/** What an encode costs; added to while it runs. */
export interface EncodeMeter extends SourceMeter {
  encoderCpuMs: Milliseconds;
  chunksEncoded: number;
  chunksStored: number;
  /** Until the first packet was there, and from then on until the first frame: of the first chunk encoded. */
  sourceMs: Milliseconds;
  encodeMs: Milliseconds;
  /** Until the store had given, or not given, the first chunk. */
  storeMs: Milliseconds;
}

const MOST_CHUNKS = 8;

/**
 * How many chunks one process may make. MP3 decoders forget within a few frames, and without loss there is nothing to
 * forget; the others carry state on (AAC that of its noise generator, Opus that of its filters), so a chunk is the same
 * only when it is always decoded from its own lead-in.
 */
export const batchLimit = ({ source }: Output): number => (hasMemory(source.record.codec) ? 1 : MOST_CHUNKS);

const hasMemory = (codec: Codec): boolean => codec === 'aac' || codec === 'opus' || codec === 'vorbis';
