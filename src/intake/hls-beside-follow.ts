import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError } from '../errors.ts';
import type { MediaPlaylist, Segment } from '../hls/media-playlist.ts';
import type { PictureCoding } from '../media/picture-entry.ts';
import { type HlsPictures, readPictures } from '../source/hls-pictures.ts';
import type { HlsReader } from '../source/hls-reader.ts';
import { stampsApart } from '../source/hls-timeline.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import { alikeIn, dateIn } from './hls-alike.ts';

/** The sound of a segment, which pictures are wanted for. */
export interface HeardSegment {
  readonly segment: Segment;
  /** The playlist that it stands in. */
  readonly media: MediaPlaylist;
  /** Another one where time stamps begin anew. */
  readonly stretch: number;
  /** By time stamps of the presentation, half-open. */
  readonly from: Seconds;
  readonly to: Seconds;
}

/** The pictures of a segment of another playlist, with time stamps of the sound of that stretch. */
export interface BesidePictures {
  readonly read: HlsPictures;
  readonly stretch: number;
}

/** What reading them takes. */
export interface HlsBesideDeps {
  readonly reader: HlsReader;
  readonly load: (address: string, signal: AbortSignal) => Promise<MediaPlaylist>;
  /** Monotonic. */
  readonly clock: () => Milliseconds;
}

/** A playlist of pictures that is read as the sound goes on. */
export interface BesideFollowing {
  /** Resolves when all that belongs to this sound was read, or it was stopped. One sound is asked for after the other. */
  read(sound: HeardSegment): Promise<void>;
  /** What was read of it and not given yet. */
  take(sound: HeardSegment): readonly BesidePictures[];
  stop(): void;
}

/** Pictures may begin so much before the sound that they belong to. */
export const EARLY: Seconds = 0.5;
const LEAST_PAUSE: Milliseconds = 500;
/** Where no playlist can be had, all are tried again so much later. */
const RETRY_MS: Milliseconds = 2_000;
/** A playlist that is so many segments older is another one. */
const MOST_BEHIND = 4;
/** Failures in a row, after which playlists are tried from the best one on. */
const FAILURES = 4;
/** Both are in the same stretch again after so many segments, else what belongs together is found anew. */
const MOST_ASTRAY = 5;
/** Time stamps that are farther apart are of different clocks. */
const MOST_APART: Seconds = 60;

interface Loaded {
  readonly media: MediaPlaylist;
  readonly at: Milliseconds;
  readonly address: string;
}

