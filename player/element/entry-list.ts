/** One line of a list to choose from; a line of no time shows none. */
export interface Entry {
  readonly title: string;
  readonly time: string;
}

/** Fills `list` with buttons; the arrow keys, Home and End go from one to the next, Tab reaches each. */
export function fillList(list: HTMLElement, entries: readonly Entry[], choose: (index: number) => void): void {
  list.replaceChildren(
    ...entries.map(({ title, time }, index) => {
      const [line, button] = [document.createElement('li'), document.createElement('button')];
      button.type = 'button';
      button.part.add('entry');
      button.dataset['focus'] = 'list';
      button.append(piece('entry-title', title), piece('entry-time', time));
      button.addEventListener('click', () => choose(index));
      line.append(button);
      return line;
    }),
  );
}

/** Marks the line that is heard; -1 for none. */
export function markEntry(list: HTMLElement, current: number): void {
  for (const [index, button] of Array.from(list.querySelectorAll('button')).entries()) {
    if (index === current) button.ariaCurrent = 'true';
    else button.removeAttribute('aria-current');
  }
}

/** Moves the focus within the list; true when `key` meant that. */
export function moveInList(list: HTMLElement, focused: Element | null, key: string): boolean {
  const buttons = Array.from(list.querySelectorAll('button'));
  const at = buttons.findIndex((button) => button === focused);
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: buttons.length - 1 }[key];
  if (to === undefined || at < 0) return false;
  buttons[Math.min(buttons.length - 1, Math.max(0, to))]?.focus();
  return true;
}

function piece(part: string, text: string): HTMLElement {
  const element = document.createElement('span');
  element.part.add(part);
  element.className = part;
  element.dir = 'auto';
  element.textContent = text;
  return element;
}
