import { toBatonError, type BatonError } from '../errors.ts';
import { leftRecord, type PublisherRecord } from '../ingest/publisher-record.ts';
import type { Milliseconds } from '../units.ts';
import type { KnownSequences } from './known-sequences.ts';
import type { Publishers } from './publishers.ts';

export interface LeavingDeps {
  readonly known: Publishers;
  readonly sequences: KnownSequences;
  readonly now: () => Milliseconds;
  readonly note: (record: PublisherRecord) => void;
  readonly onFailure: (error: BatonError) => void;
}

/**
 * Takes a publisher off their channel and notes it, once among all functions. False: they had no channel, or do not have
 * it any more. Never throws.
 */
export function leaving(
  deps: LeavingDeps,
): (connectionId: string, reason: 'ended' | 'gone' | BatonError) => Promise<boolean> {
  const { known, sequences, now, note, onFailure } = deps;
  return async (connectionId, reason) => {
    try {
      const hello = await known.take(connectionId);
      if (hello?.seat === undefined) return false;
      const { since, resumes, messages, bytes } = hello.seat;
      const sequence = await sequences.of(hello);
      await sequence.look();
      const brought = { messages: sequence.next() - messages, bytes: sequence.bytes() - bytes };
      note(leftRecord(now(), 'websocket', hello, reason, { totalMs: now() - since, ...brought, resumes }));
    } catch (thrown) {
      onFailure(toBatonError(thrown));
    }
    return true;
  };
}
