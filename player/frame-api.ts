import type { BatonPlayer } from './element/baton-player.ts';
import { asFrameMessage, frameMessage } from './frame-message.ts';
import type { FrameMessage, FrameState } from './frame-message.ts';

/** Who may steer the player. */
export interface FrameRules {
  /** Origins of pages around this one; null for whoever may frame it (its `frame-ancestors` policy says who). */
  readonly allowedOrigins: readonly string[] | null;
  readonly signal: AbortSignal;
}

/**
 * Lets the page that frames this one steer `player` by messages (frame-message.ts). Only the direct parent is listened
 * to, and only if its origin is allowed; what is said to it goes to that origin alone, except `ready`, which says nothing
 * of the episode. Addresses of audio are never told: they may be signed. Does nothing in a page that is not framed.
 */
export function serveFrame(player: BatonPlayer, { allowedOrigins, signal }: FrameRules): void {
  const { parent } = window;
  if (parent === window) return;
  const listeners = new Set<string>();

  async function heard({ source, origin, data }: MessageEvent<unknown>): Promise<void> {
    const message = asFrameMessage(data);
    if (source !== parent || message === null || !(allowedOrigins?.includes(origin) ?? true)) return;
    if (message.type !== 'hello' && message.type !== 'command') return;
    const target = origin === 'null' ? '*' : origin; // a sandboxed parent has no origin that could be named
    if (message.type === 'hello') listeners.add(target);
    const answer = message.type === 'hello' ? { value: stateOf(player) } : await obey(player, message);
    parent.postMessage(
      frameMessage({ type: 'reply', ...(message.id !== undefined && { id: message.id }), ...answer }),
      target,
    );
  }

  function tell(name: string, event: Event): void {
    const detail: unknown = event instanceof CustomEvent ? event.detail : undefined;
    const told = frameMessage({ type: 'event', name, state: stateOf(player), ...(detail != null && { detail }) });
    for (const target of listeners) parent.postMessage(told, target);
  }

  addEventListener('message', (event: MessageEvent<unknown>) => void heard(event), { signal });
  for (const name of TOLD_EVENTS) player.addEventListener(name, (event) => tell(name, event), { signal });
  parent.postMessage(frameMessage({ type: 'ready', baton: 'ready' }), '*');
}

/** The events that the page around the player hears. */
export const TOLD_EVENTS: readonly string[] = [
  ...['play', 'playing', 'pause', 'ended', 'waiting', 'seeking', 'seeked', 'timeupdate', 'durationchange'],
  ...['loadedmetadata', 'volumechange', 'ratechange', 'error', 'handover', 'retry', 'recovered', 'failed'],
  ...['metadata', 'discontinuity', 'stats', 'chapterchange', 'episodechange'],
  ...['streamtypechange', 'targetlivewindowchange', 'qualitychange'],
  ...['enterpictureinpicture', 'leavepictureinpicture'],
];

const COMMANDS: Readonly<Record<string, (player: BatonPlayer, value: unknown) => unknown>> = {
  play: (player) => player.play(),
  pause: (player) => player.pause(),
  stop: (player) => player.stop(),
  seek: (player, value) => void (player.currentTime = asNumber(value)),
  volume: (player, value) => void (player.volume = asNumber(value)),
  muted: (player, value) => void (player.muted = value === true),
  rate: (player, value) => void (player.playbackRate = asNumber(value)),
  episode: (player, value) => void (player.episode = asNumber(value)),
  load: (player, value) => load(player, value),
  get: (player, value) => read(player, value),
};

async function obey(
  player: BatonPlayer,
  { name = '', value }: FrameMessage,
): Promise<Pick<FrameMessage, 'value' | 'error'>> {
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw new TypeError(`There is no command "${name}"`);
    return { value: await command(player, value) };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { error: { name: error.name, message: error.message } };
  }
}

/** Takes the address of audio, or an episode as of a playlist. */
function load(player: BatonPlayer, value: unknown): void {
  const episode = typeof value === 'string' ? { sources: [{ src: value }] } : value;
  const { sources } = (episode ?? {}) as { sources?: unknown };
  const isWeb = (source: unknown): boolean => /^https?:\/\//i.test(String((source as { src?: unknown } | null)?.src));
  if (!Array.isArray(sources) || !sources.every(isWeb))
    throw new TypeError('Sources need full http or https addresses');
  player.playlist = [episode];
}

function read(player: BatonPlayer, name: unknown): unknown {
  const state = stateOf(player);
  if (typeof name === 'string' && Object.hasOwn(state, name)) return state[name as keyof FrameState];
  if (name === 'state') return state;
  if (name === 'chapters') return player.chapters;
  if (name === 'stats') return player.stats;
  throw new TypeError(`"${String(name)}" is not told`);
}

function stateOf(player: BatonPlayer): FrameState {
  const { currentTime, duration, paused, ended, volume, muted, playbackRate, episode } = player;
  return {
    currentTime,
    duration: duration >= 0 ? duration : null,
    paused,
    ended,
    volume,
    muted,
    playbackRate,
    episode,
  };
}

function asNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('A number is needed');
  return value;
}
