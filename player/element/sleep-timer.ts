/** When to fall silent: after so many minutes, or where the chapter or the episode ends. */
export type SleepChoice = number | 'chapter' | 'episode' | null;

/** What a sleep timer does its work with; times in milliseconds, places in seconds. */
export interface SleepDeps {
  readonly now: () => number;
  position(): number;
  rate(): number;
  /** Where the chapter that is heard ends; null without one. */
  chapterEnd(): number | null;
  /** Share of the chosen volume that is heard, 1 to 0. */
  fade(level: number): void;
  /** Silence, at no further cost. */
  stop(): void;
  /** Runs `then` every `ms`; the function it gives back ends that. */
  repeat(then: () => void, ms: number): () => void;
}

/** One choice at a time. */
export interface SleepTimer {
  readonly choice: () => SleepChoice;
  readonly choose: (choice: SleepChoice) => void;
  /** Milliseconds until silence; null when no timer runs, or when the end is the episode's own. */
  readonly remaining: () => number | null;
}

const FADE_MS = 8000;
const TICK_MS = 250;
/** A place this far off the way was gone to by the listener. */
const JUMPED_SECONDS = 2;

/** Falls silent when its time has come, over the last eight seconds; the episode's own end needs no fading. */
export function createSleepTimer(deps: SleepDeps): SleepTimer {
  let choice: SleepChoice = null;
  let until = 0;
  let chapterEnd: number | null = null;
  let last = 0;
  let rest = (): void => undefined;

  function choose(next: SleepChoice): void {
    rest();
    if (next !== null) rest = deps.repeat(tick, TICK_MS);
    choice = next;
    until = typeof next === 'number' ? deps.now() + next * 60_000 : 0;
    chapterEnd = deps.chapterEnd();
    last = deps.position();
    deps.fade(1);
  }

  function remaining(): number | null {
    if (typeof choice === 'number') return Math.max(0, until - deps.now());
    if (choice !== 'chapter' || chapterEnd === null) return null;
    return Math.max(0, ((chapterEnd - deps.position()) * 1000) / deps.rate());
  }

  function tick(): void {
    const position = deps.position();
    if (choice === 'chapter' && (chapterEnd === null || Math.abs(position - last) > JUMPED_SECONDS * deps.rate()))
      chapterEnd = deps.chapterEnd();
    last = position;
    const left = remaining();
    if (left === null) return;
    if (left > 0) deps.fade(Math.min(1, left / FADE_MS));
    else {
      deps.stop();
      choose(null);
    }
  }

  return { choice: () => choice, choose, remaining };
}
