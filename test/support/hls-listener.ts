import { setTimeout as sleep } from 'node:timers/promises';
import { bytesAt, readMedia, type ReadPlaylist } from './hls.ts';

/** Somebody who polls a live playlist as players do, and keeps every segment that it ever listed. */
export interface HlsListener {
  /** Media sequence numbers and what they were called. */
  readonly numbers: ReadonlyMap<number, string>;
  readonly gaps: ReadonlySet<number>;
  readonly playlists: readonly ReadPlaylist[];
  /** What went wrong with numbers: one that was repeated for something else, or skipped. */
  readonly complaints: readonly string[];
  /** Requests that were refused or broke off. */
  readonly failures: readonly string[];
  /** Init section and segments, in order. */
  readonly bytes: () => Buffer;
  readonly stop: () => Promise<void>;
}

const POLL_MS = 1_200;

/** Begins to listen to the media playlist at `url()`, which may be another one each time. */
export function listenToHls(url: () => string): HlsListener {
  const numbers = new Map<number, string>();
  const gaps = new Set<number>();
  const parts = new Map<number, Buffer>();
  const playlists: ReadPlaylist[] = [];
  const complaints: string[] = [];
  const failures: string[] = [];
  let init: Buffer = Buffer.of();
  const over = new AbortController();

  async function look(): Promise<void> {
    const read = await readMedia(url());
    const first = read.playlist.mediaSequenceBase ?? NaN;
    const before = playlists.at(-1)?.playlist;
    if (first < (before?.mediaSequenceBase ?? 0)) complaints.push(`first number ${first} after a higher one`);
    playlists.push(read);
    if (init.length === 0) init = await bytesAt(read.init);
    for (const [index, segment] of read.segments.entries()) {
      const number = first + index;
      const name = segment.url.split('/').at(-1) ?? '';
      const last = Math.max(...numbers.keys());
      if (numbers.size > 0 && number > last + 1) complaints.push(`${number} after ${last}`);
      const known = numbers.get(number);
      if (known !== undefined && known !== name) complaints.push(`${number} is ${name} and was ${known}`);
      numbers.set(number, name);
      if (read.playlist.segments[index]?.gap === true) gaps.add(number);
      else if (!parts.has(number)) parts.set(number, await bytesAt(segment.url));
    }
  }

  const work = (async () => {
    while (!over.signal.aborted) {
      await look().catch((thrown: unknown) => failures.push(String(thrown)));
      await sleep(POLL_MS);
    }
  })();

  return {
    ...{ numbers, gaps, playlists, complaints, failures },
    bytes: () => Buffer.concat([init, ...[...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)]),
    stop: async () => {
      over.abort();
      await work;
    },
  };
}
