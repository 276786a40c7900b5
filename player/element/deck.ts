import type { Chapter, Playback } from '../playback.ts';
import type { Language } from './language.ts';
import type { LiveView } from './live-view.ts';
import type { Picture } from './picture.ts';
import type { Episode } from './playlist.ts';
import type { Sleep } from './sleep.ts';

/** What the player says of the episode; empty texts say nothing. */
export interface Description {
  readonly title: string;
  readonly artist: string;
  readonly album: string;
  readonly artwork: string;
}

/** What the parts of the player show and work on; places in seconds. */
export interface Deck {
  readonly root: ShadowRoot;
  readonly audio: HTMLMediaElement;
  readonly playback: Playback;
  readonly sleep: Sleep;
  readonly language: () => Language;
  /** Of a channel, when it is loaded. */
  readonly liveView: () => LiveView | null;
  /** Of what may have one, when it is loaded. */
  readonly picture: () => Picture | null;
  readonly description: () => Description;
  readonly chapters: () => readonly Chapter[];
  /** Which of them is heard at a place; -1 when none is. */
  readonly chapterAt: (seconds: number) => number;
  /** Empty without a playlist. */
  episodes(): readonly Episode[];
  episode(): number;
  /** Plays another entry of the playlist. */
  goTo(episode: number): void;
  /** As chosen, whatever a sleep timer makes of it. */
  readonly volume: () => number;
  readonly setVolume: (level: number) => void;
  /** Of this page or episode. */
  address(): string;
  /** Prices to estimate the cost with; null for the built-in ones. */
  prices(): object | null;
  /** Says it to everybody, for a few seconds. */
  say(text: string): void;
}

/** One part of what is seen; `render` is cheap enough for every event. */
export interface View {
  render(): void;
}

/** The element of the player's tree that `selector` names. */
export function find<T extends Element = HTMLElement>(
  root: ShadowRoot,
  selector: string,
  type: abstract new (...args: never[]) => T = HTMLElement as unknown as abstract new (...args: never[]) => T,
): T {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new TypeError(`no ${selector}`);
  return element;
}

/** A play that is refused shows as the play button. */
export const start = (playback: Playback): void => void playback.play().catch(() => undefined);

/** What can be heard: half-open, in seconds; nothing as long as that is not known. */
export function span(playback: Playback): { readonly start: number; readonly end: number } {
  const live = playback.live();
  const duration = playback.duration();
  return { start: live?.from() ?? 0, end: live?.edge() ?? (Number.isFinite(duration) ? duration : 0) };
}
