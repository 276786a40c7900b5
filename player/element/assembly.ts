import { askServer } from '../core/server-answer.ts';
import { createPlayback } from '../playback.ts';
import type { Details, MediaSourceOption } from '../playback.ts';
import { clockText, spokenTime } from '../time-text.ts';
import { chapterAt } from './chapter-at.ts';
import { createChapterNotes } from './chapter-notes.ts';
import { createControls } from './controls.ts';
import { find } from './deck.ts';
import type { Deck } from './deck.ts';
import { ENGLISH_LANGUAGE, fill } from './language.ts';
import type { Language } from './language.ts';
import type { LiveView } from './live-view.ts';
import { splitPlace, timeInHash } from './link-time.ts';
import { createLoudness } from './loudness.ts';
import type { Sound } from './media-surface.ts';
import { createProgramme } from './programme.ts';
import type { Programme } from './programme.ts';
import type { Picture } from './picture.ts';
import { createSleep } from './sleep.ts';
import type { Sleep } from './sleep.ts';
import { createStage } from './stage.ts';
import { isSameList } from './source-list.ts';
import type { Steering } from './steering.ts';

/** The element that a player is put together in. */
export interface Host extends HTMLElement {
  readonly src: string;
  readonly preload: '' | 'none' | 'metadata' | 'auto';
  readonly autoplay: boolean;
  readonly loop: boolean;
  readonly prices: object | null;
  readonly streamType: string;
}

/** All parts of one player, working together. */
export interface Assembly extends Sound {
  readonly programme: Programme;
  readonly sleep: Sleep;
  /** Loads what the programme names now, unless it is loaded already; `shouldPlay` as if `autoplay` were set. */
  load(options?: { readonly isForced?: boolean; readonly shouldPlay?: boolean }): void;
  goTo(episode: number, shouldPlay: boolean): void;
  setLanguage(language: Language): void;
  /** Something else is known of what is played. */
  describe(): void;
  render(): void;
  /** Comes to life in the page; everything stops with `signal`. */
  attach(signal: AbortSignal): void;
}