/** Follows the first of `addresses` that can be had, from what belongs to the first sound on. */
export function followBeside(addresses: readonly string[], { reader, load, clock }: HlsBesideDeps): BesideFollowing {
  const life = new AbortController();
  const { signal } = life;
  let goal: HeardSegment | null = null;
  let loaded: Loaded | null = null;
  /** Number of the next segment; null: it is to be found. */
  let next: number | null = null;
  /** Up to where segments were read. */
  let [stretch, reached] = [0, -Infinity];
  let coding: PictureCoding | null = null;
  /** The next one is the first one; pictures are missing before it. */
  let [isFirst, isCut] = [true, true];
  let ready: readonly BesidePictures[] = [];
  let working: Promise<void> | null = null;
  let astray = 0;

  async function work(): Promise<void> {
    while (goal !== null && !isThere(goal)) {
      const segment = await following(goal);
      if (segment !== null) await add(segment, goal);
    }
  }

  function isThere(sound: HeardSegment): boolean {
    if (next === null || stretch < sound.stretch) return false;
    return stretch > sound.stretch || stampsApart(reached, sound.to) >= 0 - EARLY;
  }

  /** The next segment; null where it has to be looked for once more. */
  async function following(sound: HeardSegment): Promise<Segment | null> {
    loaded ??= await firstLoaded();
    if (next === null) {
      next = alikeIn(loaded.media, sound.segment, sound.media);
      [stretch, reached, coding] = [sound.stretch, sound.from, null];
      [isFirst, isCut] = [true, true];
    }
    const { segments, mediaSequence } = loaded.media;
    const found = segments.find((segment) => segment.mediaSequence === next);
    if (found !== undefined) return found;
    const end = segments.at(-1)?.mediaSequence ?? mediaSequence;
    if (mediaSequence > next || end < next - MOST_BEHIND) next = null;
    else loaded = await reloaded(loaded);
    if (loaded === null) next = null;
    return null;
  }

  async function firstLoaded(): Promise<Loaded> {
    for (;;) {
      for (const address of addresses) {
        const media = await attempt(address);
        if (media !== null) return { media, at: clock(), address };
      }
      await sleep(RETRY_MS, undefined, { signal });
    }
  }

  /** Not before half a target duration has gone by (RFC 8216 6.3.4); null when that failed several times. */
  async function reloaded({ address, media: before, at }: Loaded): Promise<Loaded | null> {
    const pauseMs = Math.max(LEAST_PAUSE, before.targetDuration * 500);
    let lastAt = at;
    for (let failures = 0; failures < FAILURES; failures++) {
      await sleep(Math.max(0, lastAt + pauseMs - clock()), undefined, { signal });
      lastAt = clock();
      const media = await attempt(address);
      if (media !== null) return { media, at: lastAt, address };
    }
    return null;
  }

  async function attempt(address: string): Promise<MediaPlaylist | null> {
    try {
      return await load(address, signal);
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  async function add(segment: Segment, sound: HeardSegment): Promise<void> {
    next = segment.mediaSequence + 1;
    if (segment.discontinuity && !isFirst) [stretch, reached, coding] = [stretch + 1, -Infinity, null];
    isFirst = false;
    try {
      if (segment.gap) throw new BatonError('SOURCE_MISSING', `a gap at ${segment.mediaSequence}`);
      const track = await reader.pictureTrack(segment, signal);
      const bytes = await reader.segment(segment, signal);
      const all = readPictures(bytes, { track, near: sound.from, known: coding });
      const read = onClockOf(sound, segment, isCut ? fromKey(all) : all);
      reached = startOf(read) + segment.duration;
      [coding, isCut] = [read.coding, false];
      ready = [...ready, { read, stretch }];
    } catch {
      signal.throwIfAborted();
      isCut = true;
      reached += segment.duration;
    }
  }

  /** Where time stamps of one stretch are of different clocks, dates tell. */
  function onClockOf(sound: HeardSegment, segment: Segment, read: HlsPictures): HlsPictures {
    const start = startOf(read);
    if (stretch !== sound.stretch || Math.abs(stampsApart(start, sound.from)) <= MOST_APART) return read;
    const own = loaded && dateIn(loaded.media, segment);
    const other = dateIn(sound.media, sound.segment);
    if (own === null || other === null) throw new BatonError('SOURCE_DAMAGED', 'time stamps of another clock');
    const by = sound.from + (own - other) / 1000 - start;
    const pictures = read.pictures.map((one) => ({ ...one, at: one.at + by, decodedAt: one.decodedAt + by }));
    return { ...read, pictures };
  }

  return {
    read: (sound) => {
      goal = sound;
      astray = next === null || stretch === sound.stretch ? 0 : astray + 1;
      if (astray > MOST_ASTRAY) [next, ready] = [null, []];
      working ??= work()
        .catch(() => undefined) // it was stopped
        .finally(() => (working = null));
      return working;
    },
    take: (sound) => {
      const isDue = (one: BesidePictures): boolean =>
        one.stretch < sound.stretch ||
        (one.stretch === sound.stretch && stampsApart(startOf(one.read), sound.to) < 0 - EARLY);
      const due = ready.filter(isDue);
      ready = ready.filter((one) => !isDue(one));
      return due;
    },
    stop: () => {
      life.abort(new BatonError('CLIENT_GONE', 'nobody wants pictures'));
    },
  };
}

/** Where something is missing before, decoding begins with a key picture. Throws SOURCE_DAMAGED where there is none. */
function fromKey(read: HlsPictures): HlsPictures {
  const index = read.pictures.findIndex(({ isKey }) => isKey);
  if (index < 0) throw new BatonError('SOURCE_DAMAGED', 'a segment without key pictures');
  return { ...read, pictures: read.pictures.slice(index) };
}

const startOf = ({ pictures: [first] }: HlsPictures): Seconds => first?.at ?? NaN;
