import { failedDetail, recoveredDetail, retryDetail } from './outage-detail.ts';
import { createRecovery } from './recovery.ts';
import type { Answer, Cause, RecoveryState } from './recovery.ts';
import { MEDIA_EVENTS, TRUE_DURING_OUTAGE } from './media-events.ts';
import { createStallWatch } from './stall.ts';

/** What a playback does its work with; clock (milliseconds) and randomness. */
export interface PlaybackDeps {
  ask(url: string, signal: AbortSignal): Promise<Answer>;
  /** Something that is shown may have changed. */
  changed(): void;
  /** A media event, or `retry`, `recovered`, `failed` with their details. */
  emit(type: string, detail?: object): void;
  readonly now: () => number;
  readonly random: () => number;
}

/** Playing one address; positions and durations in seconds. */
export interface Playback {
  /** Starts over with `src`; an empty one unloads. */
  load(src: string, autoplay: boolean): void;
  play(): Promise<void>;
  pause(): void;
  seek(seconds: number): void;
  setRate(rate: number): void;
  position(): number;
  duration(): number;
  wanted(): boolean;
  /** Wanted, but nothing to hear yet. */
  busy(): boolean;
  recovery(): RecoveryState;
  /** Begins to listen and to watch; everything stops with `signal`, and the place is kept. */
  attach(signal: AbortSignal): void;
}

/** An `<audio>` element that finds its way back to where it was after errors, stalls and lost networks. */
export function createPlayback(audio: HTMLAudioElement, deps: PlaybackDeps): Playback {
  let src = '';
  let wanted = false;
  /** Where to go once the metadata is there; null when the element itself knows the place. */
  let place: number | null = null;
  let lastPosition = 0;
  let resumedAt = 0;
  let duration = Number.NaN;

  const stall = createStallWatch();
  const recovery = createRecovery({
    ask: (signal) => deps.ask(src, signal),
    reload() {
      audio.preload = wanted ? 'auto' : 'metadata';
      open();
    },
    wanted: () => wanted,
    changed: report,
    now: deps.now,
    random: deps.random,
    timer(then, ms) {
      const timer = setTimeout(then, ms);
      return () => clearTimeout(timer);
    },
  });

  const position = (): number => place ?? audio.currentTime;
  const isBroken = (): boolean => !['steady', 'loading'].includes(recovery.state().at);

  function open(): void {
    stall.reset();
    audio.src = src;
    if (place !== null) audio.currentTime = place; // Chromium and Firefox then start there; the rest follow in metadata()
  }

  function unload(): void {
    audio.removeAttribute('src');
    audio.load();
  }

  function broke(cause: Cause): void {
    if (isBroken()) return;
    place ??= audio.currentTime === 0 ? lastPosition : audio.currentTime;
    recovery.broke(cause);
    unload(); // a half-dead connection must not come back to life behind the new one
  }

  function report(state: RecoveryState): void {
    if (state.at === 'loading') deps.emit('retry', retryDetail(state.outage, position()));
    if (state.at === 'failed') {
      deps.emit('failed', failedDetail(state.outage, position()));
      deps.emit('error');
    }
    deps.changed();
  }

  async function start(): Promise<void> {
    try {
      await audio.play();
    } catch (error) {
      const name = error instanceof DOMException ? error.name : '';
      // Loading anew aborts the promise of the play before it, and a failed load has its own event.
      if (name === 'AbortError' || name === 'NotSupportedError') return;
      wanted = false;
      settle();
      deps.changed();
      throw error;
    }
  }

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
    for (const type of MEDIA_EVENTS) {
      const handle = () => {
        handlers[type]?.();
        settle();
        if (recovery.state().at === 'steady' || TRUE_DURING_OUTAGE.has(type)) deps.emit(type);
        deps.changed();
      };
      audio.addEventListener(type, handle, { signal });
    }
    addEventListener('online', online, { signal });
    addEventListener('offline', () => deps.changed(), { signal });
    const watch = setInterval(() => {
      const bufferedEnd = audio.buffered.length === 0 ? 0 : audio.buffered.end(audio.buffered.length - 1);
      // With data at hand, standing still is not the network's fault.
      const isStarved = wanted && !isBroken() && audio.readyState < 3;
      if (stall.look({ now: deps.now(), isStarved, position: position(), bufferedEnd })) broke('stalled');
    }, 1000);
    signal.addEventListener('abort', () => {
      clearInterval(watch);
      place = position();
      wanted = false;
      recovery.reset();
      unload();
    });
    if (src !== '' && !audio.hasAttribute('src')) open();
  }

  function online(): void {
    if (wanted && audio.readyState < 3) broke('network');
    recovery.online();
    deps.changed();
  }

  return {
    load(next, autoplay) {
      src = next;
      [place, lastPosition, resumedAt, duration] = [null, 0, 0, Number.NaN];
      recovery.reset();
      wanted = false;
      if (src === '') unload();
      else open();
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
    pause() {
      wanted = false;
      audio.pause();
      settle();
      deps.changed();
    },
    seek(seconds) {
      const to = Math.max(0, Number.isNaN(duration) ? seconds : Math.min(seconds, duration));
      if (place === null && audio.readyState >= 1) audio.currentTime = to;
      else place = to;
      [resumedAt, lastPosition] = [to, to];
      deps.changed();
    },
    setRate(rate) {
      audio.defaultPlaybackRate = rate; // loading anew goes back to the default
      audio.playbackRate = rate;
    },
    position,
    duration: () => duration,
    wanted: () => wanted,
    busy: () => wanted && (recovery.state().at !== 'steady' || audio.readyState < 3),
    recovery: () => recovery.state(),
    attach,
  };
}

const nothing = (): void => undefined;
