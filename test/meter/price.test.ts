import { describe, expect, it, test } from 'vitest';
import { estimate } from '../../src/meter/price-estimate.ts';
import { MODE_DEFAULTS, type Mode, type Scenario } from '../../src/meter/price-scenario.ts';
import { PRICES } from '../../src/meter/price-table.ts';
import { bill, type Bill, type Terms } from '../../src/meter/price.ts';

const prices = PRICES.get('us-east-1');
if (prices === undefined) throw new Error('no prices');
const terms: Terms = { prices, arch: 'arm64', front: 'cloudfront', freeTier: false };

const scenario = (mode: Mode, part: Partial<Scenario> = {}): Scenario => ({
  ...{ mode, listeners: 1, hours: 1, kbps: 128, burstSeconds: 30, cachedShare: null, encodedShare: 1 },
  ...{ isDownload: false, ...MODE_DEFAULTS[mode], ...part },
});
const priced = (of: Scenario, part: Partial<Terms> = {}): Bill => bill(estimate(of).use, { ...terms, ...part });
const line = ({ lines }: Bill, item: string): number => lines.find((one) => one.item === item)?.usd ?? NaN;
const perHour = (mode: Mode, part: Partial<Scenario>, on: Partial<Terms> = {}): number => {
  const asked = scenario(mode, part);
  return priced(asked, on).usdBeforeEgress / asked.listeners / asked.hours;
};

describe('one private ffmpeg for each listener costs what was worked out by hand', () => {
  // Lambda alone on arm64 and x86-64, with the egress of a function URL, and of CloudFront: dollars per listener-hour.
  it.each([
    [128, 512, 840, [0.0243, 0.0303], [0.029, 0.035], [0.029, 0.035]],
    [128, 1024, 840, [0.0483, 0.0603], [0.053, 0.065], [0.053, 0.065]],
    [1000, 1769, 840, [0.0863, 0.107], [0.127, 0.148], [0.125, 0.145]],
    [2000, 1769, 720, [0.0899, 0.1106], [0.171, 0.192], [0.166, 0.187]],
  ] as const)(
    'at %i kbit/s with %i MB and legs of %i s',
    (kbps, memoryMb, segmentSeconds, alone, direct, cloudFront) => {
      for (const [index, arch] of (['arm64', 'x64'] as const).entries()) {
        const asked = scenario('private', { kbps, memoryMb, segmentSeconds });
        const url = priced(asked, { arch, front: 'function-url' });
        expect(url.usdBeforeEgress).toBeCloseTo(alone[index] ?? NaN, 4);
        expect(url.usd).toBeCloseTo(direct[index] ?? NaN, 3);
        expect(priced(asked, { arch }).usd).toBeCloseTo(cloudFront[index] ?? NaN, 3);
      }
    },
  );

  it('and grows with the audience', () => {
    const one = priced(scenario('private')).usd;
    expect(priced(scenario('private', { listeners: 30, hours: 2 })).usd).toBeCloseTo(60 * one, 6);
  });
});

describe('a live channel of 100 listeners', () => {
  const edge = 2 * 1e-7 * 3600; // a run of the edge function per second of segment, which the formula by hand leaves out
  it.each([
    [4.8, 0.0018],
    [6, 0.0015],
    [60, 0.0004],
  ])('in HLS segments of %f s costs $%f a listener-hour before egress', (segmentSeconds, usd) => {
    expect(perHour('hls', { listeners: 100, segmentSeconds }) - edge / segmentSeconds).toBeCloseTo(usd, 4);
  });

  it('carried by its listeners costs less than $0.0005 from 150 listeners on when bursts are long, with fewer more', () => {
    expect(perHour('live-legs', { listeners: 150, burstSeconds: 60 })).toBeLessThan(0.0005);
    expect(perHour('live-legs', { listeners: 100, burstSeconds: 60 })).toBeCloseTo(0.00062, 5);
    expect(perHour('live-legs', { listeners: 100, burstSeconds: 22 })).toBeCloseTo(0.000825, 6);
    expect(perHour('live-legs', { listeners: 100, burstSeconds: 22 }, { front: 'function-url' })).toBeCloseTo(
      0.00065,
      5,
    );
  });

  it('reads each chunk from the store once for each environment, unless told otherwise', () => {
    const reads = (part: Partial<Scenario>): number => estimate(scenario('live-legs', part)).use.s3Gets.value;
    const heads = (listeners: number): number => 2250 + (listeners - 1) * 120; // before each write, and with each burst
    const chunks = (listeners: number): number => (listeners - 1) * 2250;
    expect(reads({ listeners: 100 })).toBeCloseTo(heads(100) + chunks(100) / 100, 6);
    expect(reads({ listeners: 1000 })).toBeCloseTo(heads(1000) + (chunks(1000) * 4) / 1000, 6);
    expect(reads({ listeners: 100, cachedShare: 0 })).toBeCloseTo(heads(100) + chunks(100), 6);
  });

  it('stores each chunk, and the head with it, once, however many listen', () => {
    const writes = (listeners: number): number => estimate(scenario('live-legs', { listeners })).use.s3Puts.value;
    expect(writes(100)).toBe(writes(1));
    expect(writes(1)).toBeCloseTo(2 * 2250 + 40 * 6, 6);
  });
});

