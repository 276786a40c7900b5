import { DRAWERS } from '../i18n/en-drawers.ts';
import type { Deck } from './deck.ts';
import { fillList, markEntry, moveInList } from './entry-list.ts';
import type { Entry } from './entry-list.ts';
import { createOverlay } from './overlay.ts';
import { sleepChoices, sleepText } from './sleep-choices.ts';
import { DRAWER_STYLE } from './style-drawers.ts';

export type DrawerName = 'sleep' | 'chapters' | 'episodes' | 'statistics';

/** The drawers, of which one is open at a time. */
export interface DrawerContents {
  /** Opens the drawer of a button, or closes it. */
  toggle(button: HTMLButtonElement): void;
  /** Closes what is open, and gives the focus back to its button; false when nothing was open. */
  close(): boolean;
  /** Cheap enough for every event. */
  render(): void;
  move(focused: Element | null, key: string): boolean;
}

/** What the contents need of the player; its functions come along, so that this is a script by itself. */
export interface DrawerDeck extends Deck {
  readonly buttons: readonly HTMLButtonElement[];
  readonly nameOf: (button: HTMLButtonElement) => DrawerName;
  readonly clock: (seconds: number, of?: number) => string;
  toChapter(index: number): void;
}

/** Closed at first. Brings its own part of the style along. */
export function createDrawerContents(deck: DrawerDeck): DrawerContents {
  const { root, buttons, nameOf, clock, playback } = deck;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(DRAWER_STYLE);
  root.adoptedStyleSheets.push(sheet);
  const panels = Object.fromEntries(buttons.map((button) => [nameOf(button), makePanel(button, nameOf(button))]));
  const panel = (name: DrawerName): HTMLElement => panels[name] ?? document.body;
  const overlay = createOverlay(panel('statistics'), clock);
  const filled = new Map<DrawerName, string>();
  let opener: HTMLButtonElement | null = null;

  function open(next: HTMLButtonElement | null): void {
    opener = next;
    for (const button of buttons) {
      button.ariaExpanded = String(button === next);
      panel(nameOf(button)).hidden = button !== next;
      panel(nameOf(button)).ariaLabel = button.ariaLabel;
    }
    render();
    if (next !== null) panel(nameOf(next)).querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }

  function close(): boolean {
    const button = opener;
    if (button === null) return false;
    open(null);
    button.focus();
    return true;
  }

  function render(): void {
    if (opener?.hidden === true) open(null);
    else if (opener !== null) show[nameOf(opener)]();
  }

  function fill(name: DrawerName, entries: readonly Entry[], choose: (index: number) => void): void {
    const key = JSON.stringify(entries);
    if (filled.get(name) === key) return;
    filled.set(name, key);
    fillList(panel(name), entries, choose);
  }

  const show: Readonly<Record<DrawerName, () => void>> = {
    sleep() {
      const { code, words } = deck.language();
      const choices = sleepChoices(deck);
      const entries = choices.map((choice) => ({ title: sleepText(choice, code, { ...DRAWERS, ...words }), time: '' }));
      fill('sleep', entries, (index) => {
        deck.sleep.choose(sleepChoices(deck)[index] ?? null);
        close();
      });
      markEntry(panel('sleep'), choices.indexOf(deck.sleep.choice()));
    },
    chapters() {
      const chapters = deck.chapters();
      const entries = chapters.map(({ title, start }) => ({ title, time: clock(start, playback.duration()) }));
      fill('chapters', entries, (index) => deck.toChapter(index));
      markEntry(panel('chapters'), deck.chapterAt(playback.position()));
    },
    episodes() {
      const entries = deck.episodes().map(({ title, duration }) => ({
        title,
        time: duration === null ? '' : clock(duration),
      }));
      fill('episodes', entries, (index) => deck.goTo(index));
      markEntry(panel('episodes'), deck.episode());
    },
    statistics: () => overlay.render(playback.stats(), deck.language(), deck.prices()),
  };

  return {
    toggle: (button) => open(button === opener ? null : button),
    close,
    render,
    move: (focused, key) => opener !== null && moveInList(panel(nameOf(opener)), focused, key),
  };
}

/** Below the controls, where its button says. */
function makePanel(button: HTMLButtonElement, name: DrawerName): HTMLElement {
  const panel = document.createElement(TAGS[name]);
  panel.id = name;
  panel.className = `drawer ${name}-drawer`;
  panel.part.value = panel.className;
  panel.hidden = true;
  panel.dataset['focus'] = name === 'statistics' ? 'scroll' : 'list';
  if (name === 'statistics') [panel.role, panel.tabIndex] = ['group', 0];
  button.closest('.player')?.append(panel);
  button.setAttribute('aria-controls', name);
  return panel;
}

const TAGS = { sleep: 'ul', chapters: 'ol', episodes: 'ol', statistics: 'div' } as const;
