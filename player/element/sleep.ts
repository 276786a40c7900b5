import type { View } from './deck.ts';
import type { SleepChoice } from './sleep-timer.ts';
import type { SleepPlayer, SleepWatch } from './sleep-watch.ts';

/** The sleep timer, which is loaded when it is first set. */
export interface Sleep extends View {
  choice(): SleepChoice;
  choose(choice: SleepChoice): void;
  /** The time has come, and it is silent already. */
  fall(): void;
}

/** Awake at first; `changed` when another choice stands. */
export function createSleep(player: SleepPlayer, changed: () => void): Sleep {
  let watch: SleepWatch | null = null;
  let wanted: SleepChoice = null;

  function settle(loaded: SleepWatch): void {
    watch = loaded;
    watch.choose(wanted);
    wanted = null;
    changed();
  }

  return {
    choice: () => watch?.choice() ?? wanted,
    choose(choice) {
      wanted = choice;
      if (watch !== null) settle(watch);
      else if (choice !== null)
        import('./sleep-watch.ts').then(
          ({ createSleepWatch }) => settle(watch ?? createSleepWatch(player)),
          () => (wanted = null),
        );
    },
    fall: () => watch?.fall(),
    render: () => watch?.render(),
  };
}
