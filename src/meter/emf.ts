import type { Bytes, Milliseconds } from '../units.ts';
import type { UsageRecord } from './usage.ts';

/** What a response cost the function that made it. */
export interface LambdaUsage {
  readonly requestId: string;
  readonly memoryMb: number;
  readonly durationMs: Milliseconds;
  readonly coldStart: boolean;
  /** Of a response stream; 0 for a buffered response. */
  readonly streamedBytes: Bytes;
  /** What its store was asked; older records do not say. */
  readonly storeReads?: number;
  readonly storeWrites?: number;
}

/** A usage record; `lambda` is there when a function wrote it. */
export interface MeasuredRecord extends UsageRecord {
  readonly lambda?: LambdaUsage;
}

type Unit = 'Bytes' | 'Count' | 'Milliseconds' | 'None';
type Metric = readonly [name: string, unit: Unit, value: number | null];

/**
 * The record as one line of JSON that CloudWatch also reads metrics from (embedded metric format specification). Its
 * own fields stay at the top level, so that the line is still a usage record for `baton cost` and log queries.
 *
 * CloudWatch bills each metric name with each value of its dimensions. So all figures are kept by kind alone (at most 10
 * metrics a kind), and only the two that say what lost and refused listeners cost by outcome as well (2 x 4 a kind).
 */
export function emfLine(record: MeasuredRecord): string {
  const gbSeconds = record.lambda === undefined ? null : gbSecondsOf(record.lambda);
  const counted: readonly Metric[] = [
    ['requests', 'Count', 1],
    ['gbSeconds', 'None', gbSeconds],
  ];
  const measured: readonly Metric[] = [
    ['bytes', 'Bytes', record.bytes],
    ['firstAudioMs', 'Milliseconds', record.firstAudioMs],
    ['totalMs', 'Milliseconds', record.totalMs],
    ['sourceBytes', 'Bytes', record.sourceBytes],
    ['encoderCpuMs', 'Milliseconds', record.encoderCpuMs],
    ['chunksEncoded', 'Count', record.chunksEncoded],
    ['chunksStored', 'Count', record.chunksStored],
    ['coldStarts', 'Count', record.lambda === undefined ? null : Number(record.lambda.coldStart)],
  ];
  const directives = [directive(['kind'], [...counted, ...measured]), directive(['kind', 'outcome'], counted)];
  const derived = Object.fromEntries([...counted, ...measured].filter(isKnown).map(([name, , value]) => [name, value]));
  const metadata = { Timestamp: Date.parse(record.time), CloudWatchMetrics: directives };
  return JSON.stringify({ ...record, ...derived, _aws: metadata });
}

/** What Lambda bills of a response besides the request itself. */
export const gbSecondsOf = ({ memoryMb, durationMs }: Pick<LambdaUsage, 'memoryMb' | 'durationMs'>): number =>
  (memoryMb / 1024) * (durationMs / 1000);

/** A metric that is named must have a number: what was not measured is not named. */
const isKnown = ([, , value]: Metric): boolean => value !== null && Number.isFinite(value);

const directive = (dimensions: readonly string[], metrics: readonly Metric[]) => ({
  Namespace: 'Baton',
  Dimensions: [dimensions],
  Metrics: metrics.filter(isKnown).map(([Name, Unit]) => ({ Name, Unit })),
});
