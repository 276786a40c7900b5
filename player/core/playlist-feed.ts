import type Hls from 'hls.js';
import type { ErrorData, Events, FragLoadedData, Level } from 'hls.js';
import type { Engine, LegStats, Levels, Live } from './engine.ts';
import { AHEAD, settings } from './hls-settings.ts';
import { needsAll, readPlaylist } from './playlist-loader.ts';
import type { Cause } from './recovery.ts';

/** What feeds an element from an HLS playlist (RFC 8216). */
export interface PlaylistFeed {
  /** Begins with `src`, or goes on with it after an outage; at `place`, or where the stream itself begins. */
  open(src: string, place: number | null): void;
  /** Leaves the element, and the server. */
  close(): void;
  /** The address that failed last; null when none did since something came. */
  failedUrl(): string | null;
  /** What the engine of plain files cannot tell or do. */
  readonly answers: Pick<Engine, 'live' | 'levels' | 'stats' | 'stop'>;
}

/** What a feed needs of the player; `media` is the element itself, of which `audio` may be a stand-in. */
export interface FeedDeps {
  readonly audio: HTMLMediaElement;
  readonly media: () => HTMLMediaElement;
  /** There is nothing more to play, and why. */
  readonly broke: (cause: Cause) => void;
  /** Something that is shown may have changed. */
  readonly changed: () => void;
}

/**
 * Feeds the element through hls.js or, where the browser takes playlists itself and can throw them to another screen
 * (AirPlay), by itself. Everywhere else hls.js is the better one even if the browser says "maybe", as Chromium does: it
 * tells what failed, and lets the listener choose a quality. Loaded with the first playlist.
 */
