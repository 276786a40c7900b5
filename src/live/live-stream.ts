import { setTimeout as sleep } from 'node:timers/promises';
import type { EncoderDeps } from '../encode/encoder.ts';
import type { Growing } from '../encode/growing.ts';
import { BatonError, toBatonError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Milliseconds, Seconds } from '../units.ts';
import { createAttendance } from './attendance.ts';
import { createAudience } from './audience.ts';
import { carry, type CarryState } from './carry.ts';
import type { Channel } from './channel.ts';
import { canTake, edgeOf, type RenditionHead } from './head.ts';
import { FIRST_SECONDS, type LiveOutput } from './produce.ts';
import { createShelf } from './shelf.ts';

/** What the streams of a process are made with. */
export interface StreamDeps {
  readonly encoder: EncoderDeps;
  readonly store: Store;
  /** Names this process among others. */
  readonly holder: string;
  /** Unix time, and a monotonic clock. */
  readonly now: () => Milliseconds;
  readonly clock: () => Milliseconds;
  readonly dvrMs: Milliseconds;
  /** How long chunks are still made when nobody holds a stream any more. */
  readonly lingerMs: Milliseconds;
}

/** One rendition of a channel, as its listeners in this process share it. */
export interface LiveStream {
  readonly channel: Channel;
  readonly output: LiveOutput;
  /**
   * Carries the stream for as long as somebody holds it, and a little longer. Of what a source sends at once the newest
   * `back` is made, or more where others want it, unless somebody has begun already.
   */
  hold(back?: Seconds): Held;
  /** Carries it for so long from now on, without anybody who holds it. */
  attend(forMs: Milliseconds, back?: Seconds): void;
  /** Looks in the store for what others know; true when nobody makes chunks, and nobody is about to. */
  look(signal: AbortSignal): Promise<boolean>;
  /** Null: nobody here carries it. */
  state(): CarryState | null;
  /** How many listeners hold it, and how often this process began to make its chunks. */
  holders(): number;
  takeOvers(): number;
  /** Lets others take over, from now on. */
  yield(): void;
  /** Runs of chunks that there are, half-open, oldest first. */
  runs(): RenditionHead['runs'];
  /** The chunk that is being made here. */
  growing(): number | null;
  /** The index behind the newest complete chunk; 0 when there is none. */
  knownTo(): number;
  /** The chunk, if it is at hand: begun here, or read before. */
  here(index: number): Growing | null;
  /** Whether the chunk is lost: there are later ones, and it is neither stored nor at hand. */
  isLost(index: number): boolean;
  /** Calls `listener` soon after more is known. Gives the way to end that. */
  watch(listener: () => void): () => void;
  /** What carrying failed with, as long as nobody has tried again. */
  failure(): BatonError | null;
  /** Resolves when more is known. Throws what carrying failed with. */
  changed(signal: AbortSignal): Promise<void>;
  /**
   * The chunk, as soon as it is begun; null when it was lost, or is not made by anybody who holds the stream.
   * Throws what carrying failed with.
   */
  chunk(index: number, signal: AbortSignal): Promise<Growing | null>;
  close(): Promise<void>;
}

/** A listener's part in carrying a stream. */
export interface Held {
  readonly letGo: () => Promise<void>;
  /** What carrying failed with, also when somebody else has tried again since. */
  readonly failure: () => BatonError | null;
}

interface Carrying {
  readonly life: AbortController;
  readonly over: Promise<void>;
  holders: number;
  back: Seconds;
  failure: BatonError | null;
  /** Nobody holds it: it is about to end. */
  leaving: NodeJS.Timeout | null;
}

/** Listeners are told again when nothing has come for so long: they take a silent connection for dead. */
const QUIET_MS: Milliseconds = 1_600;

/** So long a chunk that the store has is waited for while the store is away. */
const AWAY_MS: Milliseconds = 6_000;
const LOOK_MS: Milliseconds = 200;

