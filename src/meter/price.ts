import type { Architecture, Prices } from './price-table.ts';

/** How much, and how that number came about. */
export interface Amount {
  readonly value: number;
  readonly how: string;
}

/** What is used up, whoever says so: a scenario or a log. */
export interface Use {
  readonly lambdaRequests: Amount;
  readonly gbSeconds: Amount;
  /** Of streamed responses, beyond the first 6 MB of each. */
  readonly streamedGb: Amount;
  readonly s3Puts: Amount;
  readonly s3Gets: Amount;
  /** Requests of listeners, answered from the cache or not. */
  readonly viewerRequests: Amount;
  readonly egressGb: Amount;
  /** Of publishers' connections: messages either way, of 32 kB at most, and how long they are open. */
  readonly gateway?: { readonly messages: Amount; readonly minutes: Amount };
}

/** Which prices apply. */
export interface Terms {
  readonly prices: Prices;
  readonly arch: Architecture;
  /** What listeners, or publishers, talk to. */
  readonly front: 'cloudfront' | 'function-url' | 'api-gateway';
  /** Takes off a month's free amounts, as if there were no other use. */
  readonly freeTier: boolean;
}

/** One line of a bill: `usd` = (`amount` - `free`) x `price`. */
export interface BillLine extends Amount {
  readonly item: string;
  readonly unit: string;
  readonly free: number;
  readonly price: number;
  readonly usd: number;
}

/** A bill in dollars. */
export interface Bill {
  readonly lines: readonly BillLine[];
  readonly usd: number;
  /** Without the bytes that leave AWS. */
  readonly usdBeforeEgress: number;
}

/** The bill for `use`: one line for each thing that has a price, those that come to nothing as well. */
export function bill(use: Use, { prices, arch, front, freeTier }: Terms): Bill {
  const { free } = prices;
  const making: readonly Row[] = [
    ['Lambda requests', 'requests', use.lambdaRequests, prices.lambdaRequest, free.requests],
    [`Lambda ${arch}`, 'GB-s', use.gbSeconds, prices.lambdaGbSecond[arch], free.gbSeconds],
    ['Lambda streamed > 6 MB', 'GB', use.streamedGb, prices.lambdaStreamedGb, free.streamedGb],
    ['S3 puts', 'requests', use.s3Puts, prices.s3Put, 0],
    ['S3 gets', 'requests', use.s3Gets, prices.s3Get, 0],
  ];
  const viaCloudFront: readonly Row[] = [
    ['CloudFront requests', 'requests', use.viewerRequests, prices.cloudFrontRequest, free.cloudFrontRequests],
    ['CloudFront Function', 'runs', use.viewerRequests, prices.edgeFunctionRun, free.edgeFunctionRuns],
    ['CloudFront egress', 'GB', use.egressGb, prices.cloudFrontGb, free.cloudFrontGb],
  ];
  const direct: readonly Row[] = [['Data transfer out', 'GB', use.egressGb, prices.transferOutGb, free.transferOutGb]];
  const { messages, minutes } = use.gateway ?? { messages: NOTHING, minutes: NOTHING };
  const viaApiGateway: readonly Row[] = [
    ['API Gateway messages', 'messages', messages, prices.gatewayMessage, 0],
    ['API Gateway connections', 'minutes', minutes, prices.gatewayMinute, 0],
    ...direct,
  ];
  const fronts = { cloudfront: viaCloudFront, 'function-url': direct, 'api-gateway': viaApiGateway };
  const lines = [...making, ...fronts[front]].map(([item, unit, amount, price, allowance]): BillLine => {
    const taken = freeTier ? Math.min(allowance, amount.value) : 0;
    return { item, unit, ...amount, free: taken, price, usd: (amount.value - taken) * price };
  });
  const egress = lines.at(-1)?.usd ?? 0;
  const usd = lines.reduce((total, line) => total + line.usd, 0);
  return { lines, usd, usdBeforeEgress: usd - egress };
}

const NOTHING: Amount = { value: 0, how: 'nobody publishes' };

type Row = readonly [item: string, unit: string, amount: Amount, price: number, free: number];
