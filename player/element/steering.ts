import type { Deck } from './deck.ts';
import { createKeyboard } from './keyboard.ts';
import { createSystemControls } from './media-session.ts';
import type { SystemControls } from './media-session.ts';
import { share } from './share.ts';
import { STEERING_STYLE } from './style-steering.ts';
import { toChapter } from './to-chapter.ts';

/** What a listener steers with besides the buttons: keys and the system's controls; and the link to take away. */
export interface Steering extends SystemControls {
  /** Does what `press` means in the player; a key that is not the player's is left to the browser. */
  key(press: KeyboardEvent): void;
  share(): void;
}

/** What the controls do; it comes along, so that this is a script by itself. */
export interface Hands {
  /** To choose from, in rising order. */
  readonly speeds: readonly number[];
  readonly toggle: () => void;
  readonly skip: (seconds: number) => void;
  readonly louder: (by: number) => void;
  /** False when no drawer was open. */
  readonly closeDrawer: () => boolean;
  /** Moves the focus within an open list; true when `key` meant that. */
  readonly move: (focused: Element | null, key: string) => boolean;
  readonly fill: (text: string, values: Readonly<Record<string, string>>) => string;
}

/** Loaded when the player gets the focus, or begins to play. */
export function createSteering(deck: Deck, hands: Hands): Steering {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STEERING_STYLE);
  deck.root.adoptedStyleSheets.push(sheet);
  const chapter = (by: number): boolean => toChapter(deck, by);
  const step = (by: number): void => void (chapter(by) || deck.goTo(deck.episode() + by));
  return {
    ...createSystemControls(deck, { skip: hands.skip, step }),
    key: createKeyboard(deck, hands, chapter),
    share: () => share(deck, hands.fill),
  };
}
