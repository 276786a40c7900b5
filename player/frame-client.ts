import { asFrameMessage, frameMessage } from './frame-message.ts';
import type { FrameMessage, FrameState } from './frame-message.ts';

export type { FrameMessage, FrameState } from './frame-message.ts';

/** How to reach a player in a frame. */
export interface FrameOptions {
  /** Of the framed page; that of the frame's `src` if not said, `*` for a sandboxed frame without one. */
  readonly origin?: string;
  /** How long to wait for the framed page; 15000 if not said. */
  readonly timeoutMs?: number;
  /** Ends the connection. */
  readonly signal?: AbortSignal;
}

/** A player in a frame; seconds. Everything rejects as the player's own methods do. */
export interface FramedPlayer {
  play(): Promise<void>;
  pause(): Promise<void>;
  /** Pauses and lets go of the server. */
  stop(): Promise<void>;
  seek(seconds: number): Promise<void>;
  setVolume(level: number): Promise<void>;
  setMuted(muted: boolean): Promise<void>;
  setRate(rate: number): Promise<void>;
  /** Another entry of the playlist, from 0. */
  setEpisode(index: number): Promise<void>;
  /** The address of audio, or an episode as of a playlist. */
  load(episode: string | object): Promise<void>;
  /** One of the state's names, or `state`, `chapters`, `stats`. */
  get(name: string): Promise<unknown>;
  /** Calls `listener` at every event of this name; the function it gives back ends that. */
  on(name: string, listener: (state: FrameState, detail: unknown) => void): () => void;
  /** Forgets all listeners; the player plays on. */
  close(): void;
}

/** Connects to the Baton player in `frame`. Rejects with a TimeoutError when there is none. */
export async function connectPlayer(frame: HTMLIFrameElement, options: FrameOptions = {}): Promise<FramedPlayer> {
  const { origin = new URL(frame.src, document.baseURI).origin, timeoutMs = 15_000, signal } = options;
  const closing = new AbortController();
  const ends = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
  const waiting = new Map<number, (reply: FrameMessage) => void>();
  const listeners = new Map<string, Set<(state: FrameState, detail: unknown) => void>>();
  let ids = 0;

  /** A frame that is still empty has no origin, and a `hello` says nothing. */
  const post = (content: Omit<FrameMessage, 'source' | 'version'>): void =>
    frame.contentWindow?.postMessage(frameMessage(content), content.type === 'hello' ? '*' : origin);

  function ask(content: Omit<FrameMessage, 'source' | 'version'>, limitMs: number): Promise<unknown> {
    const id = ++ids;
    return new Promise((resolve, reject) => {
      const limit = AbortSignal.any([ends, AbortSignal.timeout(limitMs)]);
      const give = (): void => {
        waiting.delete(id);
        reject(limit.reason as Error);
      };
      limit.addEventListener('abort', give, { once: true });
      waiting.set(id, ({ value, error }) => {
        waiting.delete(id);
        limit.removeEventListener('abort', give);
        if (error === undefined) resolve(value);
        else reject(Object.assign(new Error(error.message), { name: error.name }));
      });
      post({ ...content, id });
    });
  }

  function heard(event: MessageEvent<unknown>): void {
    if (event.source !== frame.contentWindow || (origin !== '*' && event.origin !== origin)) return;
    const message = asFrameMessage(event.data);
    if (message?.type === 'ready')
      post({ type: 'hello' }); // loaded, or loaded anew
    else if (message?.type === 'reply' && message.id !== undefined) waiting.get(message.id)?.(message);
    else if (message?.type === 'event' && message.state !== undefined)
      for (const listener of listeners.get(message.name ?? '') ?? []) listener(message.state, message.detail);
  }

  const command = async (name: string, value?: unknown): Promise<void> => {
    await ask({ type: 'command', name, value }, timeoutMs);
  };

  addEventListener('message', heard, { signal: ends });
  const limit = AbortSignal.any([ends, AbortSignal.timeout(timeoutMs)]);
  await untilReady(() => ask({ type: 'hello' }, KNOCK_MS), limit).catch((error: unknown) => {
    closing.abort();
    throw error;
  });

  return {
    play: () => command('play'),
    pause: () => command('pause'),
    stop: () => command('stop'),
    seek: (seconds) => command('seek', seconds),
    setVolume: (level) => command('volume', level),
    setMuted: (muted) => command('muted', muted),
    setRate: (rate) => command('rate', rate),
    setEpisode: (index) => command('episode', index),
    load: (episode) => command('load', episode),
    get: (name) => ask({ type: 'command', name: 'get', value: name }, timeoutMs),
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => void set.delete(listener);
    },
    close() {
      listeners.clear();
      closing.abort();
    },
  };
}

const KNOCK_MS = 400;

/** The framed page may have been ready long before, or may not be there yet: knocks until it answers. */
async function untilReady(knock: () => Promise<unknown>, limit: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await knock();
      return;
    } catch (error) {
      if (limit.aborted) throw limit.reason as Error;
      if (!(error instanceof DOMException)) throw error;
    }
  }
}
