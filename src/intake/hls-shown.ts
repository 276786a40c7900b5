import type { PictureFacts } from '../media/picture-facts.ts';
import { TIMESTAMP_WRAP } from '../media/ts-pes.ts';
import type { HlsPictures } from '../source/hls-pictures.ts';
import type { HlsPacket } from '../source/hls-sound.ts';
import type { PlacedPacket } from '../source/hls-timeline.ts';
import type { Hertz, Seconds } from '../units.ts';
import type { LivePicture } from './intake.ts';

/** The pictures of one segment, on the clock of a connection. */
export interface Shown {
  readonly facts: PictureFacts;
  /** Those decoded before `until`, without those given before. */
  take(until: Seconds): readonly LivePicture[];
}

/**
 * Lays the pictures of a segment on a clock whose sound of it begins at `clock`: by the first packet whose time stamp is
 * known, as pictures have time stamps, too. Null where there is none.
 */
export function shownWith(
  { coding, rate, pictures }: HlsPictures,
  packets: readonly HlsPacket[],
  placed: readonly PlacedPacket[],
  sampleRate: Hertz,
  clock: Seconds,
): Shown | null {
  const stamped = packets.find(({ at, bytes }) => at !== null && placed.some((one) => one.bytes === bytes));
  const place = placed.find(({ bytes }) => bytes === stamped?.bytes);
  const first = pictures[0];
  if (stamped?.at == null || place === undefined || first === undefined) return null;
  const turns = Math.round((first.at - stamped.at) / TIMESTAMP_WRAP) * TIMESTAMP_WRAP;
  const offset = clock + (place.at - (placed[0]?.at ?? 0)) / sampleRate - stamped.at - turns;
  const all = pictures.map(({ bytes, at, decodedAt, isKey }): LivePicture => {
    return { bytes, decodedAt: decodedAt + offset, shownAt: at + offset, isKey };
  });
  let next = 0;
  return {
    facts: { ...coding, rotation: 0, rate },
    take: (until) => {
      const from = next;
      while (next < all.length && (all[next]?.decodedAt ?? 0) < until) next += 1;
      return all.slice(from, next);
    },
  };
}
