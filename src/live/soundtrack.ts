import type { Samples } from '../units.ts';
import { createPulse, type Pulse } from './pulse.ts';
import type { Track } from './track.ts';

/** What this process knows of the sound of a channel; positions are samples at 48 kHz. */
export interface Soundtrack {
  /** Beats whenever more is known. */
  readonly pulse: Pulse;
  /** The newest track, ended or not. */
  last(): Track | null;
  /** A new epoch; the one before it has been closed. */
  begin(track: Track): void;
  /** All of it, since it belongs to another life of the channel. */
  forget(): void;
  /** There is no sound behind the last track, up to `to`. */
  silence(to: Samples): void;
  /** What there is at `position`, and up to where for certain; null while that is open. */
  at(position: Samples): Stretch | null;
  /** Up to where it is known what there is. */
  known(): Samples;
  /** Whether the packets are here that encoding from `position` on begins with. */
  reaches(position: Samples): boolean;
}

/** Half-open: it ends at `end`; a track that goes on has none. */
export type Stretch =
  { readonly kind: 'sound'; readonly track: Track } | { readonly kind: 'silence'; readonly end: Samples };

/** More than the oldest position that a chunk being encoded may still ask for. */
const TRACKS_KEPT = 16;

export function createSoundtrack(pulse: Pulse = createPulse()): Soundtrack {
  let tracks: readonly Track[] = [];
  let silentTo: Samples = 0;

  const trackAt = (position: Samples): Track | undefined => tracks.findLast((track) => track.epoch().at <= position);
  const endOf = (track: Track): Samples => track.epoch().end ?? Infinity;

  return {
    pulse,
    last: () => tracks.at(-1) ?? null,
    begin: (track) => {
      tracks = [...tracks, track].slice(-TRACKS_KEPT);
      pulse.beat();
    },
    forget: () => {
      [tracks, silentTo] = [[], 0];
      pulse.beat();
    },
    silence: (to) => {
      silentTo = Math.max(silentTo, to);
      pulse.beat();
    },
    at: (position) => {
      const track = trackAt(position);
      if (track !== undefined && position < endOf(track)) return { kind: 'sound', track };
      const next = tracks.find((each) => each.epoch().at > position);
      if (next !== undefined) return { kind: 'silence', end: next.epoch().at };
      return position < silentTo ? { kind: 'silence', end: silentTo } : null;
    },
    known: () => {
      const last = tracks.at(-1);
      return Math.max(silentTo, last === undefined ? 0 : Math.min(last.received(), endOf(last)));
    },
    reaches: (position) => {
      const track = trackAt(position);
      return track === undefined || position >= endOf(track) || track.reaches(position);
    },
  };
}
