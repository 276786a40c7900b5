import { chunkSamples, COPY_GRID, layLiveTimeline, type LiveGrid } from '../grid/live.ts';
import { formatRendition, parseRendition, type CodedRendition, type CopyRendition } from '../grid/rendition.ts';
import type { Timeline } from '../grid/timeline.ts';
import { shortHash } from '../source/record.ts';
import type { Milliseconds, Samples } from '../units.ts';
import { createChannel, type Channel, type ChannelDeps } from './channel.ts';
import type { LiveOutput } from './produce.ts';
import { createLiveStream, type LiveStream, type StreamDeps } from './live-stream.ts';

/** All channels of a process. */
export interface Channels {
  /** The stream of a source, with its fallback, in a rendition: the same one for everybody. */
  stream(urls: readonly [string, string?], rendition: CodedRendition | CopyRendition): LiveStream;
  /** The pictures of a source, of at most so many lines: chunk by chunk beside those of its sound in a grid. */
  pictures(urls: readonly [string, string?], lines: number, grid: LiveGrid): LiveStream;
  /** Those that somebody listens to, or has asked for lately. */
  list(): readonly KnownChannel[];
  close(): Promise<void>;
}

export interface KnownChannel {
  readonly urls: readonly [string, string?];
  readonly channel: Channel;
  readonly streams: ReadonlyMap<string, LiveStream>;
}

export interface ChannelsDeps extends ChannelDeps, StreamDeps {
  readonly engineId: string;
}

interface Entry extends KnownChannel {
  readonly streams: Map<string, LiveStream>;
  askedAt: Milliseconds;
}

/** A channel that nobody holds is forgotten so long after somebody asked for it. The store knows what there is to know. */
const IDLE_MS: Milliseconds = 60_000;

// Raised when the bytes of a chunk or the meaning of a head change.
const LAYOUT = 'baton-live-1';

export function createChannels(deps: ChannelsDeps): Channels {
  const entries = new Map<string, Entry>();

  let timer: NodeJS.Timeout | null = null;

  function entryOf(id: string, urls: readonly [string, string?]): Entry {
    timer ??= setInterval(forget, IDLE_MS).unref();
    const known = entries.get(id);
    if (known !== undefined) {
      known.askedAt = deps.clock();
      return known;
    }
    const channel = createChannel(urls, channelKey(urls), chunkSamplesOf, deps);
    const entry: Entry = { urls, channel, streams: new Map(), askedAt: deps.clock() };
    entries.set(id, entry);
    return entry;
  }

  function forget(): void {
    for (const [id, { channel, streams, askedAt }] of entries) {
      const isHeld = channel.sourceState() !== null || [...streams.values()].some((stream) => stream.state() !== null);
      if (!isHeld && deps.clock() - askedAt > IDLE_MS) entries.delete(id);
    }
    if (entries.size === 0) stop();
  }

  function stop(): void {
    if (timer !== null) clearInterval(timer);
    timer = null;
  }

  function streamOf(
    urls: readonly [string, string?],
    rendition: string,
    laid: Pick<LiveOutput, 'grid' | 'timeline' | 'lines'>,
  ): LiveStream {
    const id = idOf(urls);
    const { channel, streams } = entryOf(id, urls);
    const name = `${deps.engineId} ${rendition}`;
    const known = streams.get(name);
    if (known !== undefined) return known;
    const chunksOf = hash(name);
    const version = (): string => channel.head.latest()?.version ?? 'unknown';
    const keyOf = (index: number): string => `chunk/live/${id}/${version()}/${chunksOf}/${index}`;
    const made = createLiveStream(channel, { name, ...laid, keyOf }, deps);
    streams.set(name, made);
    return made;
  }

  return {
    stream: (urls, rendition) => streamOf(urls, formatRendition(rendition), laid(rendition)),
    pictures: (urls, lines, grid) =>
      streamOf(urls, picturesName(lines, chunkSamples(grid)), { grid, timeline: null, lines }),
    list: () => [...entries.values()],
    close: async () => {
      stop();
      const all = [...entries.values()];
      await Promise.all(all.flatMap(({ streams }) => [...streams.values()].map((stream) => stream.close())));
      await Promise.all(all.map(({ channel }) => channel.close()));
    },
  };
}

function laid(rendition: CodedRendition | CopyRendition): { grid: LiveGrid; timeline: Timeline | null } {
  if (rendition.codec === 'copy') return { grid: COPY_GRID, timeline: null };
  const timeline = layLiveTimeline(rendition);
  return { grid: timeline, timeline };
}

/** With how long their chunks are. */
const picturesName = (lines: number, samples: Samples): string => `video.${lines}p~samples.${samples}`;
const PICTURES = /^video\.\d+p~samples\.(\d+)$/;

/** Of a rendition, by its name in a head. */
function chunkSamplesOf(name: string): Samples {
  const text = name.slice(name.indexOf(' ') + 1);
  const samples = PICTURES.exec(text)?.[1];
  if (samples !== undefined) return Number(samples);
  const rendition = parseRendition(text);
  return rendition.codec === 'pcm' || rendition.codec === 'auto' ? 0 : chunkSamples(laid(rendition).grid);
}

/** Where the head of a channel lies in the store: all that is known of it. */
export const channelKey = (urls: readonly [string, string?]): string => `live/${idOf(urls)}`;

const idOf = (urls: readonly [string, string?]): string => hash(...urls);

const hash = (...parts: readonly unknown[]): string => shortHash(JSON.stringify([LAYOUT, ...parts]));
