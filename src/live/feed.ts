import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError, toBatonError } from '../errors.ts';
import type { Hertz, Milliseconds } from '../units.ts';
import { samplesOf } from './anchor.ts';
import type { Intake, IntakePart, Station } from '../intake/intake.ts';

/** What comes from a source that is connected to again and again. */
export type FeedEvent =
  | IntakePart
  /** A connection that the following parts come from. */
  | { readonly kind: 'connected'; readonly station: Station }
  /** The connection is over; there will be another one. */
  | { readonly kind: 'broken'; readonly error: BatonError };

const WAITS: readonly Milliseconds[] = [0, 250, 500, 1_000, 2_000];
const LONGEST_WAIT: Milliseconds = 4_000;
/** A connection that has lasted so long was one, however much it brought at its beginning. */
const STEADY_MS: Milliseconds = 10_000;

/**
 * A source without end: connects, gives what comes, and connects anew where it breaks off: at once after a connection
 * that lasted as long as the sound that it brought, else with growing waits, so that a short file is not asked for again
 * and again. Leaving it, or `signal`, closes the connection.
 */
export async function* feed(
  open: (signal: AbortSignal) => Promise<Intake>,
  clock: () => Milliseconds,
  signal: AbortSignal,
): AsyncGenerator<FeedEvent, void> {
  const isLeft = (): boolean => signal.aborted;
  for (let failures = 0; !isLeft(); failures++) {
    let connectedAt: Milliseconds | null = null;
    let rate: Hertz = 0;
    let soundMs: Milliseconds = 0;
    try {
      const { station, parts } = await open(signal);
      connectedAt = clock();
      yield { kind: 'connected', station };
      for await (const part of parts) {
        if (part.kind === 'format') rate = part.format.sampleRate;
        if (part.kind === 'packets') soundMs += (samplesOf(part.packets) / rate) * 1000;
        yield part;
      }
      yield { kind: 'broken', error: new BatonError('SOURCE_CUT', 'the station ended the stream') };
    } catch (thrown) {
      if (isLeft()) return;
      yield { kind: 'broken', error: toBatonError(thrown) };
    }
    const lastedMs = connectedAt === null ? 0 : clock() - connectedAt;
    if (soundMs > 0 && lastedMs >= Math.min(soundMs, STEADY_MS)) failures = 0;
    await sleep(WAITS[failures] ?? LONGEST_WAIT, undefined, { signal }).catch(() => undefined);
  }
}
