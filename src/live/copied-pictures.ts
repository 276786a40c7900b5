import { videoFragment, type VideoSample } from '../media/fmp4-video.ts';
import type { PictureFacts } from '../media/picture-facts.ts';
import type { Samples } from '../units.ts';
import { sameConfig } from './picture-mark.ts';
import { DECODED_AHEAD } from './picture-plan.ts';
import { PICTURE_RATE, samplesOfTicks, ticksOfSamples, type Ticks } from './picture-time.ts';
import type { ChannelPicture, Reel, Scene } from './reel.ts';
import { isSettled } from './settled.ts';
import type { Soundtrack } from './soundtrack.ts';
import type { Standing } from './standing.ts';

/** Where a chunk lies, and what it is made of. */
export interface CopiedWanted {
  readonly facts: PictureFacts;
  /** On the channel, half-open. */
  readonly from: Samples;
  readonly to: Samples;
  /** Scenes from here on belong to it. */
  readonly scenesFrom: Samples;
  /** Null where nothing was shown before that is known. */
  readonly standing: Standing | null;
}

/** A fragment is begun every so often. */
const FRAGMENT: Ticks = 0.5 * PICTURE_RATE;
/** Between the last picture of a scene and the next key picture: beyond that, the key picture is shown anew. */
const STANDS: Ticks = PICTURE_RATE;
/** Less is no hole. */
const UNSEEN: Ticks = 0.2 * PICTURE_RATE;

/**
 * The pictures of a chunk as they came, fragment by fragment as they come: the scenes whose key pictures are shown within
 * it. Where the source has none for long, its last key picture stands. Returns what stands at its end.
 */
export async function* copiedPictures(
  { facts, from, to, scenesFrom, standing }: CopiedWanted,
  reel: Reel,
  sound: Pick<Soundtrack, 'known' | 'at'>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, Standing | null> {
  const [start, end] = [ticksOfSamples(from), ticksOfSamples(to)];
  const wait = async (): Promise<void> => {
    await reel.pulse.next(signal);
    signal.throwIfAborted();
  };
  let now = standing;
  let limit = end;

  /** What stands is shown again, from where it ends up to `until`. */
  function* bridged(until: Ticks): Generator<Uint8Array> {
    if (now === null) return;
    const { key } = now;
    const at = Math.max(now.until, start);
    if (until - at < UNSEEN) return;
    yield written(at, [{ ...sampleOf(key, until - at), shownAfter: Math.max(0, key.shownAt - key.decodedAt) }]);
    now = { key, until };
  }

  for (let scene = await next(null); scene !== null; scene = await next(scene)) {
    if (!sameConfig(scene.facts, facts)) {
      limit = Math.min(end, scene.key.decodedAt); // it is of the next chunk
      break;
    }
    yield* bridged(scene.key.decodedAt);
    now = { key: scene.key, until: yield* fragments(scene) };
  }
  yield* bridged(Math.min(limit, after(null, end)?.key.decodedAt ?? Infinity));
  return now;

  /** The scene of the chunk behind `before`; null when there is none. */
  async function next(before: Scene | null): Promise<Scene | null> {
    for (;;) {
      const scene = after(before, ticksOfSamples(scenesFrom));
      if (scene !== undefined && scene.key.shownAt < end) return scene;
      const isPast = (reel.last()?.decodedAt ?? -Infinity) >= end;
      if (scene !== undefined || isPast || isSettled(sound, to)) return null;
      await wait();
    }
  }

  function after(before: Scene | null, least: Ticks): Scene | undefined {
    const above = before === null ? -Infinity : before.key.shownAt;
    return reel.scenes().find(({ key }) => key.shownAt >= least && key.shownAt > above);
  }

  async function* fragments(scene: Scene): AsyncGenerator<Uint8Array, Ticks> {
    const { key, pictures } = scene;
    let pending: VideoSample[] = [];
    let [at, until] = [key.decodedAt, key.decodedAt];
    for (let index = 0; ; index++) {
      const picture = pictures[index];
      if (picture === undefined) break;
      const duration = await durationOf(scene, index);
      if (pending.length > 0 && partOf(picture, key) !== partOf({ decodedAt: at }, key)) {
        yield written(at, pending);
        pending = [];
      }
      if (pending.length === 0) at = picture.decodedAt;
      pending.push(sampleOf(picture, duration));
      until = picture.decodedAt + duration;
    }
    if (pending.length > 0) yield written(at, pending);
    return until;
  }

  /** Up to the next picture; known once that, or the next scene, is there, or nothing comes any more. */
  async function durationOf({ pictures }: Scene, index: number): Promise<Ticks> {
    const own = pictures[index]?.decodedAt ?? 0;
    for (;;) {
      const following = pictures[index + 1]?.decodedAt;
      if (following !== undefined) return following - own;
      const usual = own - (pictures[index - 1]?.decodedAt ?? own - PICTURE_RATE / (facts.rate > 0 ? facts.rate : 30));
      const key = reel.scenes().find((scene) => scene.key.decodedAt > own)?.key.decodedAt;
      if (key !== undefined) return key - own < STANDS ? key - own : Math.round(usual);
      if (isSettled(sound, samplesOfTicks(own))) return Math.round(usual);
      await wait();
    }
  }
}

const partOf = ({ decodedAt }: Pick<ChannelPicture, 'decodedAt'>, key: ChannelPicture): number =>
  Math.floor((decodedAt - key.decodedAt) / FRAGMENT);

const sampleOf = ({ bytes, decodedAt, shownAt, isKey }: ChannelPicture, duration: Ticks): VideoSample => ({
  ...{ bytes, duration, isKey },
  shownAfter: shownAt - decodedAt,
});

const written = (decodedAt: Ticks, samples: readonly VideoSample[]): Uint8Array => {
  const decodeTime = decodedAt + DECODED_AHEAD;
  return videoFragment({ sequence: 1 + (decodeTime % 2 ** 31), decodeTime, samples });
};
