import type { Frames, Kbps, Seconds } from '../units.ts';

/** Frames a second, as a fraction. */
export interface FrameRate {
  readonly num: number;
  readonly den: number;
}

/** How a picture is shown: pixels are square, and nothing is to be turned any more. */
export interface Picture {
  readonly width: number;
  readonly height: number;
}

/** A rung of the ladder. */
export interface Rung extends Picture {
  /** What it is called: the lines of a picture of 16:9 that this one fits into. */
  readonly lines: number;
  readonly rate: FrameRate;
  /** Of the coder's buffer, which holds a second. */
  readonly maxKbps: Kbps;
  /** H.264 level, times ten. */
  readonly level: number;
}

/**
 * The frames of one rung, and how they are cut into segments. They are in step with those of the source: frame n is shown
 * `phase` after n frames have passed, only the first one is shown from 0 on.
 */
export interface PictureTimeline {
  readonly rate: FrameRate;
  readonly phase: Seconds;
  /** Of a frame, frames of the source that begin so much later are shown instead of it. */
  readonly tolerance: number;
  readonly frames: Frames;
  readonly segments: number;
  /** Of segment `index`; that behind the last one is where the last one ends. */
  startOf(index: number): Frames;
}

export const SEGMENT: Seconds = 6;

/** Lines, and the bits that are enough for them at 30 frames a second. */
const LADDER: readonly (readonly [lines: number, maxKbps: Kbps])[] = [
  [1080, 5000],
  [720, 2800],
  [480, 1400],
  [360, 800],
  [240, 400],
];
const NARROW = 9 / 16;
/** Above 30 frames a second only pictures of so many lines are worth it. */
const FAST_LINES = 720;
const FASTER = 1.5;

/** The lines of a picture of 16:9 that `picture` fits into, whichever way up it is. */
export const linesOf = ({ width, height }: Picture): number =>
  Math.max(Math.min(width, height), Math.round(Math.max(width, height) * NARROW));

/**
 * What is offered of a source that looks like `picture`, the largest first: nothing larger than itself, and at least
 * one rung. Sides are even, as 4:2:0 wants them.
 */
export function ladderOf(picture: Picture, sourceRate: number): readonly Rung[] {
  const own = linesOf(picture);
  const legal = LADDER.filter(([lines]) => lines <= own);
  const rungs = legal.length > 0 ? legal : [[even(own), 400] as const];
  const { base, isDouble } = ratesOf(sourceRate);
  return rungs.map(([lines, kbps]) => {
    const isFast = isDouble && lines >= FAST_LINES;
    const rate = isFast ? { num: base.num * 2, den: base.den } : base;
    const size = fitted(picture, Math.min(1, lines / own));
    const maxKbps = isFast ? kbps * FASTER : kbps;
    return { lines, ...size, rate, maxKbps, level: levelOf(size, rate, maxKbps) };
  });
}

const fitted = ({ width, height }: Picture, scale: number): Picture => ({
  width: even(width * scale),
  height: even(height * scale),
});

const even = (length: number): number => Math.max(2, 2 * Math.round(length / 2));

/** Rates up to 30; a source of more has twice the base. */
const BASE_RATES: readonly FrameRate[] = [
  ...[10, 12, 12.5, 15, 20, 24, 25, 30].map((rate) => ({ num: rate * 1000, den: 1000 })),
  { num: 24_000, den: 1001 },
  { num: 30_000, den: 1001 },
].toSorted((a, b) => a.num / a.den - b.num / b.den);
const HIGHEST_BASE = 30.5;
const HIGHEST = 61;
/** A thousandth tells 29.97 from 30. */
const NEARLY = 0.0005;

/** The constant rate that loses nothing of a source: its own, else the next one above; the highest base where it has none. */
function ratesOf(sourceRate: number): { base: FrameRate; isDouble: boolean } {
  let wanted = Number.isFinite(sourceRate) ? sourceRate : HIGHEST_BASE;
  while (wanted > HIGHEST) wanted /= 2;
  const isDouble = wanted > HIGHEST_BASE;
  if (isDouble) wanted /= 2;
  const base = BASE_RATES.find(({ num, den }) => num / den >= wanted * (1 - NEARLY));
  return { base: base ?? { num: 30_000, den: 1000 }, isDouble };
}

/** ITU-T H.264 table A-1: level, macroblocks a second and in a frame, and kbit/s of the High profile. */
const LEVELS: readonly (readonly [number, number, number, number])[] = [
  [13, 11_880, 396, 960],
  [21, 19_800, 792, 5000],
  [30, 40_500, 1620, 12_500],
  [31, 108_000, 3600, 17_500],
  [32, 216_000, 5120, 25_000],
  [40, 245_760, 8192, 25_000],
  [42, 522_240, 8704, 62_500],
  [51, 983_040, 36_864, 300_000],
];
const HIGHEST_LEVEL = 52;

function levelOf({ width, height }: Picture, { num, den }: FrameRate, kbps: Kbps): number {
  const blocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const fits = LEVELS.find(([, speed, size, most]) => blocks <= size && (blocks * num) / den <= speed && kbps <= most);
  return fits?.[0] ?? HIGHEST_LEVEL;
}

/** What the frames of a source are like, and how long they are shown in all. */
export interface PictureSpan {
  /** When the first one is shown; before 0 where they begin before the sound. */
  readonly start: Seconds;
  readonly duration: Seconds;
  /** Frames a second. */
  readonly rate: number;
}

/**
 * The frames of a source at `rate`: segment k begins at the first frame at or after k x 6 s. Where a rate is twice that of
 * lower rungs, it is cut where they are.
 */
export function layPictures(rate: FrameRate, source: PictureSpan): PictureTimeline {
  const times = rate.num / rate.den > HIGHEST_BASE ? 2 : 1;
  const baseRate = rate.num / rate.den / times;
  const inFrames = source.start * baseRate;
  const phase = Math.max(0, inFrames - Math.floor(inFrames + ALMOST));
  const base = Math.max(1, Math.round(source.duration * baseRate - phase - ALMOST));
  const cutAt = (index: number): Frames => Math.max(0, Math.ceil(index * SEGMENT * baseRate - phase - ALMOST));
  let segments = Math.max(1, Math.ceil((base + phase) / (SEGMENT * baseRate) - ALMOST));
  while (segments > 1 && cutAt(segments - 1) >= base) segments--;
  return {
    rate,
    phase: phase / baseRate,
    tolerance: 0.5 / Math.max(1, Math.round(source.rate / (baseRate * times))),
    frames: base * times,
    segments,
    startOf: (index) => (index >= segments ? base : Math.min(base, cutAt(index))) * times,
  };
}

/** When a frame is shown, which for the one behind the last is where it ends. */
export const shownAt = ({ phase, rate: { num, den } }: PictureTimeline, frame: Frames): Seconds =>
  frame === 0 ? 0 : phase + (frame * den) / num;

/** Of what is a whole number but for rounding. */
const ALMOST = 1e-6;
