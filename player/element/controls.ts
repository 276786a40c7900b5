import type { Deck, View } from './deck.ts';
import { drawers } from './drawers.ts';
import { heading } from './heading.ts';
import { fill } from './language.ts';
import { notice } from './notice.ts';
import { seekBar } from './seek-bar.ts';
import { SPEEDS, makeLouder, sound } from './sound.ts';
import type { Hands } from './steering.ts';
import { skip, toggle, transport } from './transport.ts';

/** What the listener sees and uses. */
export interface Controls extends View {
  say(text: string): void;
  /** For whoever steers without them. */
  readonly hands: Hands;
}

/** Binds the player's shadow tree to its playback. */
export function createControls(deck: Deck, wantsStatistics: () => boolean): Controls {
  const [told, panels] = [notice(deck), drawers(deck, wantsStatistics)];
  const views: readonly View[] = [
    ...[heading(deck), transport(deck), seekBar(deck), sound(deck), deck.sleep],
    ...[told, panels],
  ];
  return {
    render() {
      for (const view of views) view.render();
    },
    say: told.say,
    hands: {
      ...{ speeds: SPEEDS, fill, closeDrawer: panels.close, move: panels.move },
      toggle: () => toggle(deck),
      skip: (seconds) => skip(deck, seconds),
      louder: (by) => makeLouder(deck, by),
    },
  };
}
