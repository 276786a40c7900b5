import type { PictureFacts } from '../media/picture-facts.ts';
import { TIMESTAMP_WRAP } from '../media/ts-pes.ts';
import type { HlsPictures } from '../source/hls-pictures.ts';
import type { HlsPacket } from '../source/hls-sound.ts';
import { type PlacedPacket, stampsApart } from '../source/hls-timeline.ts';
import type { Hertz, Seconds } from '../units.ts';
import { type BesidePictures, EARLY } from './hls-beside-follow.ts';
import type { LivePicture } from './intake.ts';

/** Lays pictures on the clock of a connection. */
export interface Shown {
  /**
   * The sound of a segment lies at `clock` from now on, and so do pictures: its own (`pictures`), and those that begin with
   * it (`beside`, also of segments before it). Without a time stamp of the sound they are left out.
   */
  with(sound: ShownSound, placed: readonly PlacedPacket[], sampleRate: Hertz, clock: Seconds): void;
  /** So do these, which come later than the sound that they begin with. */
  later(beside: readonly BesidePictures[]): void;
  /** Those decoded before `until`, without those given before. */
  take(until: Seconds): readonly ShownPictures[];
}

/** Sound that pictures are shown with. */
export interface ShownSound {
  readonly packets: readonly HlsPacket[];
  /** What their time stamps say where the presentation begins. */
  readonly origin: Seconds;
  /** Another one where time stamps begin anew. */
  readonly stretch: number;
  readonly pictures: HlsPictures | null;
  readonly beside: readonly BesidePictures[];
}

/** Of one segment. */
export interface ShownPictures {
  readonly facts: PictureFacts;
  readonly pictures: readonly LivePicture[];
}

/** Where a time stamp of the presentation lies. */
interface Mark {
  readonly stretch: number;
  readonly stamp: Seconds;
  readonly offset: Seconds;
}

/** Pictures do not come later by so many segments. */
const KEPT = 32;

export function createShown(): Shown {
  let marks: readonly Mark[] = [];
  let waiting: readonly ShownPictures[] = [];

  function add(read: HlsPictures, mark: Mark | undefined): void {
    const first = read.pictures[0];
    if (mark === undefined || first === undefined) return;
    const turns = TIMESTAMP_WRAP * Math.round((first.at - mark.stamp) / TIMESTAMP_WRAP);
    const offset = mark.offset - mark.stamp - turns;
    const pictures = read.pictures.map(({ bytes, at, decodedAt, isKey }): LivePicture => {
      return { bytes, decodedAt: decodedAt + offset, shownAt: at + offset, isKey };
    });
    waiting = [...waiting, { facts: factsOf(read), pictures }];
  }

  function addAll(beside: readonly BesidePictures[]): void {
    for (const one of beside) add(one.read, markFor(marks, one));
  }

  return {
    with: (sound, placed, sampleRate, clock) => {
      const { pictures, beside } = sound;
      const mark = markOf(sound, placed, sampleRate, clock);
      if (mark !== null) marks = [...marks.slice(1 - KEPT), mark];
      if (pictures !== null) add(pictures, mark ?? undefined);
      addAll(beside);
    },
    later: addAll,
    take: (until) => {
      const isDue = ({ decodedAt }: LivePicture): boolean => decodedAt < until;
      const due: ShownPictures[] = [];
      const rest: ShownPictures[] = [];
      for (const { facts, pictures } of waiting) {
        const count = rest.length > 0 ? 0 : countOf(pictures, isDue);
        if (count > 0) due.push({ facts, pictures: pictures.slice(0, count) });
        if (count < pictures.length) rest.push({ facts, pictures: pictures.slice(count) });
      }
      waiting = rest;
      return due;
    },
  };
}

/** By the first packet whose time stamp is known. */
function markOf(
  { packets, origin, stretch }: ShownSound,
  placed: readonly PlacedPacket[],
  sampleRate: Hertz,
  clock: Seconds,
): Mark | null {
  const stamped = packets.find(({ at, bytes }) => at !== null && placed.some((one) => one.bytes === bytes));
  const place = placed.find(({ bytes }) => bytes === stamped?.bytes);
  if (stamped?.at == null || place === undefined) return null;
  const offset = clock + (place.at - (placed[0]?.at ?? 0)) / sampleRate;
  return { stretch, stamp: stamped.at - origin, offset };
}

/** Of the sound that a segment begins with: the same to whoever has that, whenever pictures come. */
const markFor = (marks: readonly Mark[], { read, stretch }: BesidePictures): Mark | undefined =>
  marks.findLast(
    (mark) => mark.stretch === stretch && stampsApart(read.pictures[0]?.at ?? NaN, mark.stamp) >= 0 - EARLY,
  );

function factsOf({ coding, rate, pictures }: HlsPictures): PictureFacts {
  const isOpen = pictures.some(({ isKey, isIdr }) => isKey && !isIdr);
  const bytes = pictures.reduce((sum, picture) => sum + picture.bytes.length, 0);
  return { ...coding, rotation: 0, rate, isOpen, bandwidth: Math.round((bytes * 8 * rate) / pictures.length) };
}

function countOf<T>(items: readonly T[], isTrue: (item: T) => boolean): number {
  const index = items.findIndex((item) => !isTrue(item));
  return index < 0 ? items.length : index;
}
