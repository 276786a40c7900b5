import type { Bytes } from '../units.ts';
import { hasPictures, type IngestFormat } from './format.ts';

/** What may come above `mostPerSecond` at once. */
export const BURST: Bytes = 4 * 2 ** 20;
/** Of the largest streams of sound, times one and a half. */
const SOUND: Bytes = 256 * 1024;
/** Of 720p at 2.5 Mbit/s, times two. */
const PICTURES: Bytes = 640 * 1024;

/** What a message counts at least: a stream that is cut into single bytes takes hundreds of times as much to be kept. */
const LEAST: Bytes = 1024;

/** What data counts. */
export const countOf = (payload: Uint8Array): Bytes => Math.max(LEAST, payload.length);

/** What a publisher may send in a second, over some of them. */
export const mostPerSecond = (format: IngestFormat): Bytes => (hasPictures(format) ? PICTURES : SOUND);
