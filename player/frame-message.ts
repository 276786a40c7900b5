/** What a framed player and the page around it say to each other; other versions of it are ignored. */
export interface FrameMessage {
  readonly source: 'baton-player';
  readonly version: 1;
  /**
   * `ready`: the framed page can be spoken to. `hello`: the page around it wants to hear events. `command` is answered
   * by the `reply` of the same `id`.
   */
  readonly type: 'ready' | 'hello' | 'command' | 'reply' | 'event';
  /** Only in `ready`. */
  readonly baton?: 'ready';
  readonly id?: number;
  /** Of the command or the event. */
  readonly name?: string;
  /** What a command is given, or what it gives back. */
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string };
  /** Of an event. */
  readonly detail?: unknown;
  readonly state?: FrameState;
}

/** How the player is at an event; seconds. A duration that is not known is null. */
export interface FrameState {
  readonly currentTime: number;
  readonly duration: number | null;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly volume: number;
  readonly muted: boolean;
  readonly playbackRate: number;
  readonly episode: number;
}

/** Puts the sender and version to what is said. */
export const frameMessage = (content: Omit<FrameMessage, 'source' | 'version'>): FrameMessage => ({
  source: 'baton-player',
  version: 1,
  ...content,
});

/** What was said, if it is a message of this kind and version. */
export function asFrameMessage(data: unknown): FrameMessage | null {
  if (typeof data !== 'object' || data === null) return null;
  const { source, version, type } = data as Partial<FrameMessage>;
  return source === 'baton-player' && version === 1 && typeof type === 'string' ? (data as FrameMessage) : null;
}
