import type { Engine, Live } from './engine.ts';
import type { LiveWindow, Metadata, StreamEvent } from './stream-event.ts';
import type { Supply } from './supply.ts';

/** A listener so much further behind than the server's rule has drifted, if they meant to be at the edge. In seconds. */
const DRIFTED = 3.5;
/** Where catching up ends. In seconds. */
const CAUGHT_UP = 1;
/** Faster is heard. */
const CATCH_UP_RATE = 1.03;
/** Catching up must not eat the buffer. In seconds. */
const LEAST_AHEAD = 3;
/** What is known of the window is guessed on for so long. */
const STALE_MS = 30_000;
/** Chunks come at once, and the window is told now and then: the edge is as wide. In seconds. */
const EDGE = 4;
/** A title may have begun so long before the oldest sound that is left. In seconds. */
const KEPT = 600;

/** What it needs of the player; its functions come along, so that this is a script by itself. Places in seconds. */
export interface LiveDeps extends Pick<Engine, 'position' | 'wanted' | 'stats'>, Pick<Supply, 'park'> {
  readonly audio: HTMLMediaElement;
  readonly now: () => number;
  /** Sound is wanted, or would be, and there is none. */
  readonly isStarved: () => boolean;
  /** Goes to a place, or to the edge as the server sees it (-1). */
  readonly goTo: (place: number) => void;
  /** Now playing. */
  readonly tell: (metadata: Metadata) => void;
}

/** Follows one channel. */
export interface LiveWatch extends Live {
  /** `isArrival`: the listener wanted to go there, and nothing of what was before is left. */
  told(event: StreamEvent, isArrival: boolean): void;
  /** To be called a few times a second. */
  look(): void;
  /** Where a listener gets who wants to go to `seconds`; -1 for the edge as the server sees it. */
  place(seconds: number): number;
}

/** Begins at the edge, unless it is told otherwise. Loaded when a stream says that it is one. */
export function createLive(deps: LiveDeps, isAtEdge: boolean): LiveWatch {
  const { audio, now } = deps;
  const position = (): number => deps.position();
  let window: LiveWindow = { from: 0, to: 0, behind: 0 };
  let toldAt = -Infinity;
  let version = '';
  let isFollowing = isAtEdge;
  /** The channel is another one: when what there is of the old one is heard, on with the new one. */
  let isReplaced = false;
  /** What was next is gone. */
  let isGone = false;
  let isHurrying = false;
  let titles: readonly Metadata[] = [];
  let shown: Metadata | null = null;

  const edge = (): number => window.to + Math.max(0, now() - toldAt) / 1000;
  const lag = (): number => edge() - window.behind - position();
  const isStale = (): boolean => now() - toldAt > STALE_MS;

  function begun(event: StreamEvent & { type: 'start' }, isArrival: boolean): void {
    if (isArrival) titles = [];
    else if (event.version !== version && version !== '') isReplaced = true;
    else if (window.from > event.time) isGone = true;
    if (!isArrival && (isReplaced || isGone)) deps.park();
    version = event.version;
  }

  /** Titles are told as their sound is sent, and hold as it is heard. */
  function showTitle(): void {
    const current = titles.findLast((title) => timeOf(title) <= position() + 0.1);
    const isNews = current !== undefined && (shown === null || NAMES.some((name) => current[name] !== shown?.[name]));
    if (!isNews) return;
    shown = current;
    deps.tell(current);
  }

  function addTitle(title: Metadata): void {
    const others = titles.filter((other) => timeOf(other) !== timeOf(title) && timeOf(other) > window.from - KEPT);
    titles = [...others, title].sort((a, b) => timeOf(a) - timeOf(b));
  }

  /** Towards the edge, and only for who means to be there: never faster than one does not hear. */
  function keepUp(): void {
    if (!deps.wanted()) isFollowing &&= lag() < EDGE;
    const limit = isHurrying ? CAUGHT_UP : DRIFTED;
    const hurries =
      isFollowing && deps.wanted() && !isStale() && lag() > limit && deps.stats().bufferedAhead > LEAST_AHEAD;
    isHurrying = hurries;
    const rate = hurries ? CATCH_UP_RATE : 1;
    if (audio.playbackRate === (hurries ? 1 : CATCH_UP_RATE)) audio.playbackRate = rate;
  }

  function place(seconds: number): number {
    const newest = edge() - window.behind;
    isFollowing = seconds >= newest - CAUGHT_UP;
    if (isFollowing && isStale()) return -1;
    return Math.max(window.from, Math.min(seconds, newest));
  }

  return {
    told(event, isArrival) {
      if ((event.type === 'start' || event.type === 'position') && event.live !== undefined)
        [window, toldAt] = [event.live, now()];
      if (event.type === 'start') begun(event, isArrival);
      if (event.type === 'metadata') addTitle(event);
    },
    look() {
      if (isGone || (isReplaced && deps.isStarved())) {
        isGone = isReplaced = false;
        isFollowing = true;
        deps.goTo(-1);
      }
      showTitle();
      keepUp();
    },
    place,
    from: () => window.from,
    edge: () => edge() - window.behind,
    edgeStart: () => edge() - window.behind - EDGE,
    isAtEdge: () => lag() < EDGE,
    toEdge: () => deps.goTo(place(Infinity)),
  };
}

/** Each leg tells again what is on. */
const NAMES = ['title', 'artist', 'station'] as const;

const timeOf = ({ time = 0 }: Metadata): number => time;
