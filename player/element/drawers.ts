import { clockText } from '../time-text.ts';
import { start } from './deck.ts';
import type { Deck, View } from './deck.ts';
import type { DrawerContents, DrawerName } from './drawer-contents.ts';

/** Sleep timer, chapters, episodes and statistics, below the controls. */
export interface Drawers extends View {
  /** Closes what is open, and gives the focus back to its button; false when nothing was open. */
  readonly close: () => boolean;
  /** Moves the focus within an open list; true when `key` meant that. */
  readonly move: (focused: Element | null, key: string) => boolean;
}

/** `wantsStatistics` tells whether their button is to be seen. The drawers are loaded with the first that opens. */
export function drawers(deck: Deck, wantsStatistics: () => boolean): Drawers {
  const { root, playback } = deck;
  const buttons = Array.from(root.querySelectorAll<HTMLButtonElement>('[aria-expanded]'));
  const nameOf = (button: HTMLButtonElement): DrawerName => button.dataset['label'] as DrawerName;
  let contents: DrawerContents | null = null;
  for (const button of buttons) button.addEventListener('click', () => void toggle(button));

  async function toggle(button: HTMLButtonElement): Promise<void> {
    try {
      const { createDrawerContents } = await import('./drawer-contents.ts');
      contents ??= createDrawerContents({ ...deck, buttons, nameOf, clock: clockText, toChapter });
      contents.toggle(button);
    } catch {
      // the network is gone: the next click tries again
    }
  }

  function toChapter(index: number): void {
    playback.seek(deck.chapters()[index]?.start ?? 0);
    if (!playback.wanted()) start(playback);
  }

  return {
    render() {
      const isSeen = {
        sleep: true,
        chapters: deck.chapters().length > 0,
        episodes: deck.episodes().length > 1,
        statistics: wantsStatistics(),
      };
      for (const button of buttons) button.hidden = !isSeen[nameOf(button)];
      contents?.render();
    },
    close: () => contents?.close() ?? false,
    move: (focused, key) => contents?.move(focused, key) ?? false,
  };
}
