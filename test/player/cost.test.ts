import { expect, test } from 'vitest';
import { PRICES as LIST } from '../../src/meter/price-table.ts';
import { estimatedCost, PRICES, pricesFrom } from '../../player/element/cost.ts';
import type { LegStats, Stats } from '../../player/playback.ts';

const leg = (totalMs: number, bytes: number): LegStats => ({
  ...{ openedAt: 0, from: 0, to: 20, firstByteMs: 5, totalMs, bytes, end: 'leg' },
});
const stats = (legs: readonly LegStats[]): Stats => ({
  ...{ engine: 'framed', codec: 'Opus', legs, legCount: legs.length, retries: 0, stalls: 0 },
  ...{ bufferedAhead: 0, bufferedBehind: 0, evictions: 0, quotaHits: 0, damagedMs: 0 },
  bytes: legs.reduce((sum, { bytes }) => sum + bytes, 0),
});

test('two legs cost what the formula says', () => {
  const prices = { ...PRICES, memoryMb: 1024, lambdaGbSecond: 0.1, lambdaRequest: 1, cloudFrontRequest: 2 };
  const rest = { edgeFunctionRun: 3, lambdaStreamedGb: 1000, cloudFrontGb: 10_000 };
  expect(estimatedCost(stats([leg(2000, 1e6), leg(3000, 7e6)]), { ...prices, ...rest })).toBeCloseTo(
    2 * 6 + 5 * 0.1 + 0.001 * 1000 + 0.008 * 10_000,
  );
  expect(estimatedCost(stats([]), PRICES)).toBe(0);
});

test('prices of the page take the place of the built-in ones, by name and only as numbers', () => {
  expect(pricesFrom(null)).toEqual(PRICES);
  expect(pricesFrom({ asOf: '2027-01-01', lambdaRequest: 5, cloudFrontGb: 'free', other: 1 })).toEqual({
    ...PRICES,
    ...{ asOf: '2027-01-01', lambdaRequest: 5 },
  });
});

test('the built-in prices are those of the price list', () => {
  const list = LIST.get('us-east-1');
  expect(PRICES).toMatchObject({
    asOf: list?.asOf,
    lambdaGbSecond: list?.lambdaGbSecond.arm64,
    lambdaRequest: list?.lambdaRequest,
    lambdaStreamedGb: list?.lambdaStreamedGb,
    cloudFrontRequest: list?.cloudFrontRequest,
    edgeFunctionRun: list?.edgeFunctionRun,
    cloudFrontGb: list?.cloudFrontGb,
  });
});
