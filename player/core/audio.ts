import { MEDIA_EVENTS } from './media-events.ts';

/** What an engine does with what it hears of its audio element and of the network. */
export interface Watcher {
  /** A media event; true when the listener may hear of it. */
  heard(type: string): boolean;
  /** The network is back. */
  readonly online: () => void;
  /** To be called every `lookMs`. */
  readonly look: () => void;
  readonly lookMs: number;
  readonly emit: (type: string) => void;
  /** Something that is shown may have changed. */
  readonly changed: () => void;
}

/** Watches `audio` until `signal` says otherwise. */
export function watchAudio(audio: HTMLMediaElement, watcher: Watcher, signal: AbortSignal): void {
  const { emit, changed, online, look, lookMs } = watcher;
  let rate = audio.playbackRate;
  for (const type of MEDIA_EVENTS) {
    const handle = (): void => {
      const isDefault = type === 'ratechange' && rate === audio.playbackRate; // setRate sets two, of one event
      if (type === 'ratechange') rate = audio.playbackRate;
      if (watcher.heard(type) && !isDefault) emit(type);
      changed();
    };
    audio.addEventListener(type, handle, { signal });
  }
  addEventListener('online', online, { signal });
  addEventListener('offline', changed, { signal });
  const timer = setInterval(look, lookMs);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** Starts `audio`; `refused` is called before it rejects for another reason than a source that came or that failed. */
export async function startAudio(audio: HTMLMediaElement, refused: () => void): Promise<void> {
  try {
    await audio.play();
  } catch (error) {
    // A new source aborts the play of the one before; what cannot be played has its own event.
    if (['AbortError', 'NotSupportedError'].includes((error as Error).name)) return;
    refused();
    throw error;
  }
}

/** Takes the source away. */
export function unload(audio: HTMLMediaElement): void {
  audio.removeAttribute('src');
  audio.load();
  audio.currentTime = 0; // where the next source is to start: loading does not forget it
}

/** For this source and the ones that follow. */
export function setRate(audio: HTMLMediaElement, rate: number): void {
  audio.defaultPlaybackRate = rate;
  audio.playbackRate = rate;
}
