import type { Epoch } from '../live/epoch.ts';
import type { Head, TitleMark } from '../live/head.ts';
import { CHANNEL_RATE, chunkSamples, type LiveGrid } from '../grid/live.ts';
import type { Samples, Seconds } from '../units.ts';
import type { LiveWindow, MetadataEvent, StreamEvent } from './leg-events.ts';

/** Tells a listener of a channel once what there is to tell. */
export interface Teller {
  /** What is on at the beginning; null when nobody said. */
  opening(head: Head | null): MetadataEvent | null;
  /** What is not told yet of the sound before `to`: what was lost in it, and its titles. */
  upTo(to: Samples, head: Head | null): readonly StreamEvent[];
}

/** For a listener who begins at `from`. */
export function createTeller(from: Samples): Teller {
  let lastEpoch = -1; // ids go up; two that begin at one position need not be known at the same time
  let titlesTo = from;
  return {
    opening: (head) => {
      const title = head?.titles.findLast(({ at }) => at <= from);
      if (head == null) return null;
      if (title !== undefined) return metadata(title, head);
      const { name: station } = head.station;
      return station === undefined ? null : { type: 'metadata', time: seconds(from), station, chapters: [] };
    },
    upTo: (to, head) => {
      if (head === null) return [];
      const losses = head.epochs.filter(({ id, at }) => id > lastEpoch && at >= from && at < to);
      const titles = head.titles.filter(({ at }) => at > titlesTo && at < to);
      lastEpoch = Math.max(lastEpoch, ...losses.map(({ id }) => id));
      titlesTo = Math.max(titlesTo, ...titles.map(({ at }) => at));
      return [...losses.flatMap(lossOf), ...titles.map((title) => metadata(title, head))];
    },
  };
}

function metadata({ at, title, artist }: TitleMark, { station: { name } }: Head): MetadataEvent {
  return {
    ...{ type: 'metadata', time: seconds(at), title, chapters: [] },
    ...(artist === undefined ? {} : { artist }),
    ...(name === undefined ? {} : { station: name }),
  };
}

/** What is known at the beginning, or was without a gap, is nothing to tell. */
function lossOf({ id, at, why, missingMs }: Epoch): readonly StreamEvent[] {
  if (id === 0 || why === 'next-track') return [];
  return [{ type: 'discontinuity', time: seconds(at), missingMs, why }];
}

/** What can be heard of `runs` of chunks. */
export function windowOf(runs: readonly (readonly [number, number])[], grid: LiveGrid, behind: Seconds): LiveWindow {
  const samples = chunkSamples(grid);
  const [from = 0] = runs[0] ?? [];
  const [, to = from] = runs.at(-1) ?? [];
  return { from: seconds(from * samples), to: seconds(to * samples), behind };
}

const seconds = (position: Samples): Seconds => Math.round((position / CHANNEL_RATE) * 1e6) / 1e6;
