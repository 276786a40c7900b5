import { clockText } from '../time-text.ts';
import { breakIt } from './api.ts';

const MOST_LINES = 60;

const WORDS: Readonly<Record<string, string>> = {
  handover: 'handed over to the next leg',
  retry: 'tries again',
  recovered: 'goes on, nothing lost',
  discontinuity: 'something is missing',
  failed: 'gave up',
  waiting: 'waits for sound',
  stalled: 'hears nothing from the server',
  error: 'broke off',
  ended: 'came to the end',
};

/** A list of what happened, the newest first. */
export interface Log {
  readonly note: (who: string, text: string) => void;
  /** Notes the `events` of `media`, and where it was then. */
  watch(media: HTMLMediaElement, who: string, events: readonly string[]): void;
  /** Lets buttons break what their values name. */
  offer(buttons: Iterable<HTMLButtonElement>): void;
}

/** Keeps the last 60. */
export function createLog(list: HTMLElement): Log {
  function note(who: string, text: string): void {
    const line = document.createElement('li');
    const name = Object.assign(document.createElement('b'), { textContent: who });
    const time = Object.assign(document.createElement('time'), { textContent: new Date().toLocaleTimeString() });
    line.append(time, ' ', name, ' ', text);
    list.prepend(line);
    while (list.childElementCount > MOST_LINES) list.lastElementChild?.remove();
  }

  async function act(button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    try {
      note('You', await breakIt(button.value));
    } catch (error) {
      note('You', error instanceof Error ? error.message : String(error));
    } finally {
      button.disabled = false;
    }
  }

  return {
    note,
    watch(media, who, events) {
      for (const type of events)
        media.addEventListener(type, () => note(who, `${WORDS[type] ?? type}, at ${clockText(media.currentTime)}`));
    },
    offer(buttons) {
      for (const button of buttons) button.addEventListener('click', () => void act(button));
    },
  };
}
