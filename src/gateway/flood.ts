import { BURST, mostPerSecond } from '../ingest/allowance.ts';
import type { IngestFormat } from '../ingest/format.ts';
import type { Bytes, Milliseconds } from '../units.ts';

/** Connections that this environment has counted for lately. */
const MOST_COUNTED = 200;

/**
 * Counts what comes on connections: false when it is more than the show needs. Each environment counts what it gets; how
 * many messages all of them get is up to the gateway's throttle.
 */
export function floodGuard(
  now: () => Milliseconds,
): (connectionId: string, format: IngestFormat, size: Bytes) => boolean {
  const counts = new Map<string, { allowance: Bytes; at: Milliseconds }>();
  return (connectionId, format, size) => {
    const at = now();
    const before = counts.get(connectionId) ?? { allowance: BURST, at };
    const grown = Math.min(BURST, before.allowance + ((at - before.at) * mostPerSecond(format)) / 1000);
    counts.delete(connectionId);
    counts.set(connectionId, { allowance: grown - size, at });
    const [oldest] = counts.keys();
    if (counts.size > MOST_COUNTED && oldest !== undefined) counts.delete(oldest);
    return grown >= size;
  };
}
