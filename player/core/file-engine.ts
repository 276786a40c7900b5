import { setRate, startAudio, unload, watchAudio } from './audio.ts';
import type { Engine, PlaybackDeps } from './engine.ts';
import { fileStats } from './file-stats.ts';
import { TRUE_DURING_OUTAGE } from './media-events.ts';
import { failedDetail, recoveredDetail, retryDetail } from './outage-detail.ts';
import type { PlaylistFeed } from './playlist-feed.ts';
import { createRecovery } from './recovery.ts';
import type { Cause, RecoveryState } from './recovery.ts';
import type { StallWatch } from './stall.ts';
import { timer } from './timer.ts';

const LOOK_MS = 1000;

/** Plays what the browser can play by itself, and HLS playlists. */
export interface FileEngine extends Engine {
  /** Starts over with `src`; an empty one unloads. `at` is in seconds. */
  load(src: string, options: { readonly autoplay: boolean; readonly at: number; readonly isPlaylist?: boolean }): void;
}

/** An `<audio>` element that finds its way back to where it was after errors, stalls and lost networks. */
export function createFileEngine(audio: HTMLMediaElement, deps: PlaybackDeps): FileEngine {
  let src = '';
  let wanted = false;
  /** Where to go once the metadata is there; null when the element itself knows the place. */
  let place: number | null = null;
  let lastPosition = 0;
  let resumedAt = 0;
  let duration = Number.NaN;
  let isList = false;
  /** Loaded with the first playlist. */
  let feed: PlaylistFeed | null = null;

  /** It comes with the source: when there is a network. */
  let stall: StallWatch | null = null;
  let [retries, stalls] = [0, 0];
  const recovery = createRecovery({
    ask: (signal) => deps.ask(feed?.failedUrl() ?? src, signal),
    reload() {
      audio.preload = wanted ? 'auto' : 'metadata';
      open();
    },
    wanted: () => wanted,
    changed: report,
    ...{ now: deps.now, random: deps.random, timer },
  });

  const position = (): number => place ?? audio.currentTime;
  const isBroken = (): boolean => !['steady', 'loading'].includes(recovery.state().at);

  function open(): void {
    stall?.reset();
    import('./stall.ts').then(({ createStallWatch }) => (stall ??= createStallWatch()), nothing);
    if (isList) openList(src);
    else {
      audio.src = src;
      audio.currentTime = place ?? 0; // Chromium and Firefox then start there; the rest follow in metadata()
    }
  }

  function openList(list: string): void {
    import('./playlist-feed.ts').then(
      ({ createPlaylistFeed }) => {
        feed ??= createPlaylistFeed(self, { audio, media: () => audio, ...deps, broke });
        Object.assign(self, feed.answers);
        if (list === src) feed.open(src, place);
      },
      () => broke('network'),
    );
  }

  function close(): void {
    feed?.close();
    unload(audio);
  }

  function broke(cause: Cause): void {
    if (isBroken()) return;
    place ??= audio.currentTime === 0 ? lastPosition : audio.currentTime;
    recovery.broke(cause);
    close(); // a half-dead connection must not come back to life behind the new one
  }

  function report(state: RecoveryState): void {
    if (state.at === 'loading') {
      retries++;
      deps.emit('retry', retryDetail(state.outage, position()));
    }
    if (state.at === 'failed') {
      deps.emit('failed', failedDetail(state.outage, position()));
      deps.emit('error');
    }
    deps.changed();
  }

  const start = (): Promise<void> =>
    startAudio(audio, () => {
      wanted = false;
      settle();
      deps.changed();
    });

  /** Ends the outage as soon as there is proof: sound that moves on, or data at the place when paused. */
  function settle(): void {
    const state = recovery.state();
    if (place !== null || state.at !== 'loading' || audio.seeking || audio.readyState < 1) return;
    if (wanted && !audio.ended && audio.currentTime <= resumedAt + 0.02) return;
    recovery.progressed();
    deps.emit('recovered', recoveredDetail(state.outage, position(), deps.now()));
  }

  function metadata(): void {
    duration = audio.duration;
    resumedAt = Math.min(place ?? 0, duration);
    if (place !== null && audio.currentTime !== resumedAt) audio.currentTime = resumedAt;
    place = null;
    if (wanted && audio.paused) start().catch(nothing);
  }

  function ended(): void {
    if (!isBroken()) wanted = false; // Firefox says `ended` after the error of a body that was cut
  }

  function failed(): void {
    const code = audio.error?.code;
    if (code === MediaError.MEDIA_ERR_NETWORK) broke('network');
    else if (code !== undefined && code !== MediaError.MEDIA_ERR_ABORTED) broke('unplayable');
  }

  const handlers: Readonly<Record<string, () => void>> = {
    loadedmetadata: metadata,
    durationchange: () => {
      if (!Number.isNaN(audio.duration)) duration = audio.duration;
    },
    timeupdate: () => {
      if (place === null && audio.currentTime > 0) lastPosition = audio.currentTime;
    },
    play: () => {
      wanted = true;
    },
    pause: () => {
      if (recovery.state().at === 'steady' && !audio.ended && audio.networkState !== audio.NETWORK_EMPTY)
        wanted = false;
    },
    ended,
    error: failed,
  };

  function attach(signal: AbortSignal): void {
    const { emit, changed } = deps;
    watchAudio(audio, { heard, online, look, lookMs: LOOK_MS, emit, changed }, signal);
    signal.addEventListener('abort', () => {
      place = position();
      wanted = false;
      recovery.reset();
      close();
    });
    if (src !== '' && !audio.hasAttribute('src')) open();
  }

  function heard(type: string): boolean {
    handlers[type]?.();
    settle();
    return recovery.state().at === 'steady' || TRUE_DURING_OUTAGE.has(type);
  }

  function look(): void {
    const bufferedEnd = audio.buffered.length === 0 ? 0 : audio.buffered.end(audio.buffered.length - 1);
    // With data at hand, standing still is not the network's fault.
    const isStarved = wanted && !isBroken() && audio.readyState < 3;
    const isIdle = audio.networkState === audio.NETWORK_IDLE;
    if (stall?.look({ now: deps.now(), isStarved, isIdle, position: position(), bufferedEnd })) {
      stalls++;
      broke('stalled');
    }
  }

  function online(): void {
    if (wanted && audio.readyState < 3) broke('network');
    recovery.online();
    deps.changed();
  }

  function pause(): void {
    wanted = false;
    audio.pause();
    settle();
    deps.changed();
  }

  const self: FileEngine = {
    load(next, { autoplay, at, isPlaylist = false }) {
      [src, isList] = [next, isPlaylist];
      [place, lastPosition, resumedAt, duration] = [at > 0 ? at : null, 0, 0, Number.NaN];
      retries = stalls = 0;
      recovery.reset();
      wanted = false;
      close();
      if (src !== '') open();
      if (src !== '' && autoplay) {
        wanted = true;
        start().catch(nothing);
      }
      deps.changed();
    },
    async play() {
      if (src === '') return;
      wanted = true;
      deps.changed();
      if (isBroken()) recovery.retry();
      else if (recovery.state().at === 'steady' || place === null) await start();
    },
    pause,
    stop: pause, // a browser reads little ahead of a paused file and then lets the connection rest
    seek(seconds) {
      const to = Math.max(0, Number.isNaN(duration) ? seconds : Math.min(seconds, duration));
      if (place === null && audio.readyState >= 1) audio.currentTime = to;
      else place = to;
      [resumedAt, lastPosition] = [to, to];
      deps.changed();
    },
    setRate: (rate) => setRate(audio, rate),
    position,
    duration: () => duration,
    wanted: () => wanted,
    busy: () => wanted && (recovery.state().at !== 'steady' || audio.readyState < 3),
    buffered: () => audio.buffered,
    recovery: () => recovery.state(),
    stats: () => fileStats(audio, { retries, stalls }),
    details: () => null,
    live: () => null,
    levels: () => null,
    source: () => src,
    attach,
  };
  return self;
}

const nothing = (): void => undefined;
