import { CHANNEL_RATE } from '../grid/live.ts';
import type { Samples, Seconds } from '../units.ts';

/** Times of pictures on a channel, from its creation on, count at this rate: that of transport streams. */
export const PICTURE_RATE = 90_000;

export type Ticks = number & { readonly unit?: 'ticks' };

/** Halves go up whoever computes them, for all but a rounding is the same to everybody. */
export const ticksOf = (seconds: Seconds): Ticks => Math.floor(seconds * PICTURE_RATE + 0.5 + ROUNDING);
const ROUNDING = 1e-3;

export const secondsOfTicks = (ticks: Ticks): Seconds => ticks / PICTURE_RATE;
export const ticksOfSamples = (samples: Samples): Ticks => (samples * PICTURE_RATE) / CHANNEL_RATE;
export const samplesOfTicks = (ticks: Ticks): Samples => Math.floor((ticks * CHANNEL_RATE) / PICTURE_RATE);
