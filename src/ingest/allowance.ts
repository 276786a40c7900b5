import type { Bytes } from '../units.ts';
import { hasPictures, type IngestFormat } from './format.ts';

/** What may come above `mostPerSecond` at once. */
export const BURST: Bytes = 4 * 2 ** 20;
/** Of the largest streams of sound, times one and a half. */
const SOUND: Bytes = 256 * 1024;
/** Of 720p at 2.5 Mbit/s, times two. */
const PICTURES: Bytes = 640 * 1024;

/** What a publisher may send in a second, over some of them. */
export const mostPerSecond = (format: IngestFormat): Bytes => (hasPictures(format) ? PICTURES : SOUND);
