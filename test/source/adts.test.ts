import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { inGroups, splitAdts, withCrc } from '../support/adts-forge.ts';
import { decode, ffmpeg, inFolder, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { id3v1, id3v2, join, junk } from '../support/mp3-forge.ts';
import { type Pcm, randomNumbers, samplesOf, slicePcm, snr } from '../support/signal.ts';
import { source } from '../support/sources.ts';
import { collect, decodeRun, setting, soon } from './setting.ts';

const fixture = (name: string): Promise<Buffer> => readFile(`${import.meta.dirname}/../fixtures/${name}`);
const plain = async (): Promise<Buffer> => Buffer.from((await source('bare.aac')).bytes);
const twice = (bytes: Buffer): Buffer => join(...Array.from({ length: 6 }, () => bytes));

interface Row {
  readonly bytes: Buffer;
  /** What ffmpeg is to decode for comparison where it does not understand the bytes themselves. */
  readonly like?: Buffer;
  readonly sampleRate: number;
  readonly channels: number;
  /** Noise is drawn anew by every decoder, and more of it with every extension. */
  readonly snr: number;
}

const LC = { sampleRate: 44_100, channels: 2, snr: 35 };

const ROWS: Readonly<Record<string, () => Promise<Row>>> = {
  'AAC-LC': async () => ({ bytes: await plain(), ...LC }),
  'AAC-LC at a rate that HE-AAC has': async () => ({
    bytes: Buffer.from((await source('low-mono.aac')).bytes),
    ...{ sampleRate: 24_000, channels: 1, snr: 35 },
  }),
  'HE-AAC': async () => ({ ...LC, snr: 25, bytes: twice(await fixture('he-aac-v1.aac')) }),
  'HE-AAC v2': async () => ({
    ...{ sampleRate: 48_000, channels: 2, snr: 25 },
    bytes: twice(await fixture('he-aac-v2.aac')),
  }),
  'HE-AAC in mono': async () => ({
    ...{ sampleRate: 32_000, channels: 2, snr: 30 },
    bytes: twice(await fixture('he-aac-mono.aac')),
  }),
  'frames with a CRC behind a tag': async () => ({
    ...LC,
    bytes: join(id3v2('In front', 5000), ...withCrc(splitAdts(await plain()))),
  }),
  'two blocks in a frame': async () => ({ ...LC, bytes: join(...inGroups(splitAdts(await plain()), 2)) }),
  'three blocks in a frame, with CRCs': async () => {
    const frames = splitAdts(await plain());
    const whole = frames.slice(0, Math.floor(frames.length / 3) * 3);
    return { ...LC, bytes: join(...inGroups(frames, 3, true)), like: join(...whole) };
  },
  'junk in front, between and behind': async () => {
    const frames = splitAdts(await plain());
    const [first] = frames;
    const parts = [junk(700, 1, first), ...frames.slice(0, 99), junk(3000, 2), id3v2('Between', 400)];
    return { ...LC, bytes: join(...parts, ...frames.slice(99), id3v1('Behind')), like: join(...frames) };
  },
  'half a frame at the end': async () => {
    const bytes = await plain();
    const frames = splitAdts(bytes);
    const half = (frames.at(-1)?.length ?? 0) >> 1;
    return { ...LC, bytes: bytes.subarray(0, -half), like: join(...frames.slice(0, -1)) };
  },
  'another rate in the middle, which is left out': async () => {
    const frames = splitAdts(await plain());
    const bytes = join(...frames.slice(0, 150), await tone(32_000), ...frames.slice(150));
    return { ...LC, bytes, like: join(...frames) };
  },
};

const tone = (rate: number): Promise<Buffer> =>
  ffmpeg(['-f', 'lavfi', '-i', `sine=r=${rate}:d=3`, '-ac', '2', '-c:a', 'aac', '-f', 'adts', 'pipe:1']);

describe.each(Object.keys(ROWS))('%s', (name) => {
  it('is as long as ffmpeg says, and sounds like its decode wherever it starts', async () => {
    const row = await ROWS[name]?.();
    if (row === undefined) throw new Error(name);
    const whole = await decode(row.like ?? row.bytes);
    await using at = await setting(row.bytes);
    const opened = await at.sources.open(at.origin.url(), soon());
    const { record } = await at.sources.indexed(opened, soon());
    const samples = samplesOf(whole);
    expect(record).toMatchObject({ codec: 'aac', container: 'adts', samples, skip: 0 });
    expect(record).toMatchObject({ sampleRate: row.sampleRate, channels: row.channels });
    expect(whole).toMatchObject({ sampleRate: row.sampleRate, channels: row.channels });
    if (row.bytes.length > 65_536) expect(opened.record.samples).toBeNull();
    const random = randomNumbers(3);
    const anywhere = Array.from({ length: 5 }, () => Math.floor(random() * (samples - 9_000)));
    for (const from of [0, 1, 5_000, Math.floor(samples / 2) + 17, ...anywhere, samples - 9_000]) {
      const to = Math.min(samples, from + 9_000);
      const run = await decodeRun(at.sources, opened, from, to);
      expect(samplesOf(run), `length from ${from}`).toBe(to - from);
      expect(quietSnr(run, slicePcm(whole, from, to)), `signal to noise from ${from}`).toBeGreaterThan(row.snr);
    }
  });
});

it.skipIf(SYSTEM_FFMPEG === null).each([
  ['2.1', 3],
  ['quad', 4],
  ['6.1', 7],
  ['7.1', 8],
] as const)('%s, which a header may not have a number for, has its channels in place', async (layout, channels) => {
  const bytes = await inLayout(layout, channels);
  const whole = await decode(bytes);
  await using at = await setting(bytes);
  const opened = await at.sources.open(at.origin.url(), soon());
  const { record } = await at.sources.indexed(opened, soon());
  expect(record).toMatchObject({ channels, samples: samplesOf(whole), sampleRate: 48_000 });
  for (const from of [0, 70_000]) {
    const run = await decodeRun(at.sources, opened, from, from + 8_000);
    expect(run.channels).toBe(channels);
    expect(snr(run, slicePcm(whole, from, from + 8_000))).toBeGreaterThan(30);
  }
});

/** A tone of its own in every channel. Only newer encoders name channels in a program_config_element. */
const inLayout = (layout: string, channels: number): Promise<Buffer> =>
  inFolder(async (folder) => {
    const tones = Array.from({ length: channels }, (_, i) => `.5*sin(${(i + 2) * 700}*t)`).join('|');
    const input = ['-f', 'lavfi', '-i', `aevalsrc=${tones}:s=48000:d=3:c=${layout}`];
    const args = ['-v', 'error', ...input, '-c:a', 'aac', `${folder}/out.aac`];
    await promisify(execFile)(SYSTEM_FFMPEG ?? '', args);
    return await readFile(`${folder}/out.aac`);
  });

/** Silence equals silence. */
const quietSnr = (run: Pcm, reference: Pcm): number => {
  const ratio = snr(run, reference);
  return Number.isNaN(ratio) ? Infinity : ratio;
};

describe('a bare AAC stream', () => {
  it('is the same record for processes that share nothing, and has what its tag says', async () => {
    const bytes = join(id3v2('A title', 3000), await plain());
    await using at = await setting(bytes);
    const [one, two] = [
      await at.sources.open(at.origin.url(), soon()),
      await at.another().open(at.origin.url(), soon()),
    ];
    expect(two.record).toEqual(one.record);
    expect(one.record.tags).toMatchObject({ title: 'A title' });
  });

  it('is seen behind artwork that is larger than what is read first', async () => {
    const frames = await plain();
    await using at = await setting(join(id3v2('Large', 300_000), frames));
    const meter = { sourceBytes: 0 };
    const opened = await at.sources.open(at.origin.url(), soon(), meter);
    expect(opened.record).toMatchObject({ container: 'adts', codec: 'aac' });
    expect(opened.record.adts?.audio.start).toBe(300_000);
    expect(meter.sourceBytes).toBeLessThan(256 * 1024);
  });

  it('tells how much it has for certain before it is counted, and counts no more than it has to', async () => {
    const bytes = await plain();
    await using at = await setting(twice(bytes));
    const opened = await at.sources.open(at.origin.url(), soon());
    const certain = await at.sources.certain(opened, 1_000, soon());
    expect(certain).toBeGreaterThan(1_000);
    const sent = at.origin.bytesSent;
    expect(await at.sources.certain(opened, 44_100 * 30, soon())).toBeGreaterThanOrEqual(44_100 * 30);
    expect(at.origin.bytesSent - sent).toBeLessThan(bytes.length * 3);
    const { record } = await at.sources.indexed(opened, soon());
    expect(await at.sources.certain({ ...opened, record }, Infinity, soon())).toBe(record.samples);
    expect(certain).toBeLessThanOrEqual(record.samples ?? 0);
  });

  it('that was counted in part is counted on by another process', async () => {
    const bytes = twice(await plain());
    await using at = await setting(bytes);
    const opened = await at.sources.open(at.origin.url(), soon());
    await at.sources.certain(opened, 44_100 * 60, soon());
    await at.sources.close();
    const other = at.another(at.store);
    const before = at.origin.bytesSent;
    const again = await other.open(at.origin.url(), soon());
    const { record } = await other.indexed(again, soon());
    expect(record.samples).toBe(splitAdts(bytes).length * 1024);
    expect(at.origin.bytesSent - before).toBeLessThan(bytes.length * 0.75);
    await other.close();
    const third = at.another(at.store);
    expect((await third.open(at.origin.url(), soon())).record.samples).toBe(record.samples);
  });

  it('may come without ranges or a length', async () => {
    for (const behaviour of [{ range: 'ignored' }, { range: 'ignored', length: false }] as const) {
      await using at = await setting(await plain(), behaviour);
      const { record } = await at.sources.indexed(await at.sources.open(at.origin.url(), soon()), soon());
      expect(record.samples).toBe(splitAdts(await plain()).length * 1024);
    }
  });

  it('has SBR where it begins among the first blocks, and none where it begins later', async () => {
    const [plainTone, he] = [splitAdts(await tone(22_050)), await fixture('he-aac-v1.aac')];
    for (const [count, rate] of [
      [20, 44_100],
      [60, 22_050],
    ] as const) {
      await using at = await setting(join(...plainTone.slice(0, count), he));
      const { record } = await at.sources.open(at.origin.url(), soon());
      const frames = count + splitAdts(he).length;
      expect(record).toMatchObject({ sampleRate: rate, samples: (frames * 1024 * rate) / 22_050 });
    }
  });

  it('of another profile is refused', async () => {
    const main = splitAdts(await plain()).map((frame) => Buffer.from(frame).fill((frame[2] ?? 0) & 0x3f, 2, 3));
    await using at = await setting(join(...main));
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({ code: 'CODEC_UNSUPPORTED' });
  });

  it('that breaks off gives what it has, and then an error', async () => {
    await using at = await setting(await plain(), { dieAfter: { bytes: 65_536, how: 'close' } });
    const opened = await at.sources.open(at.origin.url(), soon());
    at.origin.behaviour.dieAfter = { bytes: 0, how: 'close' };
    const run = await at.sources.packets(opened, 0, 20 * 44_100, soon());
    await expect(collect(run.packets)).rejects.toMatchObject({ code: 'SOURCE_CUT' });
  });
});

describe('frames with what looks like frames of another kind', () => {
  const falseAdts = Buffer.from('fff150802fdffc', 'hex');
  const falseMp3 = Buffer.from('fffb9064', 'hex');

  it('are MP3 where MP3 begins first', async () => {
    const mp3 = Buffer.from((await source('cbr-48k-bare.mp3')).bytes);
    await using at = await setting(join(falseAdts, junk(1000, 4), mp3, await plain()));
    expect((await at.sources.open(at.origin.url(), soon())).record).toMatchObject({ container: 'mp3', codec: 'mp3' });
  });

  it('are AAC where AAC begins first', async () => {
    const mp3 = Buffer.from((await source('cbr-48k-bare.mp3')).bytes);
    await using at = await setting(join(falseMp3, junk(1000, 4), await plain(), mp3));
    expect((await at.sources.open(at.origin.url(), soon())).record).toMatchObject({ container: 'adts', codec: 'aac' });
  });
});
