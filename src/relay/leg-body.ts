import type { Ends } from '../encode/play-chunks.ts';
import { BatonError, toBatonError } from '../errors.ts';
import type { LegRecord } from '../meter/usage.ts';
import type { Milliseconds, Samples, Seconds } from '../units.ts';
import type { Notes } from './app.ts';
import { beating } from './beating.ts';
import type { LegWriter } from './leg-writer.ts';

/** What the body of a leg is made of. */
export interface LegParts {
  /** What stands before the first fragment. */
  readonly opening: readonly Uint8Array[];
  readonly writer: LegWriter;
  /** Where what the listener is to hear begins. */
  readonly from: Seconds;
  /** The frames of the leg from its first one on; more than those are not asked for. */
  readonly frames: (ends: Ends) => AsyncGenerator<readonly Uint8Array[], void>;
  /** Of the whole stream; asked for when its last frame has come. */
  readonly samples: (ends: Ends) => Promise<Samples>;
  /** Whether this process is about to stop. */
  readonly isStopping: () => boolean;
}

/** A player that hears nothing for a few seconds takes the connection for dead. */
const BEAT_MS: Milliseconds = 1000;

/**
 * The body of a leg. Before its first piece it throws what `frames` throws; from then on a fault is told as an event,
 * noted, and the body comes to an orderly end. When `ends` closes, or the process stops, it ends where it is within a
 * second. Only a request that is aborted breaks it off. Leaving it stops `frames`.
 */
export async function* legBody(parts: LegParts, ends: Ends, notes: Notes): AsyncGenerator<Uint8Array, void> {
  const { opening, writer } = parts;
  const leaving = new AbortController();
  const own: Ends = { ...ends, signal: AbortSignal.any([ends.signal, leaving.signal]) };
  const frames = parts.frames(own);
  const isClosing = (): boolean => ends.together !== true && (ends.closing.aborted || parts.isStopping());
  const leg: LegRecord = { from: parts.from, to: parts.from, end: null };
  notes.leg = leg;
  const ending = (end: LegRecord['end'], pieces: readonly Uint8Array[]): Uint8Array => {
    Object.assign(leg, { end, to: writer.time() });
    return Buffer.concat(pieces);
  };
  let hasBegun = false;
  try {
    const first = writer.isFull() ? null : await frames.next();
    const run = first === null || first.done === true ? null : first.value;
    notes.firstAudioAt = performance.now();
    hasBegun = true;
    yield Buffer.concat([...opening, ...(run === null ? [] : writer.take(run))]);
    const isEnd = run === null || (writer.isFull() ? writer.isLast() : yield* rest(frames, writer, isClosing, leg));
    if (isEnd) yield ending('eos', writer.endOfStream(await parts.samples(own)));
    else yield ending('leg', writer.endOfLeg());
  } catch (thrown) {
    if (!hasBegun || ends.signal.aborted) throw thrown;
    if (ends.closing.aborted && thrown === ends.closing.reason) {
      yield ending('leg', writer.endOfLeg());
    } else {
      notes.failure = toBatonError(thrown);
      yield ending('error', writer.fail(notes.failure));
    }
  } finally {
    leaving.abort(new BatonError('CLIENT_GONE'));
    await frames.return();
  }
}

/** What follows the first run, until the leg is full or has to end. Gives whether the stream ends there. */
async function* rest(
  frames: AsyncIterator<readonly Uint8Array[], void>,
  writer: LegWriter,
  isClosing: () => boolean,
  leg: LegRecord,
): AsyncGenerator<Uint8Array, boolean> {
  for await (const run of beating(frames, BEAT_MS)) {
    const pieces = run === null ? writer.beat() : writer.take(run);
    leg.to = writer.time();
    if (pieces.length > 0) yield Buffer.concat(pieces);
    if (isClosing()) writer.close();
    if (writer.isFull()) return writer.isLast();
  }
  return true;
}
