import type { Stats } from '../playback.ts';

/** Dollars for one of each, and the memory that a second is counted with. */
export interface Prices {
  /** The day the prices were looked up. */
  readonly asOf: string;
  readonly memoryMb: number;
  readonly lambdaGbSecond: number;
  readonly lambdaRequest: number;
  /** Of a streamed response beyond its first 6 MB. */
  readonly lambdaStreamedGb: number;
  readonly cloudFrontRequest: number;
  readonly edgeFunctionRun: number;
  readonly cloudFrontGb: number;
}

/** Amazon's list prices in us-east-1, arm64, without tax and without the free tier; `baton cost` names where they stand. */
export const PRICES: Prices = {
  asOf: '2026-11-23',
  memoryMb: 3538,
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2e-6,
  lambdaStreamedGb: 0.008,
  cloudFrontRequest: 1e-6,
  edgeFunctionRun: 0.1e-6,
  cloudFrontGb: 0.085,
};

/** The built-in prices with those that `own` names instead. */
export function pricesFrom(own: object | null): Prices {
  const known = Object.entries(own ?? {}).filter(([name, value]) =>
    name === 'asOf' ? typeof value === 'string' : name in PRICES && typeof value === 'number' && value >= 0,
  );
  return { ...PRICES, ...(Object.fromEntries(known) as Partial<Prices>) };
}

/**
 * What the responses so far may have cost their sender, in dollars: an upper bound, as a cache may have answered.
 * n x (p_req + p_cf + p_edge) + s x GB x p_gbs + GB beyond 6 MB x p_stream + GB x p_egress, where n and s count all
 * responses and the seconds of those that are still listed.
 */
export function estimatedCost({ legs, legCount, bytes }: Stats, prices: Prices): number {
  const seconds = legs.reduce((sum, { totalMs }) => sum + (totalMs ?? 0) / 1000, 0);
  const streamedGb = legs.reduce((sum, leg) => sum + Math.max(0, leg.bytes - UNBILLED_BYTES) / 1e9, 0);
  return (
    legCount * (prices.lambdaRequest + prices.cloudFrontRequest + prices.edgeFunctionRun) +
    seconds * (prices.memoryMb / 1024) * prices.lambdaGbSecond +
    streamedGb * prices.lambdaStreamedGb +
    (bytes / 1e9) * prices.cloudFrontGb
  );
}

const UNBILLED_BYTES = 6e6;
