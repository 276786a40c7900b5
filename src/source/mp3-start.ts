import { MAX_FRAME_BYTES } from '../media/mp3.ts';
import type { Tags } from '../media/tags.ts';
import type { Bytes } from '../units.ts';
import { behindTags } from './behind-tags.ts';
import { type Mp3Opening, readOpening } from './mp3-layout.ts';
import type { SourceMeter } from './reader.ts';
import type { Sample } from './sample.ts';

/** The first frames of an MP3, behind its ID3v2 tags. Throws as `behindTags`. */
export async function findOpening(
  sample: Sample,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<{ opening: Mp3Opening; tags: Tags }> {
  const { found, tags } = await behindTags(sample, readOpening, OVERLAP, signal, meter);
  return { opening: found, tags };
}

/** A run of frames may lie across the border, so the last two of the longest are read again. */
const OVERLAP: Bytes = 2 * MAX_FRAME_BYTES + 4;
