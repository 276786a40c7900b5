import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { decode, ffmpeg, inFolder } from '../support/ffmpeg.ts';
import { TITLES } from '../support/fixture-encode.ts';
import { randomNumbers, samplesOf, slicePcm, snr, type Pcm } from '../support/signal.ts';
import { source, type SourceName } from '../support/sources.ts';
import { BatonError } from '../../src/errors.ts';
import type { Samples } from '../../src/units.ts';
import { collect, decodeRun, setting, soon } from './setting.ts';

const NAMES = [
  'sound.opus',
  'vorbis.ogg',
  'flac.ogg',
  'tagged.flac',
  '24-bit.wav',
  'opus.webm',
  'vorbis-video.webm',
  'flac.mkv',
] as const satisfies readonly SourceName[];

const bytesOf = async (name: SourceName, seconds = 20): Promise<Buffer> =>
  await readFile((await source(name, { seconds })).path);

/** What ffmpeg writes into a file of that name: noise on every channel, another one on each. */
const noise = (name: string, args: readonly string[], { channels = 2, rate = 48_000 } = {}): Promise<Buffer> =>
  inFolder(async (folder) => {
    const each = Array.from(
      { length: channels },
      (_, i) => `anoisesrc=d=3.0123:c=pink:r=${rate}:a=0.3:s=${i + 1}[c${i}];`,
    );
    const merged = `${each.join('')}${each.map((_, i) => `[c${i}]`).join('')}`;
    const graph = channels === 1 ? 'anoisesrc=d=3.0123:c=pink:a=0.3' : `${merged}amerge=inputs=${channels}`;
    await ffmpeg(['-filter_complex', graph, '-ac', `${channels}`, '-ar', `${rate}`, ...args, join(folder, name)]);
    return await readFile(join(folder, name));
  });

const LAYOUTS: readonly (readonly [string, string, readonly string[], { channels?: number; rate?: number }])[] = [
  ['5.1 in FLAC', 'a.flac', ['-c:a', 'flac'], { channels: 6 }],
  ['7.1 in WAV', 'a.wav', ['-c:a', 'pcm_s32le'], { channels: 8 }],
  ['5.1 in Vorbis', 'a.ogg', ['-c:a', 'libvorbis'], { channels: 6 }],
  ['5.1 in Opus', 'a.opus', ['-c:a', 'libopus', '-b:a', '256k'], { channels: 6 }],
  ['four channels in WAV', 'a.wav', ['-c:a', 'pcm_s16le'], { channels: 4 }],
  ['three channels in Matroska', 'a.mkv', ['-c:a', 'pcm_s24le'], { channels: 3 }],
  ['A-law', 'a.wav', ['-c:a', 'pcm_alaw'], { rate: 8000 }],
  ['mu-law', 'a.wav', ['-c:a', 'pcm_mulaw'], { rate: 8000 }],
  ['64-bit floats', 'a.wav', ['-c:a', 'pcm_f64le'], {}],
  ['RF64', 'a.wav', ['-c:a', 'pcm_s16le', '-rf64', 'always'], {}],
  ['FLAC at 192 kHz', 'a.flac', ['-c:a', 'flac'], { rate: 192_000 }],
  ['FLAC at 11.025 kHz', 'a.flac', ['-c:a', 'flac'], { rate: 11_025 }],
  ['Vorbis at 22.05 kHz in Matroska', 'a.mkv', ['-c:a', 'libvorbis'], { rate: 22_050 }],
  ['Opus of 2.5 ms', 'a.opus', ['-c:a', 'libopus', '-frame_duration', '2.5', '-b:a', '128k'], {}],
  ['Opus in MP4', 'a.mp4', ['-c:a', 'libopus', '-b:a', '128k', '-strict', '-2'], {}],
  ['FLAC in MP4', 'a.mp4', ['-c:a', 'flac', '-strict', '-2'], {}],
  ['ALAC in MP4', 'a.m4a', ['-c:a', 'alac'], { rate: 44_100 }],
  ['ALAC of 24 bits at 96 kHz in MP4', 'a.m4a', ['-c:a', 'alac', '-sample_fmt', 's32p'], { rate: 96_000 }],
  ['5.1 of ALAC in MP4', 'a.m4a', ['-c:a', 'alac'], { channels: 6 }],
  ['ALAC in Matroska', 'a.mkv', ['-c:a', 'alac'], {}],
  ['24 bits in QuickTime', 'a.mov', ['-c:a', 'pcm_s24be'], {}],
];

