import { describe, expect, it } from 'vitest';
import { emfLine, type MeasuredRecord } from '../../src/meter/emf.ts';
import { parseRecord, usageTally, useOf } from '../../src/meter/price-records.ts';

const record: MeasuredRecord = {
  ...{ time: '2026-11-23T10:00:00.250Z', kind: 'file', method: 'GET', status: 200 },
  ...{ rendition: 'codec.mp3~bitrate.64k', range: null, bytes: 8_000_000 },
  ...{ firstAudioMs: 41.5, totalMs: 30_000, sourceBytes: 0, chunksEncoded: 400, chunksStored: 16 },
  ...{ encoderCpuMs: 3120.5, outcome: 'whole', error: null },
};
const lambda = { requestId: 'r', memoryMb: 1024, durationMs: 60_000, coldStart: true, streamedBytes: 8_000_000 };

const tallyOf = (...records: (MeasuredRecord | string)[]) => {
  const counting = usageTally({ memoryMb: 2048, kbps: 128 });
  for (const one of records) counting.add(typeof one === 'string' ? one : JSON.stringify(one));
  return counting.tally();
};

describe('a usage record in a log', () => {
  const line = emfLine({ ...record, lambda });
  it.each([
    ['as it was printed', line],
    ['as a CloudWatch export has it', `2026-11-23T10:00:00.250Z ${line}`],
    ['after a time, a request id and a level', `2026-11-23T10:00:00.250Z\t3f1c-77\tINFO\t${line}\n`],
    ['wrapped as a message', JSON.stringify({ timestamp: 1, message: line })],
  ])('is read %s', (_name, text) => {
    expect(parseRecord(text)).toMatchObject({ ...record, lambda });
  });

  it.each([
    ['of the platform', 'START RequestId: 3f1c Version: $LATEST'],
    ['of another program', '{"level":"info","message":"hello"}'],
    ['that was cut', line.slice(0, -40)],
    ['with a text for a number', JSON.stringify({ ...record, bytes: '12' })],
    ['with a number below 0', JSON.stringify({ ...record, totalMs: -1 })],
    ['of a message in itself', JSON.stringify({ message: JSON.stringify({ message: 'x' }) })],
  ])('a line %s is none', (_name, text) => {
    expect(parseRecord(text)).toBeNull();
  });
});

describe('a log', () => {
  it('adds up by kind and by outcome, and counts what it skipped', () => {
    const left: MeasuredRecord = { ...record, time: '2026-11-23T09:00:00.000Z', outcome: 'left', bytes: 1_000_000 };
    const page: MeasuredRecord = { ...record, kind: 'embed', rendition: null, chunksEncoded: 0, chunksStored: 0 };
    const tally = tallyOf({ ...record, lambda }, left, page, 'END RequestId: 1', '', 'nonsense');
    expect(tally).toMatchObject({ records: 3, skipped: 2, coldStarts: 1, notOnLambda: 2 });
    expect([tally.from, tally.to]).toEqual([left.time, record.time]);
    expect([...tally.byKind].map(([name, { requests }]) => [name, requests])).toEqual([
      ['file', 2],
      ['embed', 1],
    ]);
    expect(tally.byOutcome.get('left')?.requests).toBe(1);
    for (const shares of [tally.byKind, tally.byOutcome])
      for (const name of ['requests', 'gbSeconds', 's3Gets', 'egressGb', 'streamedGb'] as const)
        expect([...shares.values()].reduce((sum, share) => sum + share[name], 0)).toBeCloseTo(tally.total[name], 9);
  });

  it('bills what the function ran, not how long the listener stayed', () => {
    expect(tallyOf({ ...record, lambda, totalMs: 100, outcome: 'left' }).total.gbSeconds).toBeCloseTo(60, 9);
    expect(tallyOf(record).total.gbSeconds).toBeCloseTo(2 * 30, 9);
  });

  it('bills streamed bytes beyond 6 MB of each response, and none of a buffered one', () => {
    expect(tallyOf({ ...record, lambda }, { ...record, lambda }).total.streamedGb).toBeCloseTo(0.004, 9);
    expect(tallyOf({ ...record, lambda: { ...lambda, streamedBytes: 0 } }).total.streamedGb).toBe(0);
    expect(tallyOf({ ...record, lambda: { ...lambda, streamedBytes: 5_999_999 } }).total.streamedGb).toBe(0);
  });

  it('counts a put for each chunk encoded, and a get for each one looked for', () => {
    expect(tallyOf(record).total).toMatchObject({ s3Puts: 400, s3Gets: 418 });
    expect(tallyOf({ ...record, outcome: 'refused', chunksEncoded: 0, chunksStored: 0 }).total.s3Gets).toBe(0);
  });

  it('counts what the store was asked, where the function says it', () => {
    const asked = { ...record, lambda: { ...lambda, storeReads: 3, storeWrites: 70 } };
    expect(tallyOf(asked).total).toMatchObject({ s3Puts: 70, s3Gets: 3 });
    const odd = { ...record, lambda: { ...lambda, storeReads: '3', storeWrites: -1 } } as unknown as MeasuredRecord;
    expect(tallyOf(odd).total).toMatchObject({ s3Puts: 400, s3Gets: 418 });
  });

  it('knows how much of a channel was sent from where its legs began and ended', () => {
    const leg = { from: 100, to: 122.4, end: 'leg', role: 'followed' } as const;
    expect(tallyOf({ ...record, kind: 'live', leg }).listenerHours).toBeCloseTo(22.4 / 3600, 9);
    expect(tallyOf({ ...record, kind: 'live', status: 503 }).listenerHours).toBe(0);
  });

  it('knows how much audio was sent: at the bitrate of the link, or that given for copies', () => {
    expect(tallyOf(record).listenerHours).toBeCloseTo(1000 / 3600, 9);
    expect(tallyOf({ ...record, rendition: 'codec.copy' }).listenerHours).toBeCloseTo(500 / 3600, 9);
    expect(tallyOf({ ...record, status: 403, bytes: 90 }).listenerHours).toBe(0);
  });

  it('with requests that CloudFront answered by itself counts them for CloudFront alone', () => {
    const use = useOf(tallyOf(record).total, 0.75);
    expect([use.viewerRequests.value, use.lambdaRequests.value]).toEqual([4, 1]);
    expect(use.egressGb.value).toBeCloseTo(0.032, 9);
  });
});
