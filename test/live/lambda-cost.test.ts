import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { MeasuredRecord } from '../../src/meter/emf.ts';
import { estimate } from '../../src/meter/price-estimate.ts';
import { usageTally, useOf } from '../../src/meter/price-records.ts';
import { MODE_DEFAULTS, type Scenario } from '../../src/meter/price-scenario.ts';
import { PRICES } from '../../src/meter/price-table.ts';
import { bill, type Terms } from '../../src/meter/price.ts';
import { radioProgram } from '../support/radio-program.ts';
import { channelOnLambda } from './lambda-channel.ts';
import { listenTo } from './listener.ts';

const isFull = process.env['BATON_FULL'] === '1';
/** Listeners come to a channel that has run for so long that they begin `behind` its edge, one after the other. */
const CASE = isFull
  ? { listeners: 20, seconds: 600, legSeconds: 90, behind: 30, low: 8 }
  : { listeners: 4, seconds: 26, legSeconds: 8, behind: 8, low: 3 };
const KBPS = 96;
/** Somebody who makes chunks, or waits for their turn, is there for so long; a burst is not. */
const HELD_MS = 4_000;

test('a channel costs what is foretold, and holds two functions at most', async () => {
  const { listeners: audience, seconds, legSeconds, behind, low } = CASE;
  await using channel = await channelOnLambda(await radioProgram('mp3-128k', { seconds: 300 }), {
    BATON_LIVE_LEG_SECONDS: String(legSeconds),
    BATON_LIVE_BEHIND_SECONDS: String(behind),
  });
  const link = channel.link(`codec.aac~bitrate.${KBPS}k`, 'live.mp4');
  const startedAt = performance.now();
  const listeners = [listenTo(link, { lowSeconds: low })];
  await sleep((behind + 2) * 1000);
  while (listeners.length < audience) {
    listeners.push(listenTo(link, { lowSeconds: low }));
    await sleep(((behind - low) * 1000) / audience);
  }
  await sleep(seconds * 1000 - (performance.now() - startedAt));
  const starved = listeners.map((listener) => listener.starvedMs());
  for (const listener of listeners) listener.stop();
  await sleep(legSeconds * 1000);
  await channel.baton.idle();
  const records = channel.records() as readonly MeasuredRecord[];
  const spent = spentBy(records);
  const foretold = foretoldFor(spent.listenerHours, onAirHours(records));
  expect(mostHeld(records)).toBeLessThanOrEqual(2);
  if (!isFull) return; // what a busy machine makes of so short a time says nothing of seconds
  console.log(JSON.stringify({ ...kinds(records), spent, foretold }, null, 1));
  expect(Math.max(...starved)).toBeLessThan(200);
  expect(Math.abs(spent.seconds / foretold.seconds - 1)).toBeLessThan(0.1);
  expect(Math.abs(spent.usd / foretold.usd - 1)).toBeLessThan(0.1);
}, 900_000);

const isHeld = ({ lambda }: MeasuredRecord): boolean => (lambda?.durationMs ?? 0) > HELD_MS;

/** The most responses that were under way for long at the same time. */
function mostHeld(records: readonly MeasuredRecord[]): number {
  const held = records.filter(isHeld).map(({ time, lambda }) => {
    const end = Date.parse(time);
    return { from: end - (lambda?.durationMs ?? 0), end };
  });
  return Math.max(...held.map(({ from }) => held.filter((other) => other.from <= from && other.end > from).length));
}

/** For a look at what it is made of. */
function kinds(records: readonly MeasuredRecord[]) {
  const sums = (some: readonly MeasuredRecord[]) => ({
    legs: some.length,
    seconds: some.reduce((sum, { lambda }) => sum + (lambda?.durationMs ?? 0), 0) / 1000,
    reads: some.reduce((sum, { lambda }) => sum + (lambda?.storeReads ?? 0), 0),
    writes: some.reduce((sum, { lambda }) => sum + (lambda?.storeWrites ?? 0), 0),
    sound: some.reduce((sum, { leg }) => sum + (leg?.to ?? 0) - (leg?.from ?? 0), 0),
  });
  const bursts = records.filter((record) => !isHeld(record));
  const ms = bursts.map(({ lambda }) => lambda?.durationMs ?? 0).sort((a, b) => a - b);
  return { held: sums(records.filter(isHeld)), bursts: { ...sums(bursts), medianMs: ms[ms.length >> 1] } };
}

/** Of a listener-hour: seconds of functions, and dollars before egress. */
interface Spent {
  readonly seconds: number;
  readonly usd: number;
}

function spentBy(records: readonly MeasuredRecord[]): Spent & { readonly listenerHours: number } {
  const counting = usageTally({ memoryMb: 512, kbps: KBPS });
  for (const record of records) counting.add(JSON.stringify(record));
  const { total, listenerHours } = counting.tally();
  const usd = bill(useOf(total, 0), termsNow()).usdBeforeEgress;
  return { listenerHours, seconds: (total.gbSeconds * 2) / listenerHours, usd: usd / listenerHours };
}

/** From the first request to the end of the last one. */
function onAirHours(records: readonly MeasuredRecord[]): number {
  const ends = records.map(({ time }) => Date.parse(time));
  const begins = records.map(({ lambda }, index) => (ends[index] ?? 0) - (lambda?.durationMs ?? 0));
  return (Math.max(...ends) - Math.min(...begins)) / 3_600_000;
}

/** By the formula, for as many listeners as there were on average while somebody listened. */
function foretoldFor(listenerHours: number, hours: number): Spent {
  const { legSeconds, behind, low } = CASE;
  const scenario: Scenario = {
    ...{ mode: 'live-legs', listeners: listenerHours / hours, hours, kbps: KBPS },
    ...MODE_DEFAULTS['live-legs'],
    ...{ segmentSeconds: legSeconds, burstSeconds: behind - low, cachedShare: null, encodedShare: 1 },
    isDownload: false,
  };
  const { use } = estimate(scenario);
  const usd = bill(use, termsNow()).usdBeforeEgress;
  return { seconds: (use.gbSeconds.value * 2) / listenerHours, usd: usd / listenerHours };
}

function termsNow(): Terms {
  const prices = PRICES.get('us-east-1');
  if (prices === undefined) throw new Error('no prices');
  return { prices, arch: 'arm64', front: 'cloudfront', freeTier: false };
}
