import type { Answer, RecoveryState } from './recovery.ts';

/** One way to the same sound, like a `<source>`. */
export interface MediaSourceOption {
  readonly src: string;
  /** As of `<source type>`: `audio/mp4; codecs="opus"`, `audio/mpeg`; without it the name in the address decides. */
  readonly type?: string;
}

/** Playing one of several sources; positions, durations and places in seconds. */
export interface Playback {
  /** Starts over with the first source that can be played here; none unloads. `at` is where to begin. */
  load(sources: readonly MediaSourceOption[], options?: { readonly autoplay?: boolean; readonly at?: number }): void;
  /** Resolves when playback begins or, during an outage, when the next attempt does. Rejects as an audio element's. */
  play(): Promise<void>;
  pause(): void;
  /** Pauses and ends what is under way with the server at once, so that nothing is paid; `play` goes on at the frame. */
  stop(): void;
  /** Throws a TypeError for what is no finite number, as an audio element does. */
  seek(seconds: number): void;
  setRate(rate: number): void;
  position(): number;
  /** NaN until it is known. */
  duration(): number;
  wanted(): boolean;
  /** Wanted, but nothing to hear yet. */
  busy(): boolean;
  buffered(): TimeRanges;
  recovery(): RecoveryState;
  stats(): Stats;
  /** What the stream told of itself. */
  details(): Details | null;
  /** Of a channel, once it has begun; else null. */
  live(): Live | null;
  /** The address that is played, or will be; empty without one. */
  source(): string;
  /** What of a playlist can be chosen from; null when there is nothing. */
  levels(): Levels | null;
  /** Begins to listen and to watch; everything stops with `signal`, and the place is kept. */
  attach(signal: AbortSignal): void;
}

/** What is on now, and what of it can be heard again; seconds on the channel. */
export interface Live {
  /** The oldest that is left. */
  from(): number;
  /** The newest that a listener should hear. */
  edge(): number;
  /** From here on a listener is at the edge. */
  edgeStart(): number;
  isAtEdge(): boolean;
  toEdge(): void;
}

/** The qualities that a playlist offers, by their places in its list. */
export interface Levels {
  /** Height in pixels, 0 without a picture; bits a second. */
  list(): readonly { readonly height: number; readonly bitrate: number }[];
  /** -1: as the network allows. */
  chosen(): number;
  /** Which is seen or heard now; -1 before. */
  playing(): number;
  choose(index: number): void;
}

/** Title, artist, station and chapters as the stream tells them. */
export interface Details {
  readonly title?: string;
  readonly artist?: string;
  readonly station?: string;
  /** Of a channel: from when on the rest holds, in seconds. */
  readonly time?: number;
  readonly chapters: readonly Chapter[];
}

/** Half-open, in seconds. */
export interface Chapter {
  readonly start: number;
  readonly end: number;
  readonly title: string;
}

/** Counted since `load`; buffered seconds are those around the playhead. */
export interface Stats {
  readonly engine: 'framed' | 'hls' | 'file';
  readonly codec: string | null;
  /** The last 50, oldest first. */
  readonly legs: readonly LegStats[];
  readonly legCount: number;
  readonly retries: number;
  readonly bytes: number;
  readonly bufferedAhead: number;
  readonly bufferedBehind: number;
  readonly stalls: number;
  readonly evictions: number;
  readonly quotaHits: number;
  /** Sound that the server told is missing. */
  readonly damagedMs: number;
}

/** One request: which seconds of the sound it brought, and when. */
export interface LegStats {
  /** In milliseconds of `now`. */
  readonly openedAt: number;
  readonly from: number;
  readonly to: number;
  readonly firstByteMs: number | null;
  readonly totalMs: number | null;
  readonly bytes: number;
  /** Null while it is under way. */
  readonly end: 'leg' | 'eos' | 'error' | 'cut' | 'abandoned' | null;
}

/** `detail` of `handover`: at `from` seconds the next leg goes on, which was asked for to bring what follows up to `to`. */
export interface HandoverDetail {
  readonly from: number;
  readonly to: number;
  readonly firstByteMs: number | null;
}

/** `detail` of `discontinuity`: at `time` seconds the sound is not what was before, or `missingMs` of it are missing. */
export interface DiscontinuityDetail {
  readonly time: number;
  readonly missingMs: number;
  readonly why: string;
}

/** What a playback does its work with; clock (milliseconds) and randomness. */
export interface PlaybackDeps {
  /** Asks the server what is wrong with a plain file. */
  ask(url: string, signal: AbortSignal): Promise<Answer>;
  /** Something that is shown may have changed. */
  readonly changed: () => void;
  /**
   * A media event, or with a detail `retry`, `recovered`, `failed` (outage-detail.ts), `handover`, `metadata` (Details),
   * `discontinuity` and, at most once a second, `stats` (Stats).
   */
  readonly emit: (type: string, detail?: object) => void;
  /** The element that is seen and heard, of which the one that is played in may be a stand-in. */
  readonly media?: () => HTMLMediaElement;
  readonly now: () => number;
  readonly random: () => number;
  /** How long a pause may last before the connection is given up, in milliseconds; 60000 if not said. */
  readonly pausedLimitMs?: number;
}

/** A playback of one address at a time. */
export type Engine = Omit<Playback, 'load'>;
