import type { PictureFormat } from '../ffmpeg/picture-args.ts';
import { ladderOf, linesOf, type Picture, type Rung } from '../grid/picture.ts';
import { avcCodecs, writeAvcConfig } from '../media/avc.ts';
import type { VideoTrack } from '../media/fmp4-video.ts';
import type { PictureFacts } from '../media/picture-facts.ts';
import { colourOf, storedSets, type VideoDeps } from '../video/coded-video.ts';
import { shownAs } from '../video/offered.ts';
import { isPlayable, MOST_BITS } from '../video/playable.ts';
import type { Hertz } from '../units.ts';
import { PICTURE_RATE, type Ticks } from './picture-time.ts';

/** What becomes of the pictures of a channel for those who want at most so many lines. */
export interface PicturePlan {
  /** As shown: in square pixels, the right way up. */
  readonly size: Picture;
  /** Frames a second. */
  readonly rate: number;
  /** RFC 6381. */
  readonly codecs: string;
  /** Bits a second, about. */
  readonly bandwidth: number;
  /** How it is coded anew; null where the source's own pictures are passed on. */
  readonly coded: { readonly rung: Rung; readonly format: PictureFormat } | null;
}

/** Where nobody knows. */
const USUAL_RATE = 30;
const HIGH = 100;
/** What a source of so many lines usually takes, in bits for each pixel of a frame. */
const BITS_PER_PIXEL = 0.1;

/** The source's own pictures where all browsers play them and they are small enough, else the largest rung that is. */
export function picturePlan(facts: PictureFacts, lines: number): PicturePlan {
  const shown = shownAs(facts);
  const rate = facts.rate > 0 ? facts.rate : USUAL_RATE;
  const isFit = isPlayable(facts) && facts.isOpen !== true && (facts.bandwidth ?? 0) <= MOST_BITS;
  if (linesOf(shown) <= lines && isFit) {
    const [, profile = 0, constraints = 0, level = 0] = facts.config ?? [];
    const size = { width: Math.round(shown.width), height: Math.round(shown.height) };
    const bandwidth = size.width * size.height * rate * BITS_PER_PIXEL;
    return { size, rate, codecs: avcCodecs(profile, constraints, level), bandwidth, coded: null };
  }
  const rungs = ladderOf(shown, rate);
  const rung = rungs.find((one) => one.lines <= lines) ?? rungs.at(-1);
  if (rung === undefined) throw new RangeError('a ladder without rungs');
  return {
    size: { width: rung.width, height: rung.height },
    rate: rung.rate.num / rung.rate.den,
    codecs: avcCodecs(HIGH, 0, rung.level),
    bandwidth: rung.maxKbps * 1000,
    coded: { rung, format: { ...rung, colour: colourOf(facts) } },
  };
}

/** Pictures may be decoded so long before the channel begins: longer than scenes are. */
export const DECODED_AHEAD: Ticks = 15 * PICTURE_RATE;

/** The clock of the chunks that are made by a plan. */
export interface PictureClock {
  /** Ticks a second. */
  readonly timescale: Hertz;
  /** When the channel begins. */
  readonly zero: number;
}

export const clockOf = ({ coded }: PicturePlan): PictureClock =>
  coded === null ? { timescale: PICTURE_RATE, zero: DECODED_AHEAD } : { timescale: coded.rung.rate.num, zero: 0 };

/** What decoders are told before the first picture. */
export async function trackOf(
  { coded }: PicturePlan,
  { config, width, height, pixelAspect }: PictureFacts,
  { engine, store }: VideoDeps,
  signal: AbortSignal,
): Promise<VideoTrack> {
  if (coded === null) {
    const coding = { config: config ?? new Uint8Array(), width, height, pixelAspect };
    return { timescale: PICTURE_RATE, duration: null, mediaTime: DECODED_AHEAD, ...coding };
  }
  const { sequence, picture } = await storedSets(coded.format, engine, store, signal);
  const { rung } = coded;
  const set = writeAvcConfig([sequence], [picture]);
  return { timescale: rung.rate.num, config: set, width: rung.width, height: rung.height, duration: null };
}
