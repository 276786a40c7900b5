import { fragmentsIn, samplesIn } from '../media/fmp4-video.ts';
import type { Samples } from '../units.ts';
import type { VideoDeps } from '../video/coded-video.ts';
import { encodeGrey } from '../video/encode-pictures.ts';
import { picturePlan, type PicturePlan } from './picture-plan.ts';
import { lastShown, type ShownDeps } from './standing.ts';

/**
 * A key picture for chunk `index` that stands where none can be coded: the last one of the chunks before; grey, where those
 * are for another decoder. Null where nothing was shown before that is to be had.
 */
export async function codedStanding(
  index: number,
  {
    coded,
    lines,
    samples,
  }: { readonly coded: PicturePlan['coded']; readonly lines: number; readonly samples: Samples },
  deps: ShownDeps & Pick<VideoDeps, 'engine'>,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const shown = await lastShown(index, samples, deps, signal);
  if (shown === null || coded === null) return null;
  const before = picturePlan(shown.mark.facts, lines).coded;
  const isSame = JSON.stringify(before?.format) === JSON.stringify(coded.format);
  const key = isSame ? lastKeyIn(shown.chunk) : null;
  return key ?? (await encodeGrey(coded.format, deps.engine, signal));
}

function lastKeyIn(chunk: Uint8Array): Uint8Array | null {
  const samples = [...fragmentsIn(chunk)].flatMap(samplesIn);
  return samples.findLast(({ isKey }) => isKey)?.bytes ?? null;
}
