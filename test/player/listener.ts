import { createPlayback, askServer } from '../../player/core.ts';
import type { MediaSourceOption, Playback, Stats } from '../../player/core.ts';

/** What a page of the tests offers to them as `window.listener`. */
export interface Listener {
  readonly audio: HTMLAudioElement;
  readonly playback: Playback;
  /** Where the sound began; NaN before. */
  readonly begin: number;
  readonly events: { readonly type: string; readonly detail: unknown }[];
  /** Begins to record, once, and to play; positions in seconds. */
  play(sources: readonly MediaSourceOption[], options?: { at?: number; autoplay?: boolean }): Promise<void>;
  record(): Promise<void>;
  /** Posts what was recorded to `/pcm`. */
  post(): Promise<void>;
  stats(): Stats;
}

const TAP = `registerProcessor('tap', class extends AudioWorkletProcessor {
  constructor() { super(); this.block = new Float32Array(12800); this.at = 0; }
  process([[samples]]) {
    if (samples) { this.block.set(samples, this.at); this.at += samples.length; } else this.at += 128;
    if (this.at >= this.block.length) { this.port.postMessage(this.block.slice()); this.block.fill(0); this.at = 0; }
    return true;
  }
})`;

/** Lets a page play through the core and record every sample of it. */
export function createListener(pausedLimitMs?: number): Listener {
  const audio = new Audio();
  const events: Listener['events'] = [];
  const blocks: Float32Array[] = [];
  let context: AudioContext | null = null;
  const playback = createPlayback(audio, {
    ask: askServer,
    changed: () => undefined,
    emit: (type, detail) => void (type !== 'timeupdate' && events.push({ type, detail })),
    now: () => performance.now(),
    random: Math.random,
    ...(pausedLimitMs !== undefined && { pausedLimitMs }),
  });
  let begin = Number.NaN;
  audio.addEventListener('playing', () => (begin = playback.position()), { once: true });
  playback.attach(new AbortController().signal);

  async function record(): Promise<void> {
    context = new AudioContext({ sampleRate: 48_000 });
    await context.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(TAP)}`);
    const tap = new AudioWorkletNode(context, 'tap');
    tap.port.onmessage = ({ data }) => blocks.push(data as Float32Array);
    context.createMediaElementSource(audio).connect(tap).connect(context.destination);
    await context.resume();
  }

  return {
    audio,
    playback,
    get begin() {
      return begin;
    },
    events,
    record,
    async play(sources, options) {
      await record();
      playback.load(sources, options);
      await playback.play();
    },
    async post() {
      await context?.suspend();
      await fetch('/pcm', { method: 'POST', body: new Blob(blocks as BlobPart[]) });
    },
    stats: () => playback.stats(),
  };
}

Object.assign(globalThis, { createListener });
