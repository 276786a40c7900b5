import type { Kbps, Seconds } from '../units.ts';
import { gbSecondsOf, type MeasuredRecord } from './emf.ts';
import type { Amount, Use } from './price.ts';
import { billedGb } from './price-scenario.ts';

/** What a log of usage records adds up to. */
export interface Tally {
  readonly records: number;
  /** Lines that are no usage record. */
  readonly skipped: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly total: Share;
  readonly byKind: ReadonlyMap<string, Share>;
  readonly byOutcome: ReadonlyMap<string, Share>;
  /** Audio that was sent, at the bitrate of its link. */
  readonly listenerHours: number;
  readonly coldStarts: number;
  /** Records that no function wrote: priced as if one had. */
  readonly notOnLambda: number;
}

/** What some of the records used up. */
export interface Share {
  requests: number;
  gbSeconds: number;
  streamedGb: number;
  s3Puts: number;
  s3Gets: number;
  egressGb: number;
}

/** How records are read that do not say it themselves. */
export interface TallyOptions {
  /** Of records that no function wrote. */
  readonly memoryMb: number;
  /** Of frames relayed as they are. */
  readonly kbps: Kbps;
}

/** A pin and a probe record stand before the chunks. */
const LOOKUPS = 2;

/** Adds up lines of a usage log; `add` takes any line, `tally` may be asked at any time. */
export function usageTally(options: TallyOptions): { add(line: string): void; tally(): Tally } {
  const total = nothing();
  const byKind = new Map<string, Share>();
  const byOutcome = new Map<string, Share>();
  const counts = { records: 0, skipped: 0, coldStarts: 0, notOnLambda: 0 };
  let listeningSeconds: Seconds = 0;
  let from: string | null = null;
  let to: string | null = null;
  const add = (line: string): void => {
    const record = parseRecord(line);
    if (record === null) {
      if (line.trim() !== '') counts.skipped += 1;
      return;
    }
    counts.records += 1;
    counts.coldStarts += Number(record.lambda?.coldStart === true);
    counts.notOnLambda += Number(record.lambda === undefined);
    listeningSeconds += secondsOfAudio(record, options.kbps);
    if (from === null || record.time < from) from = record.time;
    if (to === null || record.time > to) to = record.time;
    const used = usedBy(record, options.memoryMb);
    for (const share of [total, shareOf(byKind, record.kind), shareOf(byOutcome, record.outcome)]) addTo(share, used);
  };
  const tally = (): Tally => ({
    ...counts,
    from,
    to,
    total,
    byKind,
    byOutcome,
    listenerHours: listeningSeconds / 3600,
  });
  return { add, tally };
}

/**
 * What the records used up, for a bill. `cachedShare` of the listeners' requests never came to a function, so they are in
 * no record; they count for CloudFront only.
 */
export function useOf({ requests, gbSeconds, streamedGb, s3Puts, s3Gets, egressGb }: Share, cachedShare: number): Use {
  const seen = (value: number): Amount => ({ value, how: 'sum of the records' });
  const viewed = (value: number): Amount =>
    cachedShare === 0
      ? seen(value)
      : { value: value / (1 - cachedShare), how: `sum of the records / (1 - ${cachedShare})` };
  return {
    lambdaRequests: seen(requests),
    gbSeconds: seen(gbSeconds),
    streamedGb: seen(streamedGb),
    s3Puts: seen(s3Puts),
    s3Gets: seen(s3Gets),
    viewerRequests: viewed(requests),
    egressGb: viewed(egressGb),
  };
}

/**
 * The usage record in a line of a log, or null. CloudWatch puts a time, a request id or a level before what a function
 * printed, or wraps it into JSON as `message`.
 */
export function parseRecord(line: string): MeasuredRecord | null {
  const from = line.indexOf('{');
  const value = from < 0 ? null : parseObject(line.slice(from));
  if (value === null) return null;
  if (typeof value['message'] === 'string' && value['kind'] === undefined) return parseRecord(value['message']);
  const isRecord =
    ['time', 'kind', 'method', 'outcome'].every((name) => typeof value[name] === 'string') &&
    ['status', 'bytes', 'totalMs', 'chunksEncoded', 'chunksStored'].every((name) => isAmount(value[name]));
  return isRecord ? (value as unknown as MeasuredRecord) : null;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** Billed is what the function says; without it, how long the response took. Nobody who leaves early makes it less. */
function usedBy(record: MeasuredRecord, memoryMb: number): Share {
  const { lambda, bytes, chunksEncoded, chunksStored, totalMs } = record;
  const said = (calls: number | undefined, otherwise: number): number => (isAmount(calls) ? (calls ?? 0) : otherwise);
  return {
    requests: 1,
    gbSeconds: gbSecondsOf(
      isAmount(lambda?.durationMs) && isAmount(lambda?.memoryMb) && lambda !== undefined
        ? lambda
        : { memoryMb, durationMs: totalMs },
    ),
    streamedGb: billedGb(lambda?.streamedBytes ?? (record.range === null ? bytes : 0)),
    s3Puts: said(lambda?.storeWrites, chunksEncoded),
    s3Gets: said(lambda?.storeReads, record.outcome === 'refused' ? 0 : chunksEncoded + chunksStored + LOOKUPS),
    egressGb: bytes / 1e9,
  };
}

function secondsOfAudio({ kind, bytes, rendition, status, leg }: MeasuredRecord, copyKbps: Kbps): Seconds {
  if (kind === 'live') return Math.max(0, (leg?.to ?? 0) - (leg?.from ?? 0));
  if (kind !== 'file' || status >= 300) return 0;
  const kbps = Number(/(?:^|~)bitrate\.(\d+)k(?:~|$)/.exec(rendition ?? '')?.[1] ?? copyKbps);
  return (bytes * 8) / 1000 / kbps;
}

function shareOf(shares: Map<string, Share>, name: string): Share {
  const share = shares.get(name) ?? nothing();
  shares.set(name, share);
  return share;
}

function addTo(share: Share, more: Share): void {
  for (const name of Object.keys(more) as (keyof Share)[]) share[name] += more[name];
}

const nothing = (): Share => ({ requests: 0, gbSeconds: 0, streamedGb: 0, s3Puts: 0, s3Gets: 0, egressGb: 0 });