describe('decodes to the samples of the whole', () => {
  it.each(LAYOUTS)('%s', async (_, name, args, sound) => {
    const bytes = await noise(name, args, sound);
    const whole = await decode(bytes);
    await using at = await setting(bytes);
    const { record, ...rest } = await at.sources.open(at.origin.url(), soon());
    const length = record.samples ?? 0;
    expect(record).toMatchObject({ sampleRate: whole.sampleRate, channels: sound.channels ?? 2 });
    expect(Math.abs(samplesOf(whole) - length)).toBeLessThanOrEqual(record.codec === 'vorbis' ? 2048 : 64);
    for (const from of [0, Math.floor(length / 2) + 7, length - 4000]) {
      const run = await decodeRun(at.sources, { record, ...rest }, from, from + 3000);
      expect(samplesOf(run)).toBe(3000);
      const likeness = snr(run, slicePcm(whole, from, from + 3000));
      expect(likeness, `from ${from}`).toBeGreaterThan(record.codec === 'opus' ? 45 : 90);
    }
  });
});

describe.each(NAMES)('%s', (name) => {
  test('is the same from an origin without ranges, with and without a length', async () => {
    const fixture = await source(name);
    const reference = await reading(fixture.path, {});
    expect(await reading(fixture.path, { range: 'ignored' })).toEqual(reference);
    expect(await reading(fixture.path, { range: 'ignored', length: false })).toEqual(reference);
  });

  test('has been read a little when the first packet is there', async () => {
    await using at = await setting(await bytesOf(name, 60));
    const opened = await at.sources.open(at.origin.url(), soon());
    const oneSecond: Samples = Number(opened.record.sampleRate);
    const run = await at.sources.packets(opened, 0, oneSecond, soon());
    await run.packets[Symbol.asyncIterator]().next();
    expect(at.origin.bytesSent).toBeLessThan(512_000);
  });

  test('is read at random places without what stands before', async () => {
    const fixture = await source(name, { seconds: 60 });
    await using at = await setting(fixture);
    const opened = await at.sources.open(at.origin.url(), soon());
    const random = randomNumbers(3);
    const places = Array.from({ length: 4 }, () => Math.floor(random() * (fixture.expectedSamples - 10_000)));
    const whole = await decode(fixture.path);
    for (const from of places) {
      const run = await decodeRun(at.sources, opened, from, from + 5000);
      expect(snr(run, slicePcm(whole, from, from + 5000)), `from ${from}`).toBeGreaterThan(45);
    }
    const later = at.another(at.store);
    const again = await later.open(at.origin.url(), soon());
    const before = at.origin.bytesSent;
    await decodeRun(later, again, fixture.expectedSamples >> 1, (fixture.expectedSamples >> 1) + 5000);
    expect(at.origin.bytesSent - before).toBeLessThan(Math.max(600_000, fixture.bytes.length / 4));
  });

  test('that is cut off plays to where it was cut', async () => {
    const bytes = await bytesOf(name);
    const whole = await decode(bytes);
    await using at = await setting(bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    const opened = await at.sources.open(at.origin.url(), soon());
    const samples = opened.record.samples ?? 0;
    expect(samples / samplesOf(whole)).toBeGreaterThan(0.3);
    expect(samples / samplesOf(whole)).toBeLessThan(name.startsWith('vorbis-video') ? 1.01 : 0.8);
    const run = await decodeRun(at.sources, opened, 100_000, 105_000);
    expect(snr(run, slicePcm(whole, 100_000, 105_000))).toBeGreaterThan(45);
  });

  test('that is damaged plays, and what is whole stands in its place', async () => {
    const bytes = await bytesOf(name);
    const whole = await decode(bytes);
    const random = randomNumbers(9);
    for (let i = 0; i < 40; i++) bytes[Math.floor(bytes.length * (0.4 + 0.05 * random()))] = 255 * random();
    await using at = await setting(bytes);
    const opened = await at.sources.open(at.origin.url(), soon());
    const length = opened.record.samples ?? 0;
    expect(Math.abs(length - samplesOf(whole))).toBeLessThan(2048);
    await collect(
      (await at.sources.packets(opened, Math.floor(length * 0.3), Math.floor(length * 0.6), soon())).packets,
    );
    for (const from of [5000, Math.floor(length * 0.8)]) {
      const run = await decodeRun(at.sources, opened, from, from + 5000);
      expect(snr(run, slicePcm(whole, from, from + 5000)), `from ${from}`).toBeGreaterThan(45);
    }
  });

  test('that is scrambled at random is refused with a reason, or read to an end', async () => {
    const bytes = await bytesOf(name);
    const random = randomNumbers(21);
    for (let round = 0; round < 8; round++) {
      const copy = Buffer.from(bytes.subarray(0, 100_000));
      for (let i = 0; i < 12; i++) copy[4 + Math.floor(random() * (round < 4 ? 200 : 8000))] = 256 * random();
      await using at = await setting(copy);
      const outcome = await at.sources.open(at.origin.url(), soon()).then(
        async (opened) => {
          const run = await at.sources.packets(opened, 0, opened.record.samples ?? 0, soon());
          return (await collect(run.packets)).length >= 0;
        },
        (error: unknown) => /^(?:SOURCE_|CODEC_UN)/.test(error instanceof BatonError ? error.code : ''),
      );
      expect(outcome).toBe(true);
    }
  });
});

/** What a record says of the sound, and a passage in the middle of it. */
async function reading(path: string, behaviour: Parameters<typeof setting>[1]): Promise<[unknown, Pcm]> {
  await using at = await setting(await readFile(path), behaviour);
  const opened = await at.sources.open(at.origin.url(), soon());
  const { samples, skip, sampleRate, channels, stream, pcm } = opened.record;
  const sound = await decodeRun(at.sources, opened, 300_000, 305_000);
  const start = stream?.audio.start; // where it ends may not be known yet
  return [{ samples, skip, sampleRate, channels, stream: stream && { ...stream, audio: { start } }, pcm }, sound];
}

describe('the length', () => {
  const opened = async (bytes: Uint8Array) => {
    await using at = await setting(bytes);
    return (await at.sources.open(at.origin.url(), soon())).record;
  };
  const SAMPLES = 20 * 44_100 + 77;

  test('of a WAV is that of its file when its header lies', async () => {
    const { bytes, expectedSamples } = await source('24-bit.wav');
    const data = Buffer.from(bytes).indexOf('data');
    for (const lie of [0, 0xffff_ffff, 0x7fff_ffff, bytes.length]) {
      const lying = Buffer.from(bytes);
      lying.writeUInt32LE(lie, data + 4);
      lying.writeUInt32LE(lie, 4);
      expect((await opened(lying)).samples, `${lie}`).toBe(expectedSamples);
    }
  });

  test('of a FLAC whose header does not say it is where its last frame ends', async () => {
    const bytes = await bytesOf('tagged.flac');
    bytes[8 + 13] = (bytes[8 + 13] ?? 0) & 0xf0;
    bytes.fill(0, 8 + 14, 8 + 18);
    expect((await opened(bytes)).samples).toBe(SAMPLES);
  });

  test('of chained Ogg files is that of the first', async () => {
    const [first, second] = await Promise.all([bytesOf('vorbis.ogg'), bytesOf('sound.opus')]);
    expect((await opened(Buffer.concat([first, second, second]))).samples).toBe(SAMPLES);
    expect((await opened(Buffer.concat([second, first]))).samples).toBe(20 * 48_000 + 77);
  });

  test('of a recording that began in the middle of a broadcast is what it holds', async () => {
    const bytes = await bytesOf('vorbis.ogg');
    const pages = [...bytes.toString('latin1').matchAll(/OggS/g)].map(({ index }) => index);
    const joined = pages[Math.floor(pages.length / 2)] ?? 0;
    const headers = bytes.indexOf('OggS', bytes.indexOf('\x05vorbis'));
    const recording = Buffer.concat([bytes.subarray(0, headers), bytes.subarray(joined)]);
    await using at = await setting(recording);
    const source = await at.sources.open(at.origin.url(), soon());
    const whole = await decode(bytes);
    const start = SAMPLES - (source.record.samples ?? 0);
    expect(start).toBeGreaterThan(SAMPLES / 3);
    const run = await decodeRun(at.sources, source, 20_000, 25_000);
    expect(snr(run, slicePcm(whole, start + 20_000, start + 25_000))).toBeGreaterThan(90);
  });

  test('of a stream of WebM that never heard of its end is where its last packet ends', async () => {
    const bytes = await inFolder(
      async () => await ffmpeg([...['-i', (await source('opus.webm')).path, '-c', 'copy', '-f', 'webm', 'pipe:1']]),
    );
    expect((await opened(bytes)).samples).toBe(20 * 48_000 + 77);
  });
});

describe('what a file says of itself', () => {
  const tagged = async (name: string, args: readonly string[]) => {
    const { title, artist, album } = TITLES;
    const said = [`title=${title}`, `artist=${artist}`, `album=${album}`].flatMap((text) => ['-metadata', text]);
    await using at = await setting(await noise(name, [...args, ...said]));
    return (await at.sources.open(at.origin.url(), soon())).record.tags;
  };

  it.each([
    ['a.opus', 'libopus'],
    ['a.ogg', 'libvorbis'],
    ['a.ogg', 'flac'],
    ['a.flac', 'flac'],
    ['a.wav', 'pcm_s16le'],
    ['a.webm', 'libopus'],
    ['a.mkv', 'flac'],
  ])('is read: %s of %s', async (name, codec) => {
    const { title, artist, album } = TITLES;
    const chapters = ['-metadata', 'CHAPTER000=00:00:00.000', '-metadata', 'CHAPTER000NAME=One', '-metadata'];
    const isXiph = !/wav|webm|mkv/.test(name);
    const more = isXiph ? [...chapters, 'CHAPTER001=00:00:01.500', '-metadata', 'CHAPTER001NAME=Two'] : [];
    const tags = await tagged(name, ['-c:a', codec, ...more]);
    expect(tags).toMatchObject({ title, artist, album });
    if (!isXiph) return;
    expect(tags.chapters).toEqual([
      { startMs: 0, endMs: 1500, title: 'One' },
      { startMs: 1500, endMs: 3012, title: 'Two' },
    ]);
  });

  test('its cover in FLAC, its chapters in Matroska', async () => {
    await using flac = await setting(await source('tagged.flac'));
    expect((await flac.sources.open(flac.origin.url(), soon())).record.tags.artwork).toMatchObject({
      mime: 'image/jpeg',
    });
    const bytes = await inFolder(async (folder) => {
      await ffmpeg(['-i', (await source('chapters.m4a')).path, '-map', '0:a', '-c:a', 'flac', `${folder}/a.mkv`]);
      return await readFile(`${folder}/a.mkv`);
    });
    await using mkv = await setting(bytes);
    const { tags } = (await mkv.sources.open(mkv.origin.url(), soon())).record;
    expect(tags.chapters.map(({ startMs, title }) => [startMs, title])).toEqual([
      [0, 'Anfang'],
      [6666, 'Mitte'],
      [13332, 'Ende'],
    ]);
  });
});

describe('refused with the reason', () => {
  const VIDEO = ['-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64', '-an'];
  it.each([
    ['a.mkv', ['-c:a', 'ac3'], 'CODEC_UNSUPPORTED', 'A_AC3'],
    ['a.wav', ['-c:a', 'adpcm_ms'], 'CODEC_UNSUPPORTED', 'wave format 2'],
    ['a.mkv', ['-c:a', 'tta', '-strict', '-2'], 'CODEC_UNSUPPORTED', 'A_TTA1'],
  ])('%s of %j is %s', async (name, args, code, detail) => {
    await using at = await setting(await noise(name, args));
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(detail) as string,
    });
  });

  it.each([
    ['a.webm', ['-c:v', 'libvpx']],
    ['a.ogv', ['-c:v', 'libtheora']],
  ])('%s without sound', async (name, args) => {
    const bytes = await inFolder(async (folder) => {
      await ffmpeg([...VIDEO, ...args, join(folder, name)]);
      return await readFile(join(folder, name));
    });
    await using at = await setting(bytes);
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({ code: 'SOURCE_NO_AUDIO' });
  });

  it.each(NAMES)('%s with nothing behind its first 100 bytes', async (name) => {
    await using at = await setting((await bytesOf(name)).subarray(0, 100));
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({
      code: expect.stringMatching(/^SOURCE_(?:DAMAGED|NO_AUDIO)$/) as string,
    });
  });
});
