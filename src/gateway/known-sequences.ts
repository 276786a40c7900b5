import { crc32 } from 'node:zlib';
import { BatonError } from '../errors.ts';
import type { Hello } from '../ingest/message.ts';
import { createSequence, type Sequence, type SequenceDeps } from './sequence.ts';

/** Shows as this environment has seen them last. */
export interface KnownSequences {
  /** @throws INGEST_FORMAT for a show that is in another format */
  of(hello: Hello): Promise<Sequence>;
  /** The show is looked up anew. */
  forget(hello: Hello): void;
}

/** Shows of which an environment remembers the last batch. */
const MOST_KNOWN = 50;

export function knownSequences(deps: SequenceDeps): KnownSequences {
  const sequences = new Map<string, Sequence>();

  async function look(hello: Hello): Promise<Sequence> {
    const { channel, show } = hello;
    const last = await deps.shows.last({ channel, show });
    if (last?.batch.kind === 'sound' && JSON.stringify(last.batch.format) !== JSON.stringify(hello.format))
      throw new BatonError('INGEST_FORMAT', 'another format than in the hello before');
    return createSequence(hello, crc32(showKey(hello)), last, deps);
  }

  return {
    of: async (hello) => {
      const key = showKey(hello);
      const sequence = sequences.get(key) ?? (await look(hello));
      sequences.delete(key);
      sequences.set(key, sequence);
      const [oldest] = sequences.keys();
      if (sequences.size > MOST_KNOWN && oldest !== undefined) sequences.delete(oldest);
      return sequence;
    },
    forget: (hello) => void sequences.delete(showKey(hello)),
  };
}

/** Names a show among all. */
export const showKey = ({ channel, show }: Pick<Hello, 'channel' | 'show'>): string => `${channel}/${show}`;