describe('a virtual file', () => {
  it('costs the encoding and the puts once, and little for those who come later', () => {
    const first = priced(scenario('file'));
    const later = priced(scenario('file', { encodedShare: 0 }));
    expect(line(first, 'S3 puts')).toBeCloseTo(1500 * 5e-6, 9);
    expect(line(later, 'S3 puts')).toBe(0);
    // 52.94 s of 3538 MB against 14.4 ranges of 4 MB in 0.3 s each.
    expect(line(first, 'Lambda arm64')).toBeCloseTo(52.94 * (3538 / 1024) * 0.0000133334, 5);
    expect(line(later, 'Lambda arm64')).toBeCloseTo(14.4 * 0.3 * (3538 / 1024) * 0.0000133334, 6);
  });

  it('costs nothing but CloudFront when its cache has it', () => {
    const { lines } = priced(scenario('file', { cachedShare: 1 }));
    expect(lines.filter(({ usd }) => usd > 0).map(({ item }) => item)).toEqual([
      ...['CloudFront requests', 'CloudFront Function', 'CloudFront egress'],
    ]);
  });

  it('as a download is one stream an hour, billed beyond its first 6 MB', () => {
    const asked = scenario('file', { isDownload: true, listeners: 10 });
    expect(estimate(asked).use.lambdaRequests.value).toBe(10);
    expect(estimate(asked).use.streamedGb.value).toBeCloseTo((10 * (57.6 - 6)) / 1000, 9);
    expect(line(priced(asked), 'Lambda streamed > 6 MB')).toBeCloseTo(0.516 * 0.008, 9);
    const long = scenario('file', { isDownload: true, kbps: 1000 });
    expect(estimate(long).use).toMatchObject({ lambdaRequests: { value: 3 } });
    expect(estimate(long).use.streamedGb.value).toBeCloseTo((450 - 3 * 6) / 1000, 9);
  });
});

describe('an hour of broadcast', () => {
  const broadcast = (part: Partial<Scenario>): Bill => priced(scenario('ingest', part), { front: 'api-gateway' });

  // By hand: n x (2 messages, a call of 0.1 s at 512 MB, a write, a read) and 720 pings, of 3 messages, a call and 3 reads.
  it.each([
    [1, 128, 3_600, 1, 0.0334],
    [0.25, 128, 14_400, 1, 0.1227],
    [0.16, 128, 22_500, 1, 0.1897],
    [0.1, 128, 36_000, 1, 0.3013],
    [0.05, 64, 72_000, 3, 0.6565],
    [0.16, 2_000, 45_000, 3, 0.4117],
  ])('in messages of %d s at %i kbit/s', (segmentSeconds, kbps, messages, gets, usd) => {
    const bill = broadcast({ segmentSeconds, kbps });
    expect(line(bill, 'S3 puts')).toBeCloseTo(messages * 5e-6, 9);
    expect(line(bill, 'S3 gets')).toBeCloseTo((messages * gets + 720 * 3) * 0.4e-6, 9);
    expect(line(bill, 'API Gateway messages')).toBeCloseTo((messages * 2 + 720 * 3) * 1e-6, 9);
    expect(line(bill, 'API Gateway connections')).toBeCloseTo(60 * 0.25e-6, 12);
    expect(line(bill, 'Lambda arm64')).toBeCloseTo((messages + 720) * 0.1 * 0.5 * 0.0000133334, 9);
    expect(bill.usdBeforeEgress).toBeCloseTo(usd, 4);
    expect(bill.usd - bill.usdBeforeEgress).toBeLessThan(0.0005);
  });

  it('costs by the hour', () => {
    expect(broadcast({ hours: 3 }).usd).toBeCloseTo(3 * broadcast({}).usd, 9);
  });
});

test('every line says how its amount came about, and amount x price is its cost', () => {
  for (const mode of ['file', 'live-legs', 'hls', 'private', 'ingest'] as const) {
    const front = mode === 'ingest' ? 'api-gateway' : 'cloudfront';
    const { lines, usd } = priced(scenario(mode, { listeners: 7, hours: 1.5 }), { front });
    for (const { value, free, price, usd: cost, how } of lines) {
      expect(cost).toBeCloseTo((value - free) * price, 12);
      expect(how).not.toBe('');
    }
    expect(usd).toBeCloseTo(
      lines.reduce((sum, { usd: cost }) => sum + cost, 0),
      12,
    );
  }
});

test('the free tier takes off its amounts and never more than was used', () => {
  const small = priced(scenario('private'), { freeTier: true });
  expect(small.usd).toBe(0);
  const large = scenario('private', { listeners: 1000, hours: 1 });
  const saved = line(priced(large), 'Lambda arm64') - line(priced(large, { freeTier: true }), 'Lambda arm64');
  expect(saved).toBeCloseTo(400_000 * 0.0000133334, 6);
});

test('a leg that no response can carry is refused with the longest that one can', () => {
  const refused = (part: Partial<Scenario>) => () => estimate(scenario('private', part));
  expect(refused({ kbps: 2000, segmentSeconds: 840 })).toThrow(
    expect.objectContaining({
      code: 'OPTIONS_INVALID',
      detail: expect.stringContaining('at most 800') as string,
    }) as Error,
  );
  expect(refused({ segmentSeconds: 901 })).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }) as Error);
  expect(refused({ kbps: 2000, segmentSeconds: 800 })).not.toThrow();
});

test('prices are dated and say where they are from', () => {
  for (const { asOf, published } of PRICES.values()) {
    expect(asOf).toMatch(/^20\d\d-\d\d-\d\d$/);
    expect(published.length).toBeGreaterThan(0);
  }
});
