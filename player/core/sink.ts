import { createAppender } from './appender.ts';
import type { Appender, AppenderDeps } from './appender.ts';
import { mediaSourceClass, playableType } from './media-source.ts';
import type { StreamingSource } from './media-source.ts';

/** A media source that an audio element plays from. */
export interface Sink extends Omit<Appender, 'init'> {
  /** An init segment; `decoder` tells those apart that need a decoder of their own. False when there is none for it. */
  init(bytes: Uint8Array<ArrayBuffer>, codec: string, decoder: string): boolean;
  /** Whether the browser wants data now; null where it leaves that to the page. */
  wantsData(): boolean | null;
}

/** Gives `audio` a new, empty source; null where there is none. `hungry` is called when the browser begins to want data. */
export function openSink(audio: HTMLMediaElement, deps: AppenderDeps & { hungry(): void }): Sink | null {
  const Source = mediaSourceClass();
  if (Source === null) return null;
  const source: StreamingSource = new Source();
  const appender = createAppender(source, deps);
  source.addEventListener('startstreaming', () => deps.hungry());
  audio.disableRemotePlayback = true; // without it a ManagedMediaSource never opens
  const url = URL.createObjectURL(source);
  source.addEventListener('sourceopen', () => URL.revokeObjectURL(url), { once: true });
  audio.preload = 'auto'; // what is fetched is decided by the chain
  audio.src = url;
  let present: string | null = null;

  return {
    ...appender,
    init(bytes, codec, decoder) {
      const type = playableType(Source, codec);
      if (type === null) return false;
      if (present !== decoder) appender.init(bytes, type);
      present = decoder;
      return true;
    },
    clear() {
      present = null; // it may be among what is forgotten
      appender.clear();
    },
    wantsData: () => source.streaming ?? null,
  };
}
