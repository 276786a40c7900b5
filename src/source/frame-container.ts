import { MAX_ADTS_BYTES } from '../media/adts.ts';
import { readAdtsOpening } from './adts-start.ts';
import { behindTags } from './behind-tags.ts';
import { readOpening } from './mp3-layout.ts';
import type { SourceMeter } from './reader.ts';
import type { Sample } from './sample.ts';

/** What frames begin first in bytes without a container. Either kind may hold what looks like the other's sync word. */
export function frameContainer(bytes: Uint8Array, isWhole: boolean): 'mp3' | 'adts' | null {
  const mp3 = readOpening(bytes, 0, isWhole)?.first.offset ?? Infinity;
  const adts = readAdtsOpening(bytes, 0, isWhole)?.[0].offset ?? Infinity;
  if (mp3 === adts) return null;
  return mp3 < adts ? 'mp3' : 'adts';
}

/** What frames stand behind the tags at the start of a source. Throws as `behindTags`. */
export async function containerBehindTags(
  sample: Sample,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<'mp3' | 'adts'> {
  const look = (bytes: Uint8Array, _: number, isWhole: boolean): 'mp3' | 'adts' | null =>
    frameContainer(bytes, isWhole);
  return (await behindTags(sample, look, 2 * MAX_ADTS_BYTES, signal, meter)).found;
}