/** Puts a player together in `root`, the shadow tree of `host`. It is at rest until it is attached. */
export function assemble(host: Host, root: ShadowRoot): Assembly {
  const stage = createStage(find(root, '.player'));
  const { audio } = stage;
  audio.preservesPitch = true;
  const loudness = createLoudness(audio);
  const now = (): number => performance.now();
  const playback = createPlayback(audio, {
    ...{ ask: askServer, changed: render, emit, now, random: Math.random, media: stage.media },
  });
  const programme = createProgramme(host, () => load({ shouldPlay: playback.wanted() || host.autoplay }), describe);
  const track = createChapterNotes(audio, () => find(root, '.marks'));
  let language = ENGLISH_LANGUAGE;
  let loaded: readonly MediaSourceOption[] = [];
  let attached: AbortSignal | null = null;
  let hasFollowed = false;
  let streamType = 'unknown';
  let liveView: LiveView | null = null;
  let picture: Picture | null = null;

  const parts = {
    ...{ root, audio, playback, ...loudness, ...programme },
    language: () => language,
    liveView: () => liveView,
    picture: () => picture,
    chapterAt: (seconds: number) => chapterAt(programme.chapters(), seconds),
  };
  const say = (text: string): void => controls.say(text);
  const sleep = createSleep({ ...parts, say }, render);
  const deck: Deck = {
    ...{ ...parts, sleep },
    goTo: (episode) => goTo(episode, true),
    address: () => host.getAttribute('share-url') ?? location.href,
    prices: () => host.prices,
    say,
  };
  const controls = createControls(deck, () => host.hasAttribute('stats'));
  let steering: Steering | null = null;
  find(root, '.share').addEventListener('click', () => steer((loaded) => loaded.share()));

  function render(): void {
    if (attached === null) return;
    controls.render();
    picture?.render();
  }

  /** Loaded when there is something to steer. */
  function steer(then: (loaded: Steering) => void = nothing): void {
    import('./steering.ts').then(({ createSteering }) => {
      steering ??= createSteering(deck, controls.hands);
      if (attached !== null) then(steering);
    }, nothing);
  }

  function tellSystem(type: string): void {
    if (type === 'play') steer((loaded) => loaded.update(type));
    else steering?.update(type);
  }

  function emit(type: string, detail?: object): void {
    if (host.loop && sleep.choice() !== 'episode' && audio.ended && (type === 'pause' || type === 'ended')) {
      if (type === 'ended') again();
      return;
    }
    if (type === 'metadata') programme.setDetails(detail as Details);
    host.dispatchEvent(detail === undefined ? new Event(type) : new CustomEvent(type, { detail }));
    if (type === 'durationchange') {
      track.fill(programme.chapters(), playback.duration());
      tellType();
    }
    const chapter = track.move(playback.position());
    if (chapter !== null) host.dispatchEvent(new CustomEvent('chapterchange', { detail: chapter }));
    tellSystem(type);
    if (type === 'ended') finished();
  }

  function again(): void {
    playback.seek(0);
    void playback.play().catch(nothing);
  }

  function finished(): void {
    if (sleep.choice() !== 'episode') goTo(programme.episode() + 1, true);
    else sleep.fall();
  }

  function goTo(episode: number, shouldPlay: boolean): void {
    if (programme.episodes()[episode] === undefined) return;
    programme.select(episode);
    load({ isForced: true, shouldPlay });
    host.dispatchEvent(new CustomEvent('episodechange', { detail: { episode } }));
  }

  function load({ isForced = false, shouldPlay = host.autoplay } = {}): void {
    const sources = programme.sources();
    if (attached === null || (!isForced && isSameList(sources, loaded))) return;
    loaded = sources;
    programme.setDetails(null);
    const split = sources.map((source) => ({ ...source, ...splitPlace(source.src) }));
    const inPage = hasFollowed || !host.hasAttribute('deep-link') ? null : timeInHash(location.hash);
    hasFollowed ||= sources.length > 0;
    show(split.some(({ src, type = '' }) => MAY_HAVE_PICTURE.test(`${type} ${src}`)));
    audio.preload = host.preload;
    playback.load(split, { autoplay: shouldPlay, at: inPage ?? split.find(({ at }) => at !== null)?.at ?? 0 });
    tellType();
  }

  /** What shows it is loaded with the first. */
  function show(hasPicture: boolean): void {
    if (hasPicture === (stage.video() !== null)) return;
    playback.load([]);
    stage.use(hasPicture);
    import('./picture.ts').then(({ createPicture }) => {
      picture ??= createPicture({ ...deck, host, video: stage.video, toggle: controls.hands.toggle });
      render();
    }, nothing);
  }

  function tellType(): void {
    if (host.streamType === streamType) return;
    ({ streamType } = host);
    emit('streamtypechange');
    emit('targetlivewindowchange');
    if (streamType !== 'live') return;
    import('./live-view.ts').then(({ createLiveView }) => {
      const isLive = (): boolean => streamType === 'live';
      liveView ??= createLiveView({ ...deck, isLive, clock: clockText, spoken: spokenTime, fill });
      render();
    }, nothing);
  }

  function describe(): void {
    track.fill(programme.chapters(), playback.duration());
    tellSystem('described');
    render();
  }

  return {
    ...{ audio, playback, loudness, programme, sleep, load, goTo, describe, render, video: stage.video },
    setLanguage(next) {
      language = next;
      render();
    },
    attach(signal) {
      attached = signal;
      const follow = (): void => {
        const place = host.hasAttribute('deep-link') ? timeInHash(location.hash) : null;
        if (place !== null) playback.seek(place);
      };
      host.addEventListener('focusin', () => steer(), { signal });
      host.addEventListener('keydown', (press) => steering?.key(press), { signal });
      addEventListener('hashchange', follow, { signal });
      playback.attach(signal);
      signal.addEventListener('abort', () => {
        attached = null;
        sleep.choose(null);
        steering?.release();
      });
      load();
      describe();
    },
  };
}

/** By type or name; a framed stream says so among its options. */
const MAY_HAVE_PICTURE = /^video|mpegurl|~video\.|\.(m3u8|mov|webm)\b/i;

const nothing = (): void => undefined;
