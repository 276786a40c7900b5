import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decode, ffmpeg, inFolder, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { samplesOf, slicePcm, snr } from '../support/signal.ts';
import { source } from '../support/sources.ts';
import { decodeRun, setting, soon } from './setting.ts';

/** What ffmpeg writes into a file of that name. */
const made = (args: readonly string[], name: string): Promise<Buffer> =>
  inFolder(async (folder) => {
    await ffmpeg([...args, join(folder, name)]);
    return await readFile(join(folder, name));
  });

const copied = async (before: readonly string[], after: readonly string[]): Promise<Buffer> =>
  await made([...before, '-i', (await source('front.m4a')).path, '-c', 'copy', ...after], 'out.mp4');

const FRAGMENTS = ['-movflags', 'frag_keyframe+empty_moov', '-frag_duration', '1000000'];
const NOISE = ['-f', 'lavfi', '-i', 'anoisesrc=d=8:c=pink:r=44100:a=0.5'];
const encoded = (rate: number): Promise<Buffer> =>
  made([...NOISE, '-ar', `${rate}`, '-ac', '2', '-c:a', 'aac'], 'out.m4a');

/** ffmpeg writes that there is no SBR behind the configuration of AAC-LC; that is changed. */
function withConfig(file: Buffer, change: (config: Buffer) => void): Buffer {
  const at = file.indexOf(Buffer.from([0x56, 0xe5, 0x00]));
  change(file.subarray(at - 2, at + 3));
  return file;
}

/** As players and downloaders copy video from one container to the other. */
const throughMatroska = (): Promise<Buffer> =>
  inFolder(async (folder) => {
    const [matroska, movie] = [join(folder, 'in.mkv'), join(folder, 'out.mp4')];
    await ffmpeg(['-i', (await source('48k.m4a')).path, '-c', 'copy', matroska]);
    await ffmpeg(['-i', matroska, '-c', 'copy', movie]);
    return await readFile(movie);
  });

const MOVIES: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ['in fragments', () => copied([], FRAGMENTS)],
  ['as for DASH', () => copied([], ['-movflags', 'dash+frag_keyframe+empty_moov', '-frag_duration', '1000000'])],
  ['whose edit list leaves its start out', () => copied(['-ss', '3.21'], ['-t', '9.5'])],
  ['at 24 kHz', () => encoded(24_000)],
  [
    'whose configuration states HE-AAC',
    async () => withConfig(await encoded(22_050), (config) => (config[4] = 0x80 | (4 << 3))),
  ],
  ['whose timestamps were rounded to milliseconds', () => throughMatroska()],
  [
    'of Opus whose priming no edit list takes off',
    () => made([...NOISE, '-ar', '48000', '-c:a', 'libopus', '-b:a', '160k', '-strict', '-2', ...FRAGMENTS], 'out.mp4'),
  ],
  ['of MP3', () => made([...NOISE, '-c:a', 'libmp3lame', '-b:a', '128k'], 'out.mp4')],
];

describe('a movie', () => {
  it.each(MOVIES)('%s has the sound of the whole', async (_, make) => {
    const bytes = await make();
    const whole = await decode(bytes, SYSTEM_FFMPEG === null ? {} : { binary: SYSTEM_FFMPEG });
    await using at = await setting(bytes);
    const opened = await at.sources.open(at.origin.url(), soon());
    const { samples, sampleRate } = opened.record;
    expect(sampleRate).toBe(whole.sampleRate);
    // ffmpeg gives the last packet whole, a track says how much of it counts.
    expect(samplesOf(whole) - (samples ?? 0)).toBeGreaterThanOrEqual(0);
    expect(samplesOf(whole) - (samples ?? 0)).toBeLessThan(2048);
    for (const from of [0, 100_000, (samples ?? 0) - 20_000]) {
      const run = await decodeRun(at.sources, opened, from, from + 10_000);
      expect(snr(run, slicePcm(whole, from, from + 10_000)), `from ${from}`).toBeGreaterThan(40);
    }
  });

  it('without sound, of another codec, or cut off before its index is refused with the reason', async () => {
    const cut = (await readFile((await source('end.m4a')).path)).subarray(0, 200_000);
    const refused: readonly (readonly [Buffer, string, string])[] = [
      [await made(['-f', 'lavfi', '-i', 'testsrc=d=1:s=64x64', '-c:v', 'libx264'], 'out.mp4'), 'SOURCE_NO_AUDIO', ''],
      [await made([...NOISE, '-c:a', 'ac3'], 'out.mp4'), 'CODEC_UNSUPPORTED', 'ac3'],
      [cut, 'SOURCE_DAMAGED', ''],
    ];
    for (const [bytes, code, detail] of refused) {
      await using at = await setting(bytes);
      await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({
        code,
        detail: expect.stringContaining(detail) as string,
      });
    }
  });

  it('has its title, its cover and its chapters', async () => {
    await using at = await setting(await source('chapters.m4a'));
    const { tags } = (await at.sources.open(at.origin.url(), soon())).record;
    expect(tags).toMatchObject({
      title: 'Ein Stück über Töne',
      artist: 'Baton',
      album: 'Tests',
      artwork: { mime: 'image/jpeg' },
    });
    expect(tags.chapters.map(({ startMs, title }) => [startMs, title])).toEqual([
      [0, 'Anfang'],
      [6666, 'Mitte'],
      [13332, 'Ende'],
    ]);
    expect(tags.chapters.at(-1)?.endMs).toBe(20_002);
  });

  it('is read by several listeners at once, in few requests, and its index only once', async () => {
    const fixture = await source('hour-front.m4a', { seconds: 900 });
    await using at = await setting(fixture);
    const opened = await at.sources.open(at.origin.url(), soon());
    const requests = at.origin.seen.length;
    await Promise.all(
      [1, 2, 3].map((part) => decodeRun(at.sources, opened, part * 9_000_000, part * 9_000_000 + 105_840)),
    );
    expect(at.origin.seen.length - requests).toBeLessThanOrEqual(6);
    await at.sources.close();

    const later = at.another(at.store);
    const before = at.origin.bytesSent;
    const again = await later.open(at.origin.url(), soon());
    const run = await decodeRun(later, again, 20_000_000, 20_050_000);
    expect(snr(run, fixture.pcm(20_000_000, 20_050_000))).toBeGreaterThan(5);
    expect(at.origin.bytesSent - before).toBeLessThan(256 * 1024);
  });

  it('goes on after a listener left in the middle of a read', async () => {
    const fixture = await source('hour-front.m4a', { seconds: 900 });
    await using at = await setting(fixture);
    const opened = await at.sources.open(at.origin.url(), soon());
    at.origin.behaviour.stallAfter = 5_000;
    const left = AbortSignal.timeout(100);
    const run = await at.sources.packets(opened, 5_000_000, 5_100_000, left);
    await expect(run.packets[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: 'TimeoutError' });
    delete at.origin.behaviour.stallAfter;
    const sound = await decodeRun(at.sources, opened, 5_000_000, 5_010_000);
    expect(snr(sound, fixture.pcm(5_000_000, 5_010_000))).toBeGreaterThan(5);
  });
});
