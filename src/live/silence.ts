import type { Milliseconds, Samples } from '../units.ts';
import { toSamples } from './epoch.ts';
import type { Soundtrack } from './soundtrack.ts';

/** Silence that stands for a source that is away. */
export interface Silence {
  /** It has lasted for so long, and goes on. */
  last(ms: Milliseconds): void;
  /** Sound has come. */
  end(): void;
}

/** Silence is known so far ahead that a chunk of it is made before it is heard. */
const AHEAD_MS: Milliseconds = 1_600;

/** Calls `onBegin` whenever silence begins, behind the end of what was heard before. */
export function createSilence(sound: Soundtrack, onBegin: () => void): Silence {
  let from: Samples | null = null;
  return {
    last: (ms) => {
      if (from === null) {
        from = sound.known();
        sound.last()?.close(from);
        onBegin();
      }
      sound.silence(from + toSamples(ms + AHEAD_MS));
    },
    end: () => {
      from = null;
    },
  };
}
