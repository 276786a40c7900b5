import { setFlagsFromString } from 'node:v8';

/**
 * Collects the whole heap once it has grown threefold (V8 itself goes up to four); for a process of our own. Bytes on their
 * way count as growth: by V8's own measure 9 MB of them start the next collection, two segments of HLS, and nearly a third of
 * the processor time of a relay went into looking at a heap of which nothing had become free.
 */
export const letHeapGrow = (): void => setFlagsFromString('--heap-growing-percent=200');
