import { setTimeout as sleep } from 'node:timers/promises';
import type { Milliseconds } from '../units.ts';
import {
  type BesideFollowing,
  type BesidePictures,
  followBeside,
  type HeardSegment,
  type HlsBesideDeps,
} from './hls-beside-follow.ts';

/** Pictures that are beside the sound, in a playlist of their own, which is read only while they are asked for. */
export interface HlsBeside {
  /**
   * Those that begin during this sound or before it, and were not given yet. Waits for them a little; who was waited for
   * in vain is not waited for again until all is there. Throws the reason of `signal`.
   */
  upTo(sound: HeardSegment, signal: AbortSignal): Promise<readonly BesidePictures[]>;
  /** The same without waiting, of sound that was there before anybody asked; they are looked for from it on. */
  ready(sound: HeardSegment): readonly BesidePictures[];
  /** Nothing follows what was asked for before, or nobody asks any more. */
  forget(): void;
}

const LEAST_WAIT: Milliseconds = 2_000;
const WAIT_TARGETS = 0.75;

/** Those of the first of `addresses` that can be had. */
export function hlsBeside(addresses: readonly string[], deps: HlsBesideDeps): HlsBeside {
  let current: (BesideFollowing & { asked: HeardSegment | null; isLate: boolean }) | null = null;

  function following(): NonNullable<typeof current> {
    return (current ??= { ...followBeside(addresses, deps), asked: null, isLate: false });
  }

  return {
    upTo: async (sound, signal) => {
      const follow = following();
      const waitMs = Math.max(LEAST_WAIT, WAIT_TARGETS * sound.media.targetDuration * 1000);
      follow.asked = sound;
      const read = follow.read(sound).then(() => (follow.isLate = false));
      if (!follow.isLate && !(await isWithin(read, waitMs, signal))) follow.isLate = true;
      return follow.take(sound);
    },
    ready: (sound) => {
      const follow = following();
      if (follow.asked === null || isBefore(follow.asked, sound)) void follow.read((follow.asked = sound));
      return follow.take(sound);
    },
    forget: () => {
      current?.stop();
      current = null;
    },
  };
}

/** Of one playlist. */
const isBefore = (one: HeardSegment, other: HeardSegment): boolean =>
  one.segment.mediaSequence < other.segment.mediaSequence;

async function isWithin(work: Promise<unknown>, ms: Milliseconds, signal: AbortSignal): Promise<boolean> {
  const over = new AbortController();
  const late = sleep(ms, false, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => false);
  const isDone = await Promise.race([work.then(() => true), late]);
  over.abort();
  signal.throwIfAborted();
  return isDone;
}
