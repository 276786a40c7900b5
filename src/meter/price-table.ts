/** Dollars for one of each. */
export interface Prices {
  readonly region: string;
  /** The day the prices were looked up. */
  readonly asOf: string;
  /** Where AWS publishes them: compare before you rely on them. */
  readonly published: readonly string[];
  /** Lists of others that figures were taken from, as AWS fills in its pages by script. */
  readonly takenFrom: readonly string[];
  readonly lambdaGbSecond: { readonly arm64: number; readonly x64: number };
  readonly lambdaRequest: number;
  /** Of a streamed response beyond its first 6 MB. */
  readonly lambdaStreamedGb: number;
  readonly s3Put: number;
  readonly s3Get: number;
  /** Of a WebSocket API, either way, of at most 32 kB; and for each minute of an open connection. */
  readonly gatewayMessage: number;
  readonly gatewayMinute: number;
  readonly cloudFrontRequest: number;
  /** A run of the CloudFront Function that checks the link. */
  readonly edgeFunctionRun: number;
  readonly cloudFrontGb: number;
  /** Straight from a function URL. */
  readonly transferOutGb: number;
  /** A month's, of one account. */
  readonly free: {
    readonly gbSeconds: number;
    readonly requests: number;
    readonly streamedGb: number;
    readonly cloudFrontRequests: number;
    readonly edgeFunctionRuns: number;
    readonly cloudFrontGb: number;
    readonly transferOutGb: number;
  };
}

/** The processors that Lambda has. */
export type Architecture = keyof Prices['lambdaGbSecond'];

const US_EAST_1: Prices = {
  region: 'us-east-1',
  asOf: '2026-11-23',
  published: [
    'https://aws.amazon.com/lambda/pricing/',
    'https://aws.amazon.com/cloudfront/pricing/pay-as-you-go/',
    'https://aws.amazon.com/s3/pricing/',
    'https://aws.amazon.com/api-gateway/pricing/',
    'https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer',
  ],
  takenFrom: [
    'https://cur.vantage.sh/aws/amazoncloudfront/',
    'https://c3x.dev/blog/s3-request-fees-explained',
    'https://awsforengineers.com/blog/aws-api-gateway-pricing-explained',
    'https://github.com/api-evangelist/cloudfront',
  ],
  lambdaGbSecond: { arm64: 0.0000133334, x64: 0.0000166667 },
  lambdaRequest: 0.2e-6,
  lambdaStreamedGb: 0.008,
  s3Put: 5e-6,
  s3Get: 0.4e-6,
  gatewayMessage: 1e-6,
  gatewayMinute: 0.25e-6,
  cloudFrontRequest: 1e-6,
  edgeFunctionRun: 0.1e-6,
  cloudFrontGb: 0.085,
  transferOutGb: 0.09,
  free: {
    gbSeconds: 400_000,
    requests: 1e6,
    streamedGb: 100 * (2 ** 30 / 1e9),
    cloudFrontRequests: 10e6,
    edgeFunctionRuns: 2e6,
    cloudFrontGb: 1000,
    transferOutGb: 100,
  },
};

/** The first tier of each region that prices are known of, in dollars without tax. */
export const PRICES: ReadonlyMap<string, Prices> = new Map([[US_EAST_1.region, US_EAST_1]]);
