import type { Deck } from './deck.ts';
import { keyAction } from './keys.ts';
import type { Focus, KeyAction } from './keys.ts';
import type { Hands } from './steering.ts';

/** What is done about a key that is pressed in the player. `toChapter` goes to the next (1) or previous (-1) chapter. */
export function createKeyboard(
  { root, audio, playback, picture }: Deck,
  { speeds, toggle, skip, louder, closeDrawer, move }: Hands,
  toChapter: (by: number) => void,
): (press: KeyboardEvent) => void {
  const actions: { readonly [K in KeyAction['kind']]: (action: Extract<KeyAction, { kind: K }>) => unknown } = {
    toggle: () => toggle(),
    mute: () => (audio.muted = !audio.muted),
    fullscreen: () => picture()?.fullscreen() ?? false,
    inset: () => picture()?.inset() ?? false,
    close: () => closeDrawer(),
    skip: ({ seconds }) => skip(seconds),
    louder: ({ by }) => louder(by),
    faster({ by }) {
      const { playbackRate } = audio;
      const next = by > 0 ? speeds.find((rate) => rate > playbackRate) : speeds.findLast((rate) => rate < playbackRate);
      if (next !== undefined) playback.setRate(next);
    },
    chapter: ({ by }) => toChapter(by),
    jump({ to }) {
      const live = playback.live();
      if (live !== null && to === 1) live.toEdge();
      else if (live !== null) playback.seek(live.from() + (live.edge() - live.from()) * to);
      else if (Number.isFinite(playback.duration())) playback.seek(playback.duration() * to);
    },
  };

  return (press) => {
    if (press.defaultPrevented) return;
    const focused = root.activeElement as HTMLElement | null;
    if (move(focused, press.key)) return void press.preventDefault();
    const kind = focused?.dataset['focus'] ?? (focused?.tagName === 'BUTTON' ? 'button' : 'player');
    const action = keyAction(press, kind as Focus);
    if (action === null) return;
    const result = (actions[action.kind] as (action: KeyAction) => unknown)(action);
    if (result !== false) press.preventDefault(); // an Escape that closed nothing is the page's
  };
}
