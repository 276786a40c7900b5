import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { hugePng, id3WithCover, manyChannels, withBoxNumber } from '../support/bombs.ts';
import { get } from '../support/client.ts';
import { decode, ffprobe } from '../support/ffmpeg.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { startOrigin } from '../support/origin.ts';
import { splitFrames } from '../support/mp3-forge.ts';
import { promised } from '../support/promise.ts';
import { promisedFile } from '../support/promised-file.ts';
import { locate, samplesOf, slicePcm } from '../support/signal.ts';
import { source, type SourceName } from '../support/sources.ts';

const MiB = 2 ** 20;
const OPTIONS = 'codec.mp3~bitrate.96k';
/** Eight seconds: beyond where the tables lie. */
const LONG_BYTES = 96_000;

interface Peak {
  readonly ffmpegBytes: number;
  readonly ourBytes: number;
}

/** What `work` gives, and the most memory that any ffmpeg had meanwhile, and that we had on top. */
async function measured<T>(work: () => Promise<T>): Promise<{ value: T; peak: Peak }> {
  const before = process.memoryUsage.rss();
  let ffmpegBytes = 0;
  let most = before;
  let done = false;
  const watch = async (): Promise<void> => {
    while (!done) {
      most = Math.max(most, process.memoryUsage.rss());
      for (const pid of await ffmpegProcesses()) {
        const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
        ffmpegBytes = Math.max(ffmpegBytes, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const watching = watch();
  const value = await work().finally(() => (done = true));
  await watching;
  return { value, peak: { ffmpegBytes, ourBytes: most - before } };
}

async function served<T>(content: Uint8Array, use: (url: string, baton: TestBaton) => Promise<T>): Promise<T> {
  await using origin = await startOrigin(content);
  await using baton = await startBaton({ allowOrigins: [origin.origin], config: { spoolBytes: 4 * MiB } });
  return await use(baton.file(origin.url('/source'), OPTIONS), baton);
}

const codeOf = (bytes: Buffer): unknown => (JSON.parse(bytes.toString()) as { code: string }).code;

test('a cover of 256 million pixels is neither decoded nor passed on', async () => {
  const cover = await hugePng(16_000);
  expect(cover.length).toBeGreaterThan(200_000);
  const { bytes } = await source('cbr.mp3');
  await served(Buffer.concat([id3WithCover(cover), bytes]), async (url) => {
    const { value, peak } = await measured(() => get(url));
    expect(value).toMatchObject({ status: 200, complete: true });
    expect((await ffprobe(value.bytes))?.streams.map(({ codec_type }) => codec_type) ?? ['audio']).toEqual(['audio']);
    expect(peak.ffmpegBytes).toBeGreaterThan(0);
    expect(peak.ffmpegBytes).toBeLessThan(100 * MiB);
    expect(peak.ourBytes).toBeLessThan(150 * MiB);
  });
});

test.each([
  ['a packet of two gigabytes', 'stsz', 12 + 4 * 100, 0x7fffffff],
  ['packets of four gigabytes each', 'stsz', 4, 0xfffffff0],
  ['four billion packets', 'stsz', 8, 0xffffffff],
  ['packets that last for years', 'stts', 12, 0x7fffffff],
  ['four billion runs of durations', 'stts', 4, 0xffffffff],
  ['a table that is larger than the file', 'stco', 4, 0xffffffff],
  ['a place beyond the file', 'stco', 8, 0xfffffff0],
])('a movie that claims %s is refused or finished, in bounded memory and time', async (_, type, offset, value) => {
  const movie = withBoxNumber((await source('front.m4a')).bytes, type, offset, value);
  await served(movie, async (url, baton) => {
    const stop = AbortSignal.timeout(15_000);
    const { value: answer, peak } = await measured(() => get(url, { leaveAfter: LONG_BYTES, signal: stop }));
    if (answer.status === 200)
      expect(answer.complete || baton.usage.at(-1)?.error != null || answer.bytes.length >= LONG_BYTES).toBe(true);
    else expect(codeOf(answer.bytes)).toMatch(/^SOURCE_|^CODEC_|^ENCODER_LIMIT/);
    expect(answer.status === 200 || answer.status < 500 || answer.status === 502).toBe(true);
    expect(peak.ffmpegBytes).toBeLessThan(300 * MiB);
    expect(peak.ourBytes).toBeLessThan(200 * MiB);
  });
});

test.each([
  ['AAC', 'm4a', 96_000, ['-c:a', 'aac', '-b:a', '512k']],
  ['PCM', 'mov', 192_000, ['-c:a', 'pcm_s24le']],
] as const)(
  'eight channels of %s in %s at %i Hz become two at 48 kHz, in bounded memory',
  async (_, extension, sampleRate, args) => {
    await served(await manyChannels(extension, sampleRate, 8, args), async (url) => {
      const { value, peak } = await measured(() => get(url));
      expect(value).toMatchObject({ status: 200, complete: true });
      const sound = await decode(value.bytes);
      expect(sound).toMatchObject({ sampleRate: 48_000, channels: 2 });
      expect(samplesOf(sound)).toBe(4 * 48_000);
      expect(peak.ffmpegBytes).toBeLessThan(150 * MiB);
      expect(peak.ourBytes).toBeLessThan(150 * MiB);
    });
  },
);

test.each(['mp3', 'zeros', 'id3'] as const)(
  'a source without end (%s) is too large, in bounded memory',
  async (what) => {
    const frames = (await source('cbr-48k-bare.mp3')).bytes;
    const endless = {
      mp3: frames,
      zeros: new Uint8Array(MiB),
      id3: Buffer.concat([Buffer.from('ID3\x04\0\0\x7f\x7f\x7f\x7f', 'latin1'), frames]),
    };
    await using origin = await startOrigin(endless[what], { endless: true, range: 'ignored' });
    await using baton = await startBaton({ allowOrigins: [origin.origin], config: { spoolBytes: MiB } });
    const { value, peak } = await measured(() => get(baton.file(origin.url(), OPTIONS)));
    const logged = await settled(
      () => baton.usage.at(-1),
      (record) => record !== undefined,
    );
    expect(logged?.error).toMatch(/^SOURCE_(TOO_LARGE|NOT_MEDIA|DAMAGED)$/);
    // Once sound was on its way, a cut is all that is left to say it with.
    if (value.status === 200) expect(value.complete).toBe(false);
    else expect(codeOf(value.bytes)).toBe(logged?.error);
    expect(origin.bytesSent).toBeLessThan(16 * MiB);
    expect(peak.ourBytes).toBeLessThan(150 * MiB);
  },
);

const SPLICES: readonly (readonly [name: string, parts: readonly (readonly [SourceName, number, number])[]])[] = [
  [
    'a mono advertisement',
    [
      ['vbr-bare.mp3', 0, 250],
      ['cbr-mono-padded.mp3', 250, 450],
      ['vbr-bare.mp3', 450, 760],
    ],
  ],
  [
    'a mono opening',
    [
      ['cbr-mono-padded.mp3', 0, 250],
      ['vbr-bare.mp3', 250, 760],
    ],
  ],
  [
    'a stereo opening',
    [
      ['vbr-bare.mp3', 0, 250],
      ['cbr-mono-padded.mp3', 250, 760],
    ],
  ],
];

test.each(SPLICES)(
  '%s in an MP3 shifts and silences nothing, and leaves chunks the same however they are made',
  async (_, parts) => {
    const frames: Uint8Array[] = [];
    for (const [name, from, to] of parts) frames.push(...splitFrames((await source(name)).bytes).slice(from, to));
    const fixture = { ...(await source('vbr-bare.mp3')), expectedSamples: 760 * 1152 };
    await using origin = await startOrigin(Buffer.concat(frames));
    for (const options of [OPTIONS, `${OPTIONS}~channels.mono`]) {
      await using baton = await startBaton({ allowOrigins: [origin.origin] });
      const whole = (await promisedFile(baton.file(origin.url(), options))).bytes;
      const sound = await decode(whole);
      const { reference, samples } = promised({ ...fixture, channels: sound.channels }, options);
      expect(samplesOf(sound)).toBe(samples);
      for (let at = 0; at + 9000 < samples; at += 24_000) {
        const { offset, score } = locate(slicePcm(sound, at), at, { reference, search: 100 });
        expect({ at, offset, isIt: score > 0.6 }).toEqual({ at, offset: 0, isIt: true });
      }

      await using other = await startBaton({ allowOrigins: [origin.origin] });
      const url = other.file(origin.url(), options);
      while ((await get(url, { method: 'HEAD' })).headers['content-length'] === undefined);
      for (let end = whole.length; end > 0; end -= 31_000) {
        const start = Math.max(0, end - 31_000);
        const part = await get(url, { range: `${start}-${end - 1}` });
        expect({ start, same: part.bytes.equals(whole.subarray(start, end)) }).toEqual({ start, same: true });
      }
    }
  },
);

test('frames of another sample rate are no sound of the stream, and shift nothing', async () => {
  const [frames, others, more] = [
    splitFrames((await source('vbr-bare.mp3')).bytes),
    splitFrames((await source('cbr-48k-bare.mp3')).bytes),
    splitFrames((await source('mpeg2-22k.mp3')).bytes),
  ];
  const mixed = [
    frames.slice(0, 250),
    others.slice(0, 40),
    frames.slice(250, 500),
    more.slice(0, 40),
    frames.slice(500),
  ];
  const fixture = await source('vbr-bare.mp3');
  await served(Buffer.concat(mixed.flat()), async (url) => {
    const { bytes } = await promisedFile(url);
    const sound = await decode(bytes);
    const { reference, samples } = promised(fixture, OPTIONS);
    expect(samplesOf(sound)).toBe(samples);
    for (let at = 0; at + 9000 < samples; at += 96_000)
      expect(locate(slicePcm(sound, at), at, { reference, search: 100 })).toMatchObject({ offset: 0 });
  });
});
