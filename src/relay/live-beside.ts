import type { RenditionHead } from '../live/head.ts';
import type { Held, LiveStream } from '../live/live-stream.ts';

/** So many chunks the sound waits for its pictures, where others make both. */
const MOST_BEHIND = 10;

/**
 * The sound of a channel as those have it who watch its pictures, too: carried with them, and known as far as they are.
 * Its chunks are those of the sound.
 */
export function besidePictures(sound: LiveStream, pictures: LiveStream): LiveStream {
  function runs(): RenditionHead['runs'] {
    const all = sound.runs();
    const edge = Math.max(pictures.runs().at(-1)?.[1] ?? 0, (all.at(-1)?.[1] ?? 0) - MOST_BEHIND);
    return all.filter(([first]) => first < edge).map(([first, end]) => [first, Math.min(end, edge)] as const);
  }

  function hold(): Held {
    const both = [sound.hold(), pictures.hold()];
    return {
      letGo: async () => void (await Promise.all(both.map(({ letGo }) => letGo()))),
      failure: () => both.map(({ failure }) => failure()).find((each) => each !== null) ?? null,
    };
  }

  async function changed(signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const either = AbortSignal.any([signal, enough.signal]);
    const both = [sound.changed(either), pictures.changed(either)];
    for (const each of both) each.catch(() => undefined);
    try {
      await Promise.race(both);
    } finally {
      enough.abort();
    }
  }

  return {
    ...sound,
    hold,
    runs,
    changed,
    look: async (signal) => {
      const isFree = await sound.look(signal);
      return (await pictures.look(signal)) || isFree;
    },
    state: () => (pictures.state() === 'producing' ? 'producing' : sound.state()),
    yield: () => {
      sound.yield();
      pictures.yield();
    },
    failure: () => sound.failure() ?? pictures.failure(),
  };
}
