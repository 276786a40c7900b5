import type { SoundMark } from '../source/hls-marks.ts';
import type { FirstPicture, PictureSegment } from '../source/picture-segments.ts';
import { TIMESTAMP_WRAP } from '../media/ts-pes.ts';
import type { Seconds } from '../units.ts';

/** A segment in its place. */
export interface LaidSegment {
  /** Its stamps on a clock that never begins again; null where it has no pictures. */
  readonly first: FirstPicture | null;
  /** When it begins, on the film's clock. */
  readonly time: Seconds;
  /** From its time stamps to the film's clock. */
  readonly offset: Seconds;
}

/** What is missing for longer was not cut out: the clock was set anew. */
const LONGEST_GAP: Seconds = 30;
/** What is there twice for longer begins a segment whose clock was set anew. */
const LONGEST_OVERLAP: Seconds = 1;

/**
 * Segments on the clock of the sound that `marks` belong to. A stretch without sound, and one whose clock was set anew without
 * a word, begins where the segments before it end.
 */
export function laySegments(
  firsts: readonly (FirstPicture | null)[],
  list: readonly PictureSegment[],
  marks: readonly SoundMark[],
): readonly LaidSegment[] {
  const laid: LaidSegment[] = [];
  let offset: Seconds | null = null;
  let stretch: number | null = null;
  let stamp: Seconds | null = null;
  let end: Seconds = 0;
  for (const [number, segment] of list.entries()) {
    const first = firsts[number] ?? null;
    if (segment.stretch !== stretch) [offset, stamp, stretch] = [null, null, segment.stretch];
    if (first === null) {
      laid.push({ first, time: end, offset: offset ?? 0 });
      end += segment.duration;
      if (stamp !== null) stamp += segment.duration;
      continue;
    }
    const mark = marks.find((one) => one.stretch === segment.stretch);
    const near: Seconds = stamp ?? mark?.stamp ?? first.at;
    const shift = TIMESTAMP_WRAP * Math.round((near - first.at) / TIMESTAMP_WRAP);
    const at: Seconds = first.at + shift;
    const isAnew = stamp !== null && (at - stamp > LONGEST_GAP || stamp - at > LONGEST_OVERLAP);
    offset = isAnew ? end - at : (offset ?? (mark ? mark.time - mark.stamp : end - at));
    laid.push({ first: { ...first, at, decodedAt: first.decodedAt + shift }, time: at + offset, offset });
    stamp = at + segment.duration;
    end = at + offset + segment.duration;
  }
  return laid;
}
