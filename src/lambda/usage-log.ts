import { emfLine } from '../meter/emf.ts';
import type { UsageRecord } from '../meter/usage.ts';
import type { StoreCalls } from '../store/counted.ts';
import type { Bytes } from '../units.ts';
import type { LambdaContext } from './runtime.ts';

/** The usage record of one invocation, kept until everything it costs is known. */
export interface UsageLog {
  record(record: UsageRecord): void;
  /** Writes the record, if there was one. Nothing may run afterwards that is billed. `store`: what it was asked in between. */
  write(streamedBytes: Bytes, store: StoreCalls): void;
}

/** An empty one; the invocation has begun just now. */
export function usageLog({ awsRequestId, memoryLimitInMB }: LambdaContext, coldStart: boolean): UsageLog {
  const startedAt = performance.now();
  let kept: UsageRecord | null = null;
  return {
    record: (record) => (kept = record),
    write: (streamedBytes, { reads, writes }) => {
      if (kept === null) return;
      const durationMs = Math.round((performance.now() - startedAt) * 10) / 10;
      const lambda = {
        requestId: awsRequestId,
        memoryMb: Number(memoryLimitInMB),
        durationMs,
        coldStart,
        streamedBytes,
        storeReads: reads,
        storeWrites: writes,
      };
      process.stdout.write(`${emfLine({ ...kept, lambda })}\n`); // not console.log: it puts other text before the JSON
    },
  };
}
