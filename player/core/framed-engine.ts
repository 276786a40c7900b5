import { setRate, startAudio, unload, watchAudio } from './audio.ts';
import type { Choice } from './choose-source.ts';
import type { Details, Engine, PlaybackDeps, Stats } from './engine.ts';
import { TRUE_DURING_OUTAGE } from './media-events.ts';
import { failedDetail } from './outage-detail.ts';
import type { PlayheadWatch } from './playhead.ts';
import { rangeAt } from './ranges.ts';
import { isLive } from './leg-address.ts';
import type { LiveWatch } from './live.ts';
import type { Metadata, StreamEvent } from './stream-event.ts';
import { createSupply } from './supply.ts';

const LOOK_MS = 250;
/** Looks this far apart mean that the page slept. */
const ASLEEP_MS = 5000;
const PAUSED_LIMIT_MS = 60_000;
/** Nearer to the end than this there is nothing to play. In seconds. */
const LAST = 0.1;

/**
 * Plays the framed stream of a choice through MediaSource, as a chain of legs, from `at` seconds on. It begins when it is
 * attached, or with `play` if `audio.preload` says so.
 */
export function createFramedEngine(
  audio: HTMLMediaElement,
  deps: PlaybackDeps,
  { src, isFilm = false }: Pick<Choice, 'src' | 'isFilm'>,
  { autoplay, at }: { readonly autoplay: boolean; readonly at: number },
): Engine {
  const { emit, changed, now, random } = deps;
  const { preload } = audio;
  const isChannel = isLive(src);
  let wanted = autoplay;
  /** Only the beginning is wanted, for what it tells. */
  let isPeeking = false;
  /** Where to go once the element can; null when the element itself knows the place. */
  let place: number | null = at;
  /** Where the leg that is awaited was asked to begin: the server may have had to choose another place. */
  let asked: number | null = isChannel && at === 0 ? -1 : at;
  let live: LiveWatch | null = null;
  let loading: Promise<LiveWatch> | null = null;
  let duration = Number.NaN;
  let codec: string | null = null;
  let details: Details | null = null;
  let [stalls, damagedMs] = [0, 0];
  let hasPlayed = false;
  let isFailureTold = false;
  let [lookedAt, toldAt, pausedAt, rebuiltAt] = [0, 0, 0, Infinity];
  let playhead: PlayheadWatch | null = null;

  const position = (): number => place ?? audio.currentTime;
  const isStarved = (): boolean => place !== null || audio.readyState < 3;

  const supply = createSupply(audio, src, isFilm, {
    ...{ now, random, emit, position, event, wanted: () => wanted },
    eos: (time) => void (duration = Number.isNaN(duration) ? time : duration),
    fed: () => isPeeking && supply.park(),
    buffered: look,
    broke: rebuild,
    changed() {
      isFailureTold = false;
      changed();
    },
  });
  const { chain } = supply;

  function event(told: StreamEvent): void {
    if (told.type === 'start') {
      if (playhead === null) loadWatch();
      codec = told.codec;
      duration = told.duration ?? (isChannel ? Infinity : Number.NaN);
      if (duration > 0) supply.duration(duration);
      if (duration > 0 && asked !== null && asked >= duration) {
        seek(asked); // nothing comes from behind the end
        return;
      }
      if (asked !== null && (told.time > asked || isChannel)) moveTo(told.time);
    } else if (told.type === 'metadata' && !isChannel) tell(told);
    else if (told.type === 'discontinuity') {
      const { type, ...detail } = told;
      damagedMs += told.missingMs;
      emit(type, detail);
    }
    if (isChannel) follow(told, asked !== null);
    if (told.type === 'start') asked = null;
  }

  /** It comes with a leg: when there is a network. */
  function loadWatch(): void {
    import('./playhead.ts').then(
      ({ createPlayheadWatch }) => (playhead ??= createPlayheadWatch(rangeAt)),
      () => undefined,
    );
  }

  function tell({ type, ...told }: Metadata): void {
    details = told;
    emit(type, told);
  }

  /** What makes a channel of it is loaded with what it says first or, without the network, later. */
  function follow(told: StreamEvent, isArrival: boolean): void {
    loading ??= import('./live.ts').then(
      ({ createLive }) =>
        (live = createLive({ ...self, park: supply.park, audio, now, isStarved, goTo, tell }, at === 0)),
    );
    loading.then(
      (loaded) => loaded.told(told, isArrival),
      () => (loading = null),
    );
  }

  /** The decoder gave up: everything anew, at the same place. */
  function rebuild(): void {
    place = rebuiltAt = position();
    asked ??= place;
    playhead?.rebuilt();
    supply.rebuild(asked);
  }

  const start = (): Promise<void> =>
    startAudio(audio, () => {
      wanted = false;
      changed();
    });

  function pause(): void {
    wanted = false;
    audio.pause();
    changed();
  }

  function moveTo(to: number): void {
    if (place === null) audio.currentTime = to;
    else place = to;
  }

  function goTo(to: number): void {
    const isThere = asked === null && rangeAt(audio.buffered, to) !== null;
    if (to >= 0) moveTo(to);
    playhead?.reset();
    hasPlayed = false;
    if (!isThere) {
      asked = to;
      if (supply.isBegun()) supply.goTo(to);
    }
    changed();
  }

  const seek = (seconds: number): void =>
    goTo(live?.place(seconds) ?? Math.max(0, Number.isNaN(duration) ? seconds : Math.min(seconds, duration - LAST)));

  /** The listener hears of a failure when the sound is at its end, not before. */
  function tellFailure(): void {
    const state = chain.recovery.state();
    if (state.at !== 'failed' || isFailureTold || !isStarved()) return;
    isFailureTold = true;
    emit('failed', failedDetail(state.outage, position()));
    emit('error');
    changed();
  }

  function look(): void {
    if (place === null && audio.currentTime > rebuiltAt + LAST) {
      rebuiltAt = Infinity;
      chain.played();
    }
    const remedy = playhead?.look({
      ...{ now: now(), position: position(), buffered: audio.buffered, gaps: chain.gaps() },
      isPlaying: wanted && place === null && !audio.paused && !audio.seeking,
      expectedEnd: wanted && place === null ? supply.end() : null,
      isLast: chain.isDone(),
    });
    if (remedy?.kind === 'jump') audio.currentTime = remedy.to;
    else if (remedy?.kind === 'refetch') supply.refetch(remedy.from);
    else if (remedy?.kind === 'rebuild') rebuild();
    else if (remedy?.kind === 'end') {
      pause();
      emit('ended');
    }
    tellFailure();
  }

  function tick(): void {
    if (now() - lookedAt > ASLEEP_MS) chain.suspect();
    lookedAt = now();
    if (wanted || !chain.isOpen()) pausedAt = now();
    else if (now() - pausedAt >= (deps.pausedLimitMs ?? PAUSED_LIMIT_MS)) stop();
    look();
    live?.look();
    if (place === null) supply.evict();
    chain.consider();
    if ((!wanted && !chain.isOpen()) || now() - toldAt < 1000) return;
    toldAt = now();
    emit('stats', stats());
  }

  function stop(): void {
    pause();
    supply.park();
  }

  const stats = (): Stats => ({ ...supply.stats(), codec, stalls, damagedMs });

  const handlers: Readonly<Record<string, () => void>> = {
    loadedmetadata() {
      if (place !== null && place > 0) audio.currentTime = place;
      place = null;
      if (wanted && audio.paused) start().catch(() => undefined);
    },
    play() {
      [wanted, isPeeking] = [true, false];
      supply.begin(asked ?? position());
    },
    pause() {
      if (place === null && !audio.ended) wanted = false;
    },
    playing: () => void (hasPlayed = true),
    waiting: () => void (hasPlayed && wanted && !audio.seeking && stalls++),
    ended: () => void (wanted = false),
    error: () => audio.error !== null && audio.error.code !== MediaError.MEDIA_ERR_ABORTED && rebuild(),
  };

  function heard(type: string): boolean {
    const isRebuilding = place !== null && rebuiltAt !== Infinity;
    handlers[type]?.();
    return (type !== 'error' && !isRebuilding) || TRUE_DURING_OUTAGE.has(type);
  }

  function hurry(): void {
    tick();
    chain.recovery.online();
    changed();
  }

  async function play(): Promise<void> {
    if (audio.ended || (!wanted && position() > duration - LAST)) seek(0);
    [wanted, isPeeking] = [true, false];
    supply.begin(asked ?? position());
    chain.recovery.retry();
    changed();
    await start();
  }

  const self: Engine = {
    play,
    pause,
    stop,
    seek,
    setRate: (rate) => setRate(audio, rate),
    position,
    duration: () => duration,
    wanted: () => wanted,
    busy: () => wanted && isStarved(),
    buffered: () => audio.buffered,
    recovery: () => (isStarved() ? chain.recovery.state() : { at: 'steady' }),
    stats,
    details: () => details,
    live: () => live,
    source: () => src,
    levels: () => null,
    attach(signal) {
      lookedAt = pausedAt = now();
      watchAudio(audio, { heard, online: hurry, look: tick, lookMs: LOOK_MS, emit, changed }, signal);
      document.addEventListener('visibilitychange', () => document.hidden || hurry(), { signal });
      signal.addEventListener('abort', () => {
        place = position();
        asked ??= place;
        wanted = false;
        supply.close();
        audio.preload = preload;
        unload(audio);
      });
      if (wanted) play().catch(() => undefined);
      else if (preload !== 'none' && !isChannel) {
        isPeeking = preload !== 'auto';
        supply.begin(place ?? 0);
      }
    },
  };
  return self;
}
