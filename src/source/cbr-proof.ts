import type { Bytes, Frames } from '../units.ts';
import { CBR_SLACK, type CbrGrid, cbrOffset, countCbrFrames, findCbrFrame } from './cbr.ts';
import type { AudioEnd } from './mp3-end.ts';
import type { SourceMeter } from './reader.ts';
import { type Sample, TAIL_BYTES } from './sample.ts';
import { takeAll } from './take.ts';

/** Counts the frames of a source whose samples are all in place, given its end; null when the end is not. */
export type CountFrames = (end: AudioEnd) => { readonly frames: Frames; readonly end: Bytes } | null;

const PLACES = 5;
const PLACE_BYTES: Bytes = 4096;

/** Looks at five places whether the frames stand where a constant bitrate puts them; null when they do not. */
export async function proveCbr(
  grid: CbrGrid,
  sample: Sample,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<CountFrames | null> {
  const { size, peek } = sample;
  if (size === null || peek === null) return null;
  const isInPlace = async (place: number): Promise<boolean> => {
    const frame = Math.floor(((size - grid.start) * place) / (PLACES + 1) / grid.frameBytes);
    const start = cbrOffset(grid, frame) - CBR_SLACK;
    if (start + PLACE_BYTES > size - TAIL_BYTES) return true; // the end is looked at as a whole
    const bytes = await takeAll(peek({ start, end: start + PLACE_BYTES }, signal, meter));
    return findCbrFrame(grid, bytes, CBR_SLACK) !== null;
  };
  const inPlace = await Promise.all(Array.from({ length: PLACES }, (_, i) => isInPlace(i + 1)));
  if (!inPlace.every(Boolean)) return null;
  return ({ window }) => window && countCbrFrames(grid, window.bytes, window.range);
}
