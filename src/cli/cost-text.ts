import type { Tally } from '../meter/price-records.ts';
import type { Estimate, Scenario } from '../meter/price-scenario.ts';
import type { Bill, BillLine, Terms } from '../meter/price.ts';

/** A kind or an outcome, and what it came to without the free tier. */
export interface Part {
  readonly name: string;
  readonly requests: number;
  readonly gbSeconds: number;
  readonly egressGb: number;
  readonly usd: number;
}

/** What a log comes to. */
export interface LogSummary extends Omit<Tally, 'byKind' | 'byOutcome'> {
  readonly byKind: readonly Part[];
  readonly byOutcome: readonly Part[];
  readonly perListenerHour: number | null;
  /** Of all responses, those that their listener did not stay for. */
  readonly leftShare: number;
}

/** The bill of a scenario as a table, with the formula that leads to it. */
export function scenarioText(
  scenario: Scenario,
  { formula, assumptions }: Estimate,
  priced: Bill,
  terms: Terms,
): string {
  const { mode, listeners, hours, kbps, memoryMb } = scenario;
  const listenerHours = listeners * hours;
  const what = `${mode}: ${listeners} x ${hours} h at ${kbps} kbit/s, ${memoryMb} MB ${terms.arch}, ${FRONT[terms.front]}`;
  return [
    `${what} (${dated(terms)})`,
    '',
    ...billTable(priced),
    '',
    `${mode === 'ingest' ? 'Per hour of broadcast' : 'Per listener-hour'}: ${usd(priced.usd / listenerHours)} (${usd(priced.usdBeforeEgress / listenerHours)} before egress)`,
    `  = ${formula}`,
    '',
    ...priced.lines.map(workings),
    '',
    'Taken for granted:',
    ...assumptions.map((text) => `  ${text}`),
  ].join('\n');
}

/** What a log comes to, by kind and by outcome. */
export function recordsText(log: LogSummary, priced: Bill, terms: Terms): string {
  const { records, skipped, from, to, listenerHours, perListenerHour, notOnLambda } = log;
  const span = `from ${from ?? '?'} to ${to ?? '?'}`;
  return [
    `${records} usage records ${span}, ${skipped} other lines skipped (${dated(terms)})`,
    ...(notOnLambda === 0 ? [] : [`${notOnLambda} of them no function wrote: priced as if one had.`]),
    '',
    ...partTable('kind', log.byKind),
    '',
    ...partTable('outcome', log.byOutcome),
    '',
    ...billTable(priced),
    '',
    `Audio sent: ${number(listenerHours)} listener-hours${perListenerHour === null ? '' : `, ${usd(perListenerHour)} each`}`,
    `Listeners who left: ${number(log.leftShare * 100)} % of the responses`,
    `Cold starts: ${log.coldStarts}`,
    '',
    ...priced.lines.map(workings),
  ].join('\n');
}

const FRONT = { cloudfront: 'CloudFront', 'function-url': 'function URL', 'api-gateway': 'API Gateway' } as const;

const dated = ({ prices, freeTier }: Terms): string =>
  `prices of ${prices.region} on ${prices.asOf}, ${freeTier ? 'free tier taken off' : 'no free tier'}`;

const billTable = ({ lines, usd: total }: Bill): string[] =>
  table([
    ['item', 'amount', '', 'price', 'cost'],
    ...lines.map(({ item, value, free, unit, price, usd: cost }) => [
      item,
      number(value - free),
      unit,
      `$${plain(price)}`,
      usd(cost),
    ]),
    ['total', '', '', '', usd(total)],
  ]);

const partTable = (title: string, parts: readonly Part[]): string[] =>
  table([
    [title, 'requests', 'GB-s', 'GB sent', 'cost'],
    ...parts.map(({ name, requests, gbSeconds, egressGb, usd: cost }) => [
      name,
      number(requests),
      number(gbSeconds),
      number(egressGb),
      usd(cost),
    ]),
  ]);

const workings = ({ item, how, value, free, price, usd: cost }: BillLine): string => {
  const amount = free === 0 ? number(value) : `(${number(value)} - ${number(free)} free)`;
  return `${item}: ${how} = ${number(value)}; ${amount} x $${plain(price)} = ${usd(cost)}`;
};

/** Words to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const isWord = (column: number): boolean => column === 0 || rows[0]?.[column] === '';
  const cell = (text: string, column: number): string =>
    isWord(column) ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

/** Four digits that count, however small. */
const number = (value: number): string =>
  value === 0 ? '0' : value >= 1000 ? Math.round(value).toLocaleString('en-US') : plain(Number(value.toPrecision(4)));

const usd = (value: number): string =>
  value >= 1 ? `$${value.toFixed(2)}` : `$${plain(Number(value.toPrecision(3)))}`;

/** Never 1e-7. */
const plain = (value: number): string => (value === 0 ? '0' : value.toFixed(12).replace(/\.?0+$/, ''));