export function createPlaylistFeed(plain: Engine, deps: FeedDeps): PlaylistFeed {
  const { audio, media, broke } = deps;
  let hls: Hls | null = null;
  /** What is fed, and what hls.js was made for. */
  let [src, known] = ['', ''];
  let opening = new AbortController();
  let failed: string | null = null;
  /** hls.js has given up, and what was there before is still to be heard. */
  let pending: Cause | null = null;
  let isAlone = false;
  let isResting = false;
  let bytes = 0;
  let [legCount, legs]: [number, readonly LegStats[]] = [0, []];
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function begin(next: string, place: number | null, signal: AbortSignal): Promise<void> {
    if (audio.preload === 'none' && audio.paused) await once(audio, 'play', signal);
    isAlone = playsAlone(media());
    if (next !== known || place === null) forget(); // an outage has a place
    known = next;
    if (isAlone) {
      audio.src = next;
      audio.currentTime = place ?? 0;
      return;
    }
    if (hls === null) {
      const text = await readPlaylist(next, media().crossOrigin, signal);
      const { Hls } = await (needsAll(text.text) ? import('./hls-full.ts') : import('./hls-light.ts'));
      if (signal.aborted) return;
      if (!Hls.isSupported()) {
        broke('unplayable');
        return;
      }
      const given = { ...settings(text, media().crossOrigin, Hls.DefaultConfig), startPosition: place ?? -1 };
      hls = start(new Hls(given), Hls.Events);
      hls.attachMedia(media());
      hls.loadSource(next);
    } else {
      reach(hls);
      hls.attachMedia(media());
      hls.startLoad(place ?? -1);
    }
  }

  function start(
    made: Hls,
    { ERROR, FRAG_LOADED, MANIFEST_PARSED, LEVEL_SWITCHED, LEVEL_UPDATED }: typeof Events,
  ): Hls {
    made.on(ERROR, (_, error) => hear(error));
    made.on(FRAG_LOADED, (_, loaded) => count(loaded));
    for (const told of [MANIFEST_PARSED, LEVEL_SWITCHED, LEVEL_UPDATED]) made.on(told, deps.changed);
    reach(made);
    return made;
  }

  /** Reads little ahead before anybody wants to hear it. */
  function reach({ config }: Hls): void {
    config.maxBufferLength = config.maxMaxBufferLength = audio.paused && audio.preload !== 'auto' ? 1 : AHEAD;
  }

  function hear({ fatal, type, details, response, url, frag }: ErrorData): void {
    const isUnread = details.startsWith('manifestParsing') || details.startsWith('manifestIncompatible');
    const cause = (type as string) === 'networkError' && !isUnread ? 'network' : 'unplayable';
    if (cause === 'network') failed = response?.url ?? url ?? frag?.url ?? failed;
    if (!fatal) return;
    pending = cause;
    if (audio.readyState < 3 || cause === 'unplayable') give();
    else timer = setTimeout(() => hls?.startLoad(), AGAIN_MS);
  }

  /** The listener hears of it when the sound is at its end, not before. */
  function give(): void {
    clearTimeout(timer);
    if (pending === null) return;
    const cause = pending;
    pending = null;
    broke(cause);
  }

  function count({ frag, part }: FragLoadedData): void {
    failed = pending = null;
    const { loading, loaded } = (part ?? frag).stats;
    bytes += loaded;
    legCount++;
    const leg: LegStats = {
      ...{ openedAt: loading.start, from: frag.start, to: frag.start + frag.duration, bytes: loaded, end: 'leg' },
      ...{ firstByteMs: loading.first - loading.start, totalMs: loading.end - loading.start },
    };
    legs = [...legs.slice(1 - KEPT_LEGS), leg];
  }

  function forget(): void {
    hls?.destroy();
    hls = null;
    failed = pending = null;
    bytes = legCount = 0;
    legs = [];
  }

  function rest(): void {
    clearTimeout(timer);
    hls?.stopLoad();
    isResting = true;
  }

  audio.addEventListener('waiting', give);
  audio.addEventListener('pause', () => {
    if (hls !== null && !audio.ended) timer = setTimeout(rest, PAUSED_LIMIT_MS);
  });
  audio.addEventListener('play', () => {
    clearTimeout(timer);
    if (hls !== null) reach(hls);
    if (isResting) hls?.startLoad();
    isResting = false;
  });

  const edge = (): number => hls?.liveSyncPosition ?? last(audio.seekable);
  const target = (): number => hls?.latestLevelDetails?.targetduration ?? 6;
  const live: Live = {
    from: () => (audio.seekable.length === 0 ? 0 : audio.seekable.start(0)),
    edge,
    edgeStart: () => edge() - EDGE_SEGMENTS * target(),
    isAtEdge: () => audio.currentTime >= live.edgeStart(),
    toEdge: () => plain.seek(edge()),
  };
  const isLive = (): boolean => (isAlone ? audio.duration === Infinity : hls?.latestLevelDetails?.live === true);

  const levels: Levels = {
    list: () => (hls?.levels ?? []).map(({ height, bitrate }) => ({ height, bitrate })),
    chosen: () => (hls === null || hls.autoLevelEnabled ? -1 : hls.loadLevel),
    playing: () => hls?.currentLevel ?? -1,
    choose(index) {
      if (hls !== null) hls.nextLevel = index;
      deps.changed();
    },
  };

  const isPlayed = (): boolean => plain.source() === src;
  const { stats, stop } = plain;
  return {
    open(next, place) {
      opening.abort();
      src = next;
      opening = new AbortController();
      const { signal } = opening;
      begin(next, place, signal).catch(() => {
        if (signal.aborted) return;
        failed = next;
        broke('network');
      });
    },
    close() {
      opening.abort();
      clearTimeout(timer);
      pending = null;
      hls?.stopLoad();
      hls?.detachMedia();
    },
    failedUrl: () => failed,
    answers: {
      stop() {
        stop();
        rest();
      },
      live: () => (isPlayed() && isLive() ? live : null),
      levels: () => (isPlayed() && hls !== null && hls.levels.length > 0 ? levels : null),
      stats: () =>
        isPlayed()
          ? { ...stats(), engine: 'hls', codec: codecOf(hls?.levels[hls.currentLevel]), bytes, legs, legCount }
          : stats(),
    },
  };
}

const AGAIN_MS = 3000;
const PAUSED_LIMIT_MS = 60_000;
const KEPT_LEGS = 50;
/** A listener so many segments behind the place for live listening is still at the edge. */
const EDGE_SEGMENTS = 1.5;
function playsAlone(media: HTMLMediaElement): boolean {
  const isAble = media.canPlayType('application/vnd.apple.mpegurl') !== '';
  const isStreamable = 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis;
  return isAble && ('webkitShowPlaybackTargetPicker' in media || !isStreamable);
}

const codecOf = (level: Level | undefined): string | null =>
  level === undefined ? null : [level.videoCodec, level.audioCodec].filter(Boolean).join(',') || null;

const last = (ranges: TimeRanges): number => (ranges.length === 0 ? 0 : ranges.end(ranges.length - 1));

function once(target: EventTarget, type: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    target.addEventListener(type, () => resolve(), { once: true, signal });
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
