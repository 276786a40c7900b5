import { chooseSource } from './core/choose-source.ts';
import type { Engine, Playback, PlaybackDeps } from './core/engine.ts';
import { createFileEngine } from './core/file-engine.ts';
import { createFramedEngine } from './core/framed-engine.ts';

export type * from './core/engine.ts';

/**
 * Plays in `audio` the first of several sources that this browser can play: a framed stream through MediaSource as a
 * chain of legs, an HLS playlist by a script that is loaded for it, anything else as the element itself does, with a way
 * back to sound. `audio.preload` is honoured.
 */
export function createPlayback(audio: HTMLMediaElement, deps: PlaybackDeps): Playback {
  const file = createFileEngine(audio, deps);
  let engine: Engine = file;
  let outer: AbortSignal | null = null;
  let attachment = new AbortController();

  function use(next: Engine): void {
    engine = next;
    attachment = new AbortController();
    if (outer?.aborted === false) engine.attach(AbortSignal.any([outer, attachment.signal]));
  }

  const passedOn = Object.fromEntries(
    PASSED_ON.map((name) => [name, (...given: [never]) => engine[name](...given)]),
  ) as Pick<Engine, (typeof PASSED_ON)[number]>;

  return {
    load(sources, { autoplay = false, at = 0 } = {}) {
      const choice = chooseSource(sources, audio);
      const isFramed = choice?.engine === 'framed';
      if (isFramed || engine !== file) attachment.abort();
      if (isFramed) use(createFramedEngine(audio, deps, choice, { autoplay, at }));
      else {
        if (engine !== file) use(file);
        file.load(choice?.src ?? '', { autoplay, at, isPlaylist: choice?.engine === 'playlist' });
      }
    },
    attach(signal) {
      outer = signal;
      use(engine);
    },
    ...passedOn,
    seek(seconds) {
      if (!Number.isFinite(seconds)) throw new TypeError('no finite number');
      engine.seek(seconds);
    },
  };
}

const PASSED_ON = [
  ...(['play', 'pause', 'stop', 'setRate', 'position', 'duration', 'wanted', 'busy', 'buffered'] as const),
  ...(['recovery', 'stats', 'details', 'live', 'source', 'levels'] as const),
];