/** A stream that nobody carries yet. */
export function createLiveStream(channel: Channel, output: LiveOutput, deps: StreamDeps): LiveStream {
  const { meter } = channel.bill;
  const shelf = createShelf(deps.store, output.keyOf, () => (meter.chunksStored += 1));
  const audience = createAudience(QUIET_MS);
  shelf.pulse.on(() => audience.tell());
  let carrying: Carrying | null = null;
  let ended = Promise.resolve();
  let failed: BatonError | null = null;
  let state: CarryState | null = null;
  let isYielding = false;
  let lastWhole = 0;
  let takeOvers = 0;

  function begin(): Carrying {
    const life = new AbortController();
    isYielding = false;
    state = 'looking';
    const carryDeps = {
      ...{ ...deps, meter, shelf, head: channel.head, sound: channel.sound, reel: channel.reel },
      listen: () => channel.listen(),
      isYielding: () => isYielding,
      firstSeconds: () => begun.back,
      onState: (next: CarryState) => {
        if (next === 'producing') takeOvers += 1;
        state = next;
      },
    };
    // Before anybody listens: what comes first is what others need most.
    const unwatch = output.lines === undefined ? () => undefined : channel.watch();
    const work = ended.then(() => carry(output, carryDeps, life.signal)).finally(unwatch);
    failed = null;
    const over = work.catch((thrown: unknown) => fail(begun, thrown));
    const begun: Carrying = { life, holders: 0, back: 0, failure: null, leaving: null, over };
    return begun;
  }

  /** Who comes from now on has it begun anew, once this is over, and does not follow what is not finished any more. */
  async function end(held: Carrying): Promise<void> {
    if (held.leaving !== null) clearTimeout(held.leaving);
    held.life.abort(new BatonError('CLIENT_GONE', 'nobody listens'));
    if (carrying === held) {
      carrying = null;
      state = null;
      ended = held.over;
      const index = growingIndex();
      const unfinished = index === null ? null : shelf.here(index);
      if (index !== null && unfinished !== null) shelf.drop(index, unfinished);
    }
    await held.over;
  }

  function fail(broken: Carrying, thrown: unknown): void {
    if (broken.life.signal.aborted) return;
    broken.failure = failed = toBatonError(thrown);
    if (carrying === broken) carrying = null; // who comes next tries anew
    state = null;
    shelf.pulse.beat();
  }

  const rendition = (): RenditionHead | undefined => channel.head.latest()?.renditions[output.name];

  /** With the chunks that are here and not stored yet. */
  function runs(): RenditionHead['runs'] {
    const stored = rendition()?.runs ?? [];
    let end = stored.at(-1)?.[1] ?? shelf.first() ?? 0;
    const from = stored.at(-1)?.[0] ?? end;
    while (shelf.here(end)?.complete() != null) end += 1;
    return end > from ? [...stored.slice(0, -1), [from, end]] : stored;
  }

  const isStored = (index: number): boolean =>
    rendition()?.runs.some(([from, end]) => index >= from && index < end) === true;
  const isLost = (index: number): boolean =>
    shelf.here(index) === null && !isStored(index) && index < Math.max(edgeOf(rendition()) ?? 0, shelf.last() ?? 0);

  async function chunk(index: number, signal: AbortSignal): Promise<Growing | null> {
    for (;;) {
      const here = shelf.here(index);
      if (here !== null || isLost(index)) return here;
      if (isStored(index)) return found(index, signal);
      if (failed !== null) throw failed;
      if (carrying === null) return null;
      await changed(signal);
    }
  }

  /** A store that is away for a moment has it again soon. */
  async function found(index: number, signal: AbortSignal): Promise<Growing | null> {
    const until = deps.clock() + AWAY_MS;
    for (let mayBeThere = true; ;) {
      const chunk = await shelf.find(index, signal);
      if (chunk !== null || !mayBeThere || deps.clock() > until) return chunk;
      await channel.head.read(signal);
      mayBeThere = channel.head.isAway();
      if (mayBeThere) await sleep(LOOK_MS, undefined, { signal });
    }
  }

  function knownTo(): number {
    let end = Math.max(edgeOf(rendition()) ?? 0, lastWhole);
    while (shelf.here(end)?.complete() != null) end += 1;
    return (lastWhole = end);
  }

  function growingIndex(): number | null {
    const last = shelf.last();
    return last !== null && shelf.here(last)?.complete() === null ? last : null;
  }

  function throwFailure(): void {
    if (failed !== null) throw failed;
  }

  async function changed(signal: AbortSignal): Promise<void> {
    throwFailure();
    await shelf.pulse.next(signal);
    signal.throwIfAborted();
    throwFailure();
  }

  function hold(back = FIRST_SECONDS): Held {
    const held = (carrying ??= begin());
    held.holders += 1;
    held.back = Math.max(held.back, back);
    if (held.leaving !== null) clearTimeout(held.leaving);
    let isHeld = true;
    const letGo = async (): Promise<void> => {
      if (!isHeld) return;
      isHeld = false;
      held.holders -= 1;
      if (held.holders > 0) return;
      if (deps.lingerMs === 0 || carrying !== held) await end(held);
      else held.leaving = setTimeout(() => void end(held), deps.lingerMs);
    };
    return { letGo, failure: () => held.failure };
  }

  const attendance = createAttendance();

  return {
    channel,
    output,
    hold,
    attend: (forMs, back) => attendance.attend(forMs, () => hold(back)),
    runs,
    changed,
    growing: growingIndex,
    isLost,
    knownTo,
    here: (index) => shelf.here(index),
    watch: (listener) => audience.join(listener),
    failure: () => failed,
    chunk,
    state: () => state,
    holders: () => carrying?.holders ?? 0,
    takeOvers: () => takeOvers,
    yield: () => (isYielding = true),
    look: async (signal) => {
      const head = await channel.head.read(signal);
      return canTake(head?.renditions[output.name], deps.holder, deps.now());
    },
    close: async () => {
      attendance.close();
      if (carrying !== null) await end(carrying);
      await ended;
    },
  };
}
