import { describe, expect, it, test } from 'vitest';
import { emfLine, type LambdaUsage, type MeasuredRecord } from '../../src/meter/emf.ts';
import { emfFaults } from './emf-faults.ts';

const lambda: LambdaUsage = {
  ...{ requestId: '3f1c', memoryMb: 3538, durationMs: 2000, coldStart: true },
  streamedBytes: 960_000,
};

const record: MeasuredRecord = {
  ...{ time: '2026-11-23T10:00:00.250Z', kind: 'file', method: 'GET', status: 200 },
  ...{ rendition: 'codec.mp3~bitrate.64k', range: null, bytes: 960_000 },
  ...{ firstAudioMs: 41.5, totalMs: 1990.2, sourceBytes: 1_920_077, chunksEncoded: 50, chunksStored: 0 },
  ...{ encoderCpuMs: 3120.5, outcome: 'whole', error: null },
};

type Line = Record<string, unknown> & {
  _aws: {
    Timestamp: number;
    CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
  };
};
const lineOf = (of: MeasuredRecord): Line => JSON.parse(emfLine(of)) as Line;
const namesOf = (line: Line, directive = 0): string[] =>
  (line._aws.CloudWatchMetrics[directive]?.Metrics ?? []).map(({ Name }) => Name);

const refused: MeasuredRecord = {
  ...{ ...record, status: 403, rendition: null, bytes: 0, firstAudioMs: null, outcome: 'refused' },
  ...{ error: 'LINK_INVALID', detail: 'signature does not match', lambda },
};

describe('a usage record in the embedded metric format', () => {
  it.each<[string, MeasuredRecord]>([
    ['of the Node server', record],
    ['of a function', { ...record, lambda }],
    ['of a refusal', refused],
    ['without a kind that is known', { ...record, kind: 'embed', totalMs: NaN }],
  ])('%s keeps to the specification', (_name, of) => {
    const line = emfLine(of);
    expect(line).not.toContain('\n');
    expect(emfFaults(JSON.parse(line))).toEqual([]);
  });

  it('is still the record, with what was derived beside it', () => {
    const line = lineOf({ ...record, lambda });
    expect(line).toMatchObject({ ...record, lambda, requests: 1, coldStarts: 1 });
    expect(line['gbSeconds']).toBeCloseTo((3538 / 1024) * 2, 9);
    expect(line._aws.Timestamp).toBe(1_795_428_000_250);
  });

  it('names each figure with its unit', () => {
    const units = lineOf({ ...record, lambda })._aws.CloudWatchMetrics[0]?.Metrics ?? [];
    expect(Object.fromEntries(units.map(({ Name, Unit }) => [Name, Unit]))).toEqual({
      ...{ requests: 'Count', gbSeconds: 'None', bytes: 'Bytes', sourceBytes: 'Bytes' },
      ...{ firstAudioMs: 'Milliseconds', totalMs: 'Milliseconds', encoderCpuMs: 'Milliseconds' },
      ...{ chunksEncoded: 'Count', chunksStored: 'Count', coldStarts: 'Count' },
    });
  });

  it('names nothing that was not measured', () => {
    expect(namesOf(lineOf(refused))).not.toContain('firstAudioMs');
    expect(lineOf(refused)['firstAudioMs']).toBeNull();
    expect(namesOf(lineOf(record))).not.toContain('gbSeconds');
    expect(namesOf(lineOf(record))).not.toContain('coldStarts');
  });

  it('costs at most 18 custom metrics a kind: 10 by kind, 2 by each of 4 outcomes', () => {
    const line = lineOf({ ...record, lambda });
    const [byKind, byOutcome] = line._aws.CloudWatchMetrics;
    expect([byKind?.Dimensions, byOutcome?.Dimensions]).toEqual([[['kind']], [['kind', 'outcome']]]);
    expect(namesOf(line, 0)).toHaveLength(10);
    expect(namesOf(line, 1)).toEqual(['requests', 'gbSeconds']);
  });
});

const ofFirst = (change: Record<string, unknown>) => (line: Line) => {
  Object.assign(line._aws.CloudWatchMetrics[0] ?? {}, change);
};

test.each<[string, (line: Line) => void]>([
  ['a null metric', (line) => (line['bytes'] = null)],
  ['a metric that is missing', (line) => delete line['totalMs']],
  ['a dimension that is no text', (line) => (line['kind'] = 7)],
  ['a time in seconds', (line) => (line._aws.Timestamp = 1_795_428_000)],
  ['a unit that CloudWatch does not know', ofFirst({ Metrics: [{ Name: 'bytes', Unit: 'GB-s' }] })],
  ['31 dimensions', ofFirst({ Dimensions: [Array<string>(31).fill('kind')] })],
  ['101 metrics', ofFirst({ Metrics: Array<unknown>(101).fill({ Name: 'bytes', Unit: 'Bytes' }) })],
  ['no dimension set', ofFirst({ Dimensions: [] })],
])('the check of the specification sees %s', (_name, spoil) => {
  const line = lineOf({ ...record, lambda });
  spoil(line);
  expect(emfFaults(line)).not.toEqual([]);
});
