import { LIVE } from '../i18n/en-live.ts';
import type { Deck } from './deck.ts';
import { LIVE_STYLE } from './style-live.ts';

/** What is seen of a channel alone. */
export interface LiveView {
  /** To be called when all else is written, with the place that is shown. */
  render(position: number): void;
}

/** What it needs of the player; its functions come along, so that this is a script by itself. */
export interface LiveDeck extends Pick<Deck, 'root' | 'playback' | 'language'> {
  isLive(): boolean;
  readonly clock: (seconds: number) => string;
  readonly spoken: (seconds: number, language: string, unknown: string) => string;
  readonly fill: (text: string, values: Readonly<Record<string, string>>) => string;
}

/** Puts the badge into the player, with its own part of the style. Loaded with the first channel. */
export function createLiveView(deck: LiveDeck): LiveView {
  const { root, playback } = deck;
  const piece = (selector: string): HTMLElement => root.querySelector<HTMLElement>(selector) ?? document.body;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(LIVE_STYLE);
  root.adoptedStyleSheets.push(sheet);
  const badge = Object.assign(document.createElement('button'), { type: 'button', className: 'button live' });
  badge.part.add('button', 'live');
  badge.addEventListener('click', () => {
    if (badge.ariaDisabled === 'true') return;
    playback.live()?.toEdge();
    playback.play().catch(() => undefined); // a play that is refused shows as the play button
  });
  piece('.times').append(badge);

  return {
    render(position) {
      const isLive = deck.isLive();
      piece('.player').classList.toggle('is-live', isLive);
      if (!isLive) return;
      const { code, words: spoken } = deck.language();
      const words = { ...LIVE, ...spoken };
      const live = playback.live();
      const behind = Math.max(0, (live?.edge() ?? 0) - position);
      const isLit = live !== null && playback.wanted() && position >= live.edgeStart();
      badge.textContent = words.live;
      badge.classList.toggle('lit', isLit);
      badge.ariaLabel = isLit ? words.live : words.toLive;
      badge.ariaDisabled = String(isLit);
      const isAtEdge = live !== null && position >= live.edgeStart();
      piece('.elapsed').textContent = live === null || isAtEdge ? '' : `-${deck.clock(behind)}`;
      piece('.position').ariaValueText = isAtEdge
        ? words.live
        : live && deck.fill(words.behindLive, { time: deck.spoken(behind, code, '') });
      const { station } = playback.details() ?? {};
      piece('.chapter').textContent = station ?? '';
    },
  };
}
