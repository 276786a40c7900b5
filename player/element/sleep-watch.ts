import { SLEEP } from '../i18n/en-sleep.ts';
import type { Deck, View } from './deck.ts';
import { createSleepTimer } from './sleep-timer.ts';
import type { SleepTimer } from './sleep-timer.ts';
import { SLEEP_STYLE } from './style-sleep.ts';

/** What the sleep timer needs of the player; its functions come along, so that this is a script by itself. */
export interface SleepPlayer extends Pick<Deck, 'root' | 'audio' | 'playback' | 'chapters' | 'chapterAt' | 'language'> {
  /** Lowers what is heard to a share of the volume. */
  readonly fade: (share: number) => void;
  /** Says it to everybody. */
  readonly say: (text: string) => void;
}

/** A sleep timer that shows on its button the minutes that are left. */
export interface SleepWatch extends SleepTimer, View {
  /** The time has come, and it is silent already. */
  fall(): void;
}

/** Sets a timer to the clock of the page. */
export function createSleepWatch({
  root,
  audio,
  playback,
  chapters,
  language,
  chapterAt,
  fade,
  say,
}: SleepPlayer): SleepWatch {
  const tell = (): void => say({ ...SLEEP, ...language().words }.asleep);
  const timer = createSleepTimer({
    fade,
    stop() {
      if (playback.wanted()) tell();
      playback.stop(); // at no further cost
    },
    now: () => performance.now(),
    position: () => playback.position(),
    rate: () => audio.playbackRate,
    chapterEnd() {
      const chapter = chapters()[chapterAt(playback.position())];
      return chapter === undefined ? null : Math.min(chapter.end, playback.duration());
    },
    repeat(then, ms) {
      const id = setInterval(then, ms);
      return () => clearInterval(id);
    },
  });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(SLEEP_STYLE);
  root.adoptedStyleSheets.push(sheet);
  const [button, left] = [root.querySelector('.sleep'), document.createElement('span')];
  left.className = 'left';
  left.part.add('left');
  button?.append(left);

  return {
    ...timer,
    fall() {
      timer.choose(null);
      tell();
    },
    render() {
      const remaining = typeof timer.choice() === 'number' ? timer.remaining() : null;
      button?.classList.toggle('set', timer.choice() !== null);
      left.textContent = remaining === null ? '' : Math.ceil(remaining / 60_000).toLocaleString(language().code);
    },
  };
}
