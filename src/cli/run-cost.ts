import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { BatonError } from '../errors.ts';
import { estimate } from '../meter/price-estimate.ts';
import { usageTally, useOf, type Tally } from '../meter/price-records.ts';
import { MODE_DEFAULTS, type Mode, type Scenario } from '../meter/price-scenario.ts';
import { PRICES, type Architecture } from '../meter/price-table.ts';
import { bill, type Terms } from '../meter/price.ts';
import { recordsText, scenarioText, type LogSummary, type Part } from './cost-text.ts';
import { print } from './terminal.ts';

export interface CostOptions {
  readonly mode: Mode;
  readonly listeners?: number;
  readonly hours?: number;
  readonly bitrate?: number;
  readonly memory?: number;
  readonly arch: Architecture;
  readonly segment?: number;
  readonly burst?: number;
  readonly cachedShare?: number;
  readonly encodedShare?: number;
  readonly download?: true;
  readonly functionUrl?: true;
  readonly freeTier?: true;
  readonly region: string;
  readonly json?: true;
}

const KBPS = 128;
/** Players ask for more when 8 s of 30 are left. */
const BURST_SECONDS = 22;

/** Prices the records in the file `records` (`-`: stdin), or without one the scenario of the options, and prints it. */
export async function runCost(records: string | undefined, options: CostOptions): Promise<void> {
  const terms = termsOf(options);
  if (records === undefined) {
    printScenario(scenarioOf(options), terms, options.json === true);
    return;
  }
  if (options.mode === 'ingest') throw invalid('no usage record tells of publishers: --mode ingest takes no log');
  const memoryMb = options.memory ?? MODE_DEFAULTS.file.memoryMb;
  const counting = usageTally({ memoryMb, kbps: options.bitrate ?? KBPS });
  await eachLine(records, (line) => counting.add(line));
  printRecords(counting.tally(), options.cachedShare ?? 0, terms, options.json === true);
}

function printScenario(scenario: Scenario, terms: Terms, asJson: boolean): void {
  const { use, formula, assumptions } = estimate(scenario);
  const priced = bill(use, terms);
  const listenerHours = scenario.listeners * scenario.hours;
  if (!asJson) return void print(scenarioText(scenario, { use, formula, assumptions }, priced, terms));
  const perHour = priced.usd / listenerHours;
  const each = scenario.mode === 'ingest' ? { perBroadcastHour: perHour } : { perListenerHour: perHour };
  const { region, asOf, published } = terms.prices;
  print(JSON.stringify({ scenario, ...priced, ...each, formula, assumptions, region, asOf, published }, null, 2));
}

function printRecords(tally: Tally, cachedShare: number, terms: Terms, asJson: boolean): void {
  if (tally.records === 0) throw invalid(`there is no usage record in these ${tally.skipped} lines`);
  if (cachedShare === 1) throw invalid('--cached-share of 1 means that there are no records');
  const priced = bill(useOf(tally.total, cachedShare), terms);
  const alone = { ...terms, freeTier: false };
  const parts = (shares: Tally['byKind']): Part[] =>
    [...shares].map(([name, share]) => ({ name, ...share, usd: bill(useOf(share, cachedShare), alone).usd }));
  const listenerHours = tally.listenerHours / (1 - cachedShare);
  const summary: LogSummary = {
    ...tally,
    byKind: parts(tally.byKind),
    byOutcome: parts(tally.byOutcome),
    listenerHours,
    perListenerHour: listenerHours === 0 ? null : priced.usd / listenerHours,
    leftShare: (tally.byOutcome.get('left')?.requests ?? 0) / tally.records,
  };
  if (!asJson) return void print(recordsText(summary, priced, terms));
  const { region, asOf, published } = terms.prices;
  print(JSON.stringify({ ...summary, ...priced, region, asOf, published }, null, 2));
}

function termsOf({ region, arch, functionUrl, freeTier, cachedShare, mode }: CostOptions): Terms {
  const prices = PRICES.get(region);
  if (prices === undefined)
    throw invalid(`the prices of ${region} are not known, only those of ${[...PRICES.keys()].join(', ')}`);
  if (functionUrl === true && mode !== 'live-legs' && (cachedShare ?? 0) > 0)
    throw invalid('--cached-share goes with CloudFront: a function URL caches nothing');
  if (functionUrl === true && mode === 'ingest') throw invalid('publishers talk to API Gateway, not to a function URL');
  const front = mode === 'ingest' ? 'api-gateway' : functionUrl === true ? 'function-url' : 'cloudfront';
  return { prices, arch, front, freeTier: freeTier === true };
}

function scenarioOf(options: CostOptions): Scenario {
  const { mode, listeners = 1, memory } = options;
  const usual = MODE_DEFAULTS[mode];
  const cachedShare = options.cachedShare ?? null;
  if (mode === 'ingest' && options.listeners !== undefined)
    throw invalid('--listeners are those who hear a show, which --mode ingest does not price');
  if (memory !== undefined && (memory < 128 || memory > 10_240)) throw invalid('--memory is from 128 to 10240');
  return {
    mode,
    listeners,
    hours: options.hours ?? 1,
    kbps: options.bitrate ?? KBPS,
    memoryMb: memory ?? usual.memoryMb,
    segmentSeconds: options.segment ?? usual.segmentSeconds,
    burstSeconds: options.burst ?? BURST_SECONDS,
    cachedShare,
    encodedShare: options.encodedShare ?? Math.min(1, 1 / (listeners * (1 - (cachedShare ?? 0)))),
    isDownload: options.download === true,
  };
}

async function eachLine(file: string, use: (line: string) => void): Promise<void> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) use(line);
  } catch (cause) {
    throw new BatonError('OPTIONS_INVALID', `${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
