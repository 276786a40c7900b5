import type { Growing } from '../encode/growing.ts';
import type { BatonError } from '../errors.ts';
import { CHANNEL_RATE, chunkSamples } from '../grid/live.ts';
import type { LiveStream } from '../live/live-stream.ts';
import type { Milliseconds, Seconds } from '../units.ts';

/** How a response to a listener of a channel is kept. */
export interface LegRule {
  /** Null: whoever makes no chunks sends what there is and ends; else how long a leg lasts that makes none. */
  readonly heldMs: Milliseconds | null;
  /** How long a leg lasts that makes the chunks. */
  readonly producingMs: Milliseconds;
  /** How far behind the newest chunk a new listener begins. */
  readonly behind: Seconds;
  /** A leg ends when it has sent so much more than can have been heard; null: it waits for the listener. */
  readonly ahead: Seconds | null;
  readonly clock: () => Milliseconds;
  /** Aborted when the response should end at the next boundary. */
  readonly closing: AbortSignal;
  readonly isStopping: () => boolean;
}

/** One chunk of a leg; `lost` chunks before it are not to be had. */
export interface LegChunk {
  readonly index: number;
  readonly chunk: Growing;
  readonly lost: number;
}

/** A leg on its way; it says at every turn what is next. */
export interface LiveLeg {
  /** A chunk that is begun; or that one has to wait for more to be known, or to fetch it; or that the leg is over. */
  next(): LegChunk | 'wait' | { readonly fetch: number } | 'over';
  /** Whether `next` would say anything but 'wait', of a listener who takes complete chunks alone. */
  hasNews(): boolean;
  /** The chunk that was to be fetched, or null when it is gone. */
  fetched(chunk: Growing | null): LegChunk | null;
  /** How much more has been sent than can have been heard. */
  ahead(): Seconds;
  /** The index behind its last chunk, some time before it is reached; null as long as the leg goes on. */
  end(): number | null;
}

/** So long before its end a leg says where that will be: the next one has to be ready by then. */
const NOTICE_MS: Milliseconds = 4_000;
/** A next one that has to take over the source, too, needs longer. */
const HANDOVER_MS: Milliseconds = 10_000;
/** A listener who falls so much further behind than they began is taken forward. */
const SLOWEST: Seconds = 20;

/** A leg that begins with chunk `first` and ends by `rule`; chunks that are lost are passed over. */
export function liveLeg(stream: LiveStream, first: number, rule: LegRule): LiveLeg {
  const startedAt = rule.clock();
  const life = stream.channel.head.latest()?.version;
  const seconds = chunkSamples(stream.output.grid) / CHANNEL_RATE;
  const startLag = edge() - first;
  const noticeMs = rule.heldMs === null ? HANDOVER_MS : NOTICE_MS;
  let position = first;
  let sent = 0;
  let lost = 0;
  let end: number | null = null;

  function edge(): number {
    return stream.runs().at(-1)?.[1] ?? first;
  }

  const elapsed = (): Milliseconds => rule.clock() - startedAt;

  const ahead = (): Seconds => sent * seconds - elapsed() / 1000;

  /** Sets the end when it is near enough to be told. */
  function foresee(): void {
    const isProducing = stream.state() === 'producing';
    const leftMs = (isProducing ? rule.producingMs : (rule.heldMs ?? Infinity)) - elapsed();
    if (rule.closing.aborted || rule.isStopping()) end = Math.min(end ?? Infinity, position + 1);
    else if (end === null && leftMs < noticeMs) {
      end = position + Math.max(1, Math.ceil(leftMs / 1000 / seconds));
      if (rule.heldMs === null && isProducing) stream.yield();
    }
  }

  /** Whether there is nothing more to send for now, to somebody who comes back. */
  function isSpent(): boolean {
    if (sent === 0) return false;
    if (rule.ahead === null && rule.closing.aborted) return true; // nobody has to be told where it ends
    const isAhead = rule.ahead !== null && ahead() > rule.ahead;
    const isBurst = rule.heldMs === null && end === null && stream.state() !== 'producing' && position >= edge();
    return isAhead || isBurst;
  }

  /** Passes over what is lost, and what a listener who is too slow for the channel will not hear. */
  function skip(): void {
    const isFree = rule.ahead !== null && startLag * seconds > rule.ahead; // who rewound hears all of it
    const lag = edge() - position;
    let to = !isFree && (lag - startLag) * seconds > SLOWEST ? position + lag - startLag : position;
    while (stream.isLost(to)) to = Math.max(to + 1, stream.runs().find(([, last]) => last > to)?.[0] ?? 0);
    lost += to - position;
    position = to;
  }

  /** The store was away, and has another channel than the one that was begun meanwhile: positions are not the same. */
  const isOther = (): boolean => stream.channel.head.latest()?.version !== life;

  function next(): ReturnType<LiveLeg['next']> {
    if (isOther() || position >= (end ?? Infinity) || isSpent()) return 'over';
    skip();
    const chunk = stream.here(position);
    if (chunk === null) {
      const isStored = stream.runs().some(([from, last]) => position >= from && position < last);
      if (!isStored && (rule.closing.aborted || rule.isStopping())) return 'over';
      return isStored ? { fetch: position } : 'wait';
    }
    return give(chunk);
  }

  function hasNews(): boolean {
    if (stream.here(position)?.complete() != null || stream.knownTo() > position) return true;
    if (isOther()) return true;
    return rule.closing.aborted || rule.isStopping() || position >= (end ?? Infinity) || stream.failure() !== null;
  }

  function give(chunk: Growing): LegChunk {
    foresee();
    const given = { index: position, chunk, lost };
    [position, sent, lost] = [position + 1, sent + 1, 0];
    return given;
  }

  function fetched(chunk: Growing | null): LegChunk | null {
    if (chunk !== null) return give(chunk);
    [position, lost] = [position + 1, lost + 1];
    return null;
  }

  return { next, hasNews, fetched, ahead, end: () => end };
}

/** What a listener holds on to. */
export interface Holding {
  readonly signal: AbortSignal;
  /** Lets go of the stream; a broadcast does that by itself. */
  readonly letGo: () => Promise<void>;
  /** Whether whoever sends the body takes the rest of it as a broadcast. */
  readonly mayShare: boolean;
  /** What carrying the stream failed with, as far as this listener depended on it. */
  readonly failure: () => BatonError | null;
}

/** Who has so much ahead can wait for whole chunks. */
const COMFORTABLE: Seconds = 3;

/**
 * The chunks of `leg`, each as soon as it is begun, until it is over; or, with `mayShare`, until the listener has all
 * there is and can be given the rest as everybody is. Throws what carrying the stream fails with.
 */
export async function* legChunks(
  leg: LiveLeg,
  stream: LiveStream,
  { mayShare, failure, signal }: Pick<Holding, 'mayShare' | 'failure' | 'signal'>,
): AsyncGenerator<LegChunk, 'over' | 'shared'> {
  for (;;) {
    if (mayShare && leg.ahead() > COMFORTABLE && !leg.hasNews()) return 'shared';
    const next = leg.next();
    if (next === 'over') return 'over';
    if (next === 'wait') {
      const failed = failure();
      if (failed !== null) throw failed;
      await stream.changed(signal);
    } else {
      const given = 'fetch' in next ? leg.fetched(await stream.chunk(next.fetch, signal)) : next;
      if (given !== null) yield given;
    }
  }
}
