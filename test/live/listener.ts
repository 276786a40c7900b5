import { createChain, type Chain } from '../../player/core/chain.ts';
import { legAddress } from '../../player/core/leg-address.ts';
import { createLegLog } from '../../player/core/leg-log.ts';
import { openLeg } from '../../player/core/leg.ts';
import type { StreamEvent } from '../../player/core/stream-event.ts';
import { ffmpeg } from '../support/ffmpeg.ts';

/** Somebody who listens to a channel as the player does, in real time, and keeps what they heard. */
export interface Listener {
  readonly events: readonly StreamEvent[];
  readonly handovers: number;
  readonly retries: number;
  /** Ends of legs, in order. */
  readonly legs: () => ReturnType<ReturnType<typeof createLegLog>['legs']>;
  /** Milliseconds in which there was nothing to play. */
  readonly starvedMs: () => number;
  /** Seconds of sound ahead. */
  readonly ahead: () => number;
  /** Where on the channel what was heard begins, in seconds. */
  readonly begin: () => number;
  /** Decoded, mono at 48 kHz; half a frame more or less at the ends. */
  readonly heard: () => Promise<Float32Array>;
  /** Which sample of that is at `seconds` of the channel. */
  readonly sampleAt: (seconds: number) => number;
  readonly stop: () => void;
}

export interface ListenerOptions {
  /** A next leg is opened when there is less ahead. */
  readonly lowSeconds?: number;
}

const LOOK_MS = 50;

/** Begins to listen to the framed stream at `src`, which may be another one for each leg. */
export function listenTo(src: string | (() => string), { lowSeconds = 8 }: ListenerOptions = {}): Listener {
  const bytes: Uint8Array[] = [];
  const events: StreamEvent[] = [];
  const log = createLegLog();
  let [handovers, retries, starved] = [0, 0, 0];
  let begin: { readonly at: number; readonly since: number } | null = null;
  const placed: { readonly start: number; readonly end: number; readonly index: number }[] = [];
  let lastLook = performance.now();
  const timers = new Set<NodeJS.Timeout>();
  const timer = (then: () => void, ms: number): (() => void) => {
    const id = setTimeout(() => {
      timers.delete(id);
      then();
    }, ms);
    timers.add(id);
    return () => {
      clearTimeout(id);
      timers.delete(id);
    };
  };
  const position = (): number => (begin === null ? 0 : begin.at + (performance.now() - begin.since - starved) / 1000);

  const addressOf = (place: string): string => {
    const address = typeof src === 'string' ? src : src();
    return legAddress(address, place);
  };

  const chain: Chain = createChain({
    open: (place, handlers) =>
      openLeg(addressOf(place), 10_000, handlers, {
        fetch: (url, init) => fetch(url, init),
        now: () => performance.now(),
        timer,
      }),
    hasRoom: (until) => begin === null || until - position() < lowSeconds,
    init: (init) => bytes.push(init),
    fragment: ({ bytes: fragment, start, end }) => {
      begin ??= { at: start / 48_000, since: performance.now() };
      const last = placed.at(-1);
      placed.push({ start, end, index: last === undefined ? 0 : last.index + last.end - last.start });
      bytes.push(fragment);
    },
    event: (event) => events.push(event),
    handover: () => handovers++,
    recovered: () => undefined,
    eos: () => undefined,
    changed: (state) => {
      if (state.at === 'loading') retries++;
    },
    wanted: () => true,
    now: () => performance.now(),
    random: () => 0.5,
    timer,
    log,
  });

  const look = setInterval(() => {
    const now = performance.now();
    if (begin !== null && chain.end() <= position()) starved += now - lastLook;
    lastLook = now;
    chain.consider();
  }, LOOK_MS);
  chain.restart(-1);

  return {
    events,
    get handovers() {
      return handovers;
    },
    get retries() {
      return retries;
    },
    legs: () => log.legs(),
    starvedMs: () => Math.round(starved),
    ahead: () => chain.end() - position(),
    begin: () => begin?.at ?? 0,
    sampleAt: (seconds) => {
      const at = Math.round(seconds * 48_000);
      const run = placed.findLast(({ start }) => start <= at);
      return run === undefined ? 0 : run.index + Math.min(at, run.end) - run.start;
    },
    heard: async () => {
      const args = ['-f', 'mp4', '-i', 'pipe:0', '-ac', '1', '-ar', '48000', '-f', 'f32le', 'pipe:1'];
      const pcm = await ffmpeg(args, Buffer.concat(bytes));
      return new Float32Array(pcm.buffer, pcm.byteOffset, Math.floor(pcm.length / 4));
    },
    stop: () => {
      clearInterval(look);
      chain.park();
      for (const id of timers) clearTimeout(id);
    },
  };
}
