import { EPISODES } from '../i18n/en-episodes.ts';
import type { Deck, View } from './deck.ts';
import { STEP_STYLE } from './style-steps.ts';

/** The way to the episodes before and after. */
export type Steps = View;

/** Puts the two buttons into the player, with their own part of the style. Loaded with the first playlist. */
export function createSteps(deck: Deck): Steps {
  const { root } = deck;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STEP_STYLE);
  root.adoptedStyleSheets.push(sheet);
  const [previous, next] = [make('previous', -1), make('next', 1)];
  const transport = root.querySelector('.transport');
  transport?.prepend(previous);
  transport?.append(next);

  function make(name: string, by: number): HTMLButtonElement {
    const button = Object.assign(document.createElement('button'), { className: `button ${name}` });
    button.part.value = button.className;
    button.innerHTML = ICON;
    button.addEventListener('click', () => deck.goTo(deck.episode() + by));
    return button;
  }

  return {
    render() {
      const words = { ...EPISODES, ...deck.language().words };
      const count = deck.episodes().length;
      root.querySelector('.player')?.classList.toggle('many', count > 1);
      previous.hidden = next.hidden = count < 2;
      previous.disabled = deck.episode() <= 0;
      next.disabled = deck.episode() >= count - 1;
      previous.ariaLabel = words.previous;
      next.ariaLabel = words.next;
    },
  };
}

const ICON =
  '<svg class="icon" part="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6h2v12H6zM18 6.5v11L10 12z"/></svg>';
