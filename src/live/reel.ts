import type { PictureFacts } from '../media/picture-facts.ts';
import type { Bytes } from '../units.ts';
import { sameConfig } from './picture-mark.ts';
import { PICTURE_RATE, type Ticks } from './picture-time.ts';
import type { Pulse } from './pulse.ts';

/** A coded picture on a channel. */
export interface ChannelPicture {
  readonly bytes: Uint8Array;
  readonly decodedAt: Ticks;
  readonly shownAt: Ticks;
  readonly isKey: boolean;
}

/** Pictures from a key picture on up to the next one, in the order they are decoded; the newest one grows. */
export interface Scene {
  readonly facts: PictureFacts;
  readonly key: ChannelPicture;
  readonly pictures: readonly ChannelPicture[];
}

/** The pictures of a channel that this process has received, as far back as somebody may need them. */
export interface Reel {
  /** Beats whenever more is known. */
  readonly pulse: Pulse;
  /** Pictures that follow those before, unless they are of another epoch or `isBroken`. */
  add(pictures: readonly ChannelPicture[], from: Stretch): void;
  /** Oldest first. */
  scenes(): readonly Scene[];
  /** The newest picture. */
  last(): ChannelPicture | null;
  /** From where on no key picture is missing here that others may have; null while there is none. */
  from(): Ticks | null;
  /** All of it, since it belongs to another life of the channel. */
  forget(): void;
}

/** Where pictures come from. */
export interface Stretch {
  readonly facts: PictureFacts;
  /** Id of the epoch, and where it begins. */
  readonly epoch: number;
  readonly epochAt: Ticks;
  /** Something may be missing before them. */
  readonly isBroken: boolean;
}

const KEPT: Ticks = 40 * PICTURE_RATE;
const MOST_BYTES: Bytes = 96 * 2 ** 20;
/** Without a key picture for longer, the picture stands. */
export const LONGEST_SCENE: Ticks = 12 * PICTURE_RATE;
/** A key picture that comes so soon is the first one of its epoch. */
const FIRST_WITHIN: Ticks = PICTURE_RATE;

export function createReel(pulse: Pulse): Reel {
  let scenes: { readonly facts: PictureFacts; readonly key: ChannelPicture; readonly pictures: ChannelPicture[] }[] =
    [];
  let from: Ticks | null = null;
  let epoch = -1;
  let isCut = true;
  let bytes = 0;

  const last = (): ChannelPicture | null => scenes.at(-1)?.pictures.at(-1) ?? null;

  function begin(key: ChannelPicture, stretch: Stretch): void {
    from ??= key.shownAt - stretch.epochAt <= FIRST_WITHIN ? -Infinity : key.shownAt;
    // What another source was ahead of is not shown any more.
    let kept = scenes.length;
    for (let scene = scenes[kept - 1]; scene !== undefined; scene = scenes[kept - 1]) {
      const end = scene.pictures.findIndex(({ decodedAt }) => decodedAt >= key.decodedAt);
      if (end >= 0) bytes -= sizeOf(scene.pictures.splice(end));
      if (scene.pictures.length > 0) break;
      kept -= 1;
    }
    scenes.splice(kept, Infinity, { facts: stretch.facts, key, pictures: [] });
    epoch = stretch.epoch;
    isCut = false;
  }

  function trim(): void {
    const newest = last()?.decodedAt ?? 0;
    const isOld = ({ pictures }: Scene): boolean => (pictures.at(-1)?.decodedAt ?? 0) < newest - KEPT;
    for (let [first] = scenes; first && scenes.length > 1 && (isOld(first) || bytes > MOST_BYTES); [first] = scenes) {
      bytes -= sizeOf(first.pictures);
      scenes = scenes.slice(1);
    }
  }

  function take(picture: ChannelPicture, stretch: Stretch): void {
    const newest = last();
    const scene = scenes.at(-1);
    const isOther = stretch.epoch !== epoch || (scene !== undefined && !sameConfig(scene.facts, stretch.facts));
    const behind = newest === null ? -1 : newest.decodedAt - picture.decodedAt;
    const isOld = behind >= 0 && behind <= KEPT; // what is older yet is of another clock
    if (!isOther && isCut && isOld) {
      isCut = behind > 0; // what follows it does so here, too
      return;
    }
    if (picture.isKey) begin(picture, stretch);
    else if (isOther || isCut || isOld) {
      isCut = true;
      return;
    }
    const current = scenes.at(-1);
    if (current === undefined || picture.decodedAt - current.key.decodedAt > LONGEST_SCENE) {
      isCut = true;
      return;
    }
    current.pictures.push(picture);
    bytes += picture.bytes.length;
  }

  return {
    pulse,
    last,
    scenes: () => scenes,
    from: () => from,
    add: (pictures, stretch) => {
      if (stretch.isBroken) isCut = true;
      for (const picture of pictures) take(picture, stretch);
      trim();
      pulse.beat();
    },
    forget: () => {
      [scenes, from, epoch, isCut, bytes] = [[], null, -1, true, 0];
      pulse.beat();
    },
  };
}

const sizeOf = (pictures: readonly ChannelPicture[]): Bytes =>
  pictures.reduce((sum, picture) => sum + picture.bytes.length, 0);
