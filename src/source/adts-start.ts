import { ADTS_FRAMES, type AdtsFrame, MAX_ADTS_BYTES } from '../media/adts.ts';
import type { Tags } from '../media/tags.ts';
import type { Bytes } from '../units.ts';
import { behindTags } from './behind-tags.ts';
import { frameRun } from './frame-run.ts';
import type { SourceMeter } from './reader.ts';
import type { Sample } from './sample.ts';

/** The first frame of an ADTS stream, and those that follow it without a gap; offsets in the source. */
export type AdtsOpening = readonly [AdtsFrame, ...AdtsFrame[]];

/** The first frames of an ADTS stream, behind its ID3v2 tags. Throws as `behindTags`. */
export async function findAdtsOpening(
  sample: Sample,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<{ opening: AdtsOpening; tags: Tags }> {
  const { found, tags } = await behindTags(sample, readAdtsOpening, OVERLAP, signal, meter);
  return { opening: found, tags };
}

/** The last two of the longest frames, and what confirms them. */
const OVERLAP: Bytes = 2 * MAX_ADTS_BYTES + 7;

/** The opening in `bytes`, which stand at `offset` of the source; null where no run of three frames starts. */
export function readAdtsOpening(bytes: Uint8Array, offset: Bytes, isWhole: boolean): AdtsOpening | null {
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const [first, ...rest] = frameRun(ADTS_FRAMES, bytes, at, offset, isWhole);
    if (first !== undefined) return [first, ...rest];
  }
  return null;
}
