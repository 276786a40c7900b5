import { CHANNEL_RATE } from '../grid/live.ts';
import { picturesIn, videoFragment, type VideoSample } from '../media/fmp4-video.ts';
import type { EncodeMeter } from '../encode/output.ts';
import type { Frames, Milliseconds, Samples, Seconds } from '../units.ts';
import { storedSets, type VideoDeps } from '../video/coded-video.ts';
import { encodePictures } from '../video/encode-pictures.ts';
import type { FilmPacket } from '../video/film.ts';
import { sameConfig, type PictureMark } from './picture-mark.ts';
import type { PicturePlan } from './picture-plan.ts';
import { secondsOfTicks, ticksOfSamples, type Ticks } from './picture-time.ts';
import type { Reel, Scene } from './reel.ts';
import { isSettled } from './settled.ts';
import type { Soundtrack } from './soundtrack.ts';

/** Where a chunk lies, and what it is made of. */
export interface CodedWanted {
  readonly mark: PictureMark;
  readonly coded: NonNullable<PicturePlan['coded']>;
  /** On the channel, half-open. */
  readonly from: Samples;
  readonly to: Samples;
  /** A key picture that stands where none can be made; null: there is none. */
  readonly standing: () => Promise<Uint8Array | null>;
}

const FRAGMENT: Milliseconds = 500;
/** Of what is a whole number but for rounding. */
const ALMOST = 1e-6;

/**
 * The pictures of a chunk coded anew at a constant rate, fragment by fragment as they can be made: those shown within it,
 * the first one of which is a key picture. What is shown last stands where nothing comes, or can be coded. Throws what
 * coding fails with where nothing stands.
 */
export async function* codedPictures(
  { mark, coded: { rung, format }, from, to, standing }: CodedWanted,
  reel: Reel,
  sound: Pick<Soundtrack, 'known' | 'at'>,
  { engine, store }: VideoDeps,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { num, den } = rung.rate;
  const rate = num / den;
  // In step with the source: each of its frames becomes one.
  const phase = ((secondsOfTicks(mark.shownAt) * rate + ALMOST) % 1) / rate;
  const ticksAt = (frame: Frames): number => frame * den + Math.round(phase * num);
  const frameAt = (position: Samples): Frames => Math.max(0, Math.ceil((position / 48_000 - phase) * rate - ALMOST));
  const [first, end] = [frameAt(from), frameAt(to)];
  const isOver = (at: Seconds): boolean => isSettled(sound, Math.ceil(at * CHANNEL_RATE));

  const ours = (): readonly Scene[] => reel.scenes().filter(({ facts }) => sameConfig(facts, mark.facts));
  const wait = async (stop: AbortSignal): Promise<void> => {
    await reel.pulse.next(stop);
    stop.throwIfAborted();
  };

  /** From the key picture on that is needed at `start`; ends where all that is shown up to `until` is there. */
  async function* packets(start: Seconds, until: Seconds, stop: AbortSignal): AsyncGenerator<FilmPacket, void> {
    const isBefore = ({ key }: Scene): boolean => secondsOfTicks(key.shownAt) <= start;
    let scene = ours().findLast(isBefore) ?? ours().find(({ key }) => secondsOfTicks(key.shownAt) <= until);
    for (let index = 0; scene !== undefined;) {
      const picture = scene.pictures[index];
      if (picture !== undefined) {
        if (secondsOfTicks(picture.decodedAt) > until) return;
        const { bytes, shownAt, isKey } = picture;
        yield { bytes, at: secondsOfTicks(shownAt), isKey };
        index += 1;
        continue;
      }
      const following: Scene | undefined = nextOf(scene);
      if (following !== undefined) [scene, index] = [following, 0];
      else if (isOver(until) || secondsOfTicks(reel.last()?.decodedAt ?? 0) > until) return;
      else await wait(stop);
    }
  }

  function nextOf(scene: Scene): Scene | undefined {
    return ours().find(({ key }) => key.shownAt > scene.key.shownAt);
  }

  let next = first;
  let samples: VideoSample[] = [];
  const fragment = (): Uint8Array => {
    const all = { sequence: 1 + (next % 2 ** 31), decodeTime: ticksAt(next), samples };
    next += samples.length;
    samples = [];
    return videoFragment(all);
  };
  const bridged = (bytes: Uint8Array): Uint8Array => {
    const duration = (end - next - samples.length) * den;
    samples.push({ bytes, duration, shownAfter: 0, isKey: true });
    return fragment();
  };

  const endTicks: Ticks = ticksOfSamples(to);
  while (!ours().some(({ key }) => key.shownAt < endTicks)) {
    if (isSettled(sound, to) || ours().length > 0) {
      const key = await standing();
      if (key !== null) yield bridged(key);
      return;
    }
    await wait(signal);
  }
  const tolerance = 0.5 / Math.max(1, Math.round((mark.facts.rate > 0 ? mark.facts.rate : rate) / rate));
  const perFragment = picturesIn(FRAGMENT, rate);
  const film = { facts: mark.facts, packets };
  let key: Uint8Array | null = null;
  try {
    const sets = await storedSets(format, engine, store, signal);
    const wanted = { film, timeline: { rate: rung.rate, phase, tolerance }, from: first, to: end, format, sets };
    for await (const frame of encodePictures(wanted, engine, meter, signal)) {
      if (frame.isKey) key = frame.bytes;
      samples.push({ ...frame, duration: den, shownAfter: 0 });
      if (samples.length === perFragment || next + samples.length === end) yield fragment();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    key ??= await standing();
    if (key === null) throw thrown;
    if (next < end) yield bridged(key);
  }
}
