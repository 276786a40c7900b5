import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MeasuredRecord } from '../../src/meter/emf.ts';
import { inFolder } from '../support/ffmpeg.ts';
import { runBaton } from './run-baton.ts';

interface Cost {
  readonly usd: number;
  readonly perListenerHour: number;
  readonly usdBeforeEgress: number;
  readonly region: string;
  readonly asOf: string;
  readonly lines: readonly { readonly item: string; readonly usd: number; readonly free: number }[];
}

const cost = async (...args: string[]): Promise<Cost> =>
  JSON.parse((await runBaton(['cost', '--json', ...args])).stdout) as Cost;

describe('baton cost of a scenario', () => {
  it('prints each line, the total, the cost of a listener-hour, the formula with its numbers, and the date', async () => {
    const { code, stdout, stderr } = await runBaton(['cost', '--mode', 'private', '--function-url']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('us-east-1 on 2026-11-23');
    expect(stdout).toMatch(/^Lambda arm64 +1,800 +GB-s +\$0\.0000133334 +\$0\.024$/m);
    expect(stdout).toMatch(/^Data transfer out +0\.0576 +GB +\$0\.09 +\$0\.00518$/m);
    expect(stdout).toMatch(/^total +\$0\.0294$/m);
    expect(stdout).toContain('Per listener-hour: $0.0294 ($0.0243 before egress)');
    expect(stdout).toContain('3600 x GB x p_gbs');
    expect(stdout).toContain('Lambda arm64: 1 x 1 h x 3600 s x 512/1024 GB = 1,800; 1,800 x $0.0000133334 = $0.024');
    for (const line of stdout.split('\n')) expect(line).not.toMatch(/NaN|undefined|Infinity|\de-/);
  });

  it('gives the worked table row by row: 128 kbit/s with 1024 MB, 2 Mbit/s with 1769 MB', async () => {
    const common = ['--mode', 'private', '--function-url'];
    const small = await cost(...common, '--memory', '1024', '--arch', 'x64');
    expect([small.usdBeforeEgress, small.usd].map((usd) => usd.toFixed(3))).toEqual(['0.060', '0.065']);
    const video = await cost(...common, '--bitrate', '2000', '--memory', '1769', '--segment', '720');
    expect([video.usdBeforeEgress.toFixed(4), video.usd.toFixed(3)]).toEqual(['0.0899', '0.171']);
  });

  it('heeds the audience, the cache and the free tier', async () => {
    const [alone, crowd, cached, free] = await Promise.all([
      cost(),
      cost('--listeners', '500', '--hours', '2'),
      cost('--listeners', '500', '--hours', '2', '--cached-share', '0.9'),
      cost('--free-tier'),
    ]);
    expect(crowd.perListenerHour).toBeLessThan(alone.perListenerHour / 2);
    expect(cached.usdBeforeEgress).toBeLessThan(crowd.usdBeforeEgress / 2);
    expect(free.lines.filter(({ usd }) => usd > 0).map(({ item }) => item)).toEqual(['S3 puts', 'S3 gets']);
    expect([alone.region, alone.asOf]).toEqual(['us-east-1', '2026-11-23']);
  });

  it('prices an hour of broadcast, whoever hears it', async () => {
    const { code, stdout, stderr } = await runBaton(['cost', '--mode', 'ingest', '--segment', '1']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('ingest: 1 x 1 h at 128 kbit/s, 512 MB arm64, API Gateway');
    expect(stdout).toMatch(/^S3 puts +3,600 +requests +\$0\.000005 +\$0\.018$/m);
    expect(stdout).toMatch(/^API Gateway messages +9,360 +messages +\$0\.000001 +\$0\.00936$/m);
    expect(stdout).toMatch(/^API Gateway connections +60 +minutes +\$0\.00000025 +\$0\.000015$/m);
    expect(stdout).toContain('Per hour of broadcast: $0.0334');
    expect(stdout).not.toContain('CloudFront');
    for (const line of stdout.split('\n')) expect(line).not.toMatch(/NaN|undefined|Infinity|\de-/);
    expect(await cost('--mode', 'ingest', '--segment', '1')).toMatchObject({
      perBroadcastHour: expect.closeTo(0.0334, 4) as number,
    });
  });

  it.each([
    [['--region', 'eu-north-1'], /prices of eu-north-1 are not known/],
    [['--mode', 'radio'], /Allowed choices are file, live-legs, hls, private/],
    [['--listeners', '0'], /number above 0/],
    [['--cached-share', '2'], /0 to 1/],
    [['--function-url', '--cached-share', '0.5'], /goes with CloudFront/],
    [['--function-url', '--cloudfront'], /cannot be used with/],
    [['--mode', 'private', '--bitrate', '4000'], /--segment is at most 400/],
    [['--memory', '64'], /from 128 to 10240/],
    [['--mode', 'ingest', '--listeners', '5'], /does not price/],
    [['--mode', 'ingest', '--function-url'], /API Gateway, not/],
    [['usage.jsonl', '--mode', 'ingest'], /takes no log/],
  ])('refuses %j in a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runBaton(['cost', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('explains its modes and gives examples', async () => {
    const { code, stdout } = await runBaton(['cost', '--help']);
    expect(code).toBe(0);
    for (const text of ['live-legs', 'private', 'Examples:', 'baton cost usage.jsonl', '--free-tier'])
      expect(stdout).toContain(text);
  });
});

const record: MeasuredRecord = {
  ...{ time: '2026-11-23T10:00:00.250Z', kind: 'file', method: 'GET', status: 200, range: null },
  ...{ rendition: 'codec.mp3~bitrate.128k', bytes: 57_600_000, firstAudioMs: 41.5, totalMs: 30_000 },
  ...{ sourceBytes: 0, chunksEncoded: 1500, chunksStored: 0, encoderCpuMs: 90_000, outcome: 'whole', error: null },
  lambda: { requestId: 'r', memoryMb: 1024, durationMs: 60_000, coldStart: true, streamedBytes: 57_600_000 },
};

describe('baton cost of a log', () => {
  it('adds up what functions wrote, tells who left, and counts what it skipped', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'usage.jsonl');
      const left = { ...record, outcome: 'left', bytes: 0, lambda: { ...record.lambda, streamedBytes: 0 } };
      await writeFile(file, ['START RequestId: r', JSON.stringify(record), JSON.stringify(left), 'END'].join('\n'));
      const { code, stdout } = await runBaton(['cost', file, '--function-url']);
      expect(code).toBe(0);
      expect(stdout).toContain('2 usage records from 2026-11-23T10:00:00.250Z');
      expect(stdout).toContain('2 other lines skipped');
      expect(stdout).toMatch(/^file +2 +120 +0\.0576 /m);
      expect(stdout).toMatch(/^left +1 +60 +0 /m);
      expect(stdout).toMatch(/^Lambda streamed > 6 MB +0\.0516 +GB /m);
      expect(stdout).toMatch(/^Audio sent: 1 listener-hours, \$0\.0\d+ each$/m);
      expect(stdout).toMatch(/^Listeners who left: 50 %/m);
      expect(stdout).toContain('Cold starts: 2');
    }));

  it('as JSON has the same figures, with what CloudFront kept from the functions', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'usage.jsonl');
      await writeFile(file, `${JSON.stringify(record)}\n`);
      const [plain, cached] = await Promise.all([cost(file), cost(file, '--cached-share', '0.5')]);
      const egress = (of: Cost): number => of.lines.find(({ item }) => item === 'CloudFront egress')?.usd ?? NaN;
      expect(plain).toMatchObject({ records: 1, skipped: 0, listenerHours: 1, leftShare: 0 });
      expect(plain.perListenerHour).toBeCloseTo(plain.usd, 9);
      expect(cached).toMatchObject({ listenerHours: 2 });
      expect(egress(cached)).toBeCloseTo(2 * egress(plain), 9);
    }));

  it.each([
    ['a file that is not there', '/nowhere/usage.jsonl', /\/nowhere\/usage\.jsonl cannot be read/],
    ['a file without records', import.meta.filename, /no usage record in these \d+ lines/],
  ])('refuses %s', async (_name, file, sentence) => {
    const { code, stdout, stderr } = await runBaton(['cost', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});
