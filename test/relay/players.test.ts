import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { TITLES } from '../support/fixture-encode.ts';
import { MPV, playWithMpv } from '../support/mpv.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised } from '../support/promise.ts';
import { locate, samplesOf, slicePcm } from '../support/signal.ts';
import { source } from '../support/sources.ts';

let origin: Origin;
let baton: TestBaton;
beforeAll(async () => {
  origin = await startOrigin(new Uint8Array());
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

/** The last: how many samples a player may add at the end, where it does not heed what is said of the last frame. */
const OUTPUTS = [
  ['codec.mp3~bitrate.96k', 'episode.mp3', 'mp3', 0],
  ['codec.mp3~bitrate.32k~channels.mono', 'episode.mp3', 'mp3', 0],
  ['codec.opus~bitrate.32k', 'episode.opus', 'opus', 0],
  ['codec.opus~bitrate.256k', 'episode.opus', 'opus', 0],
  ['codec.pcm', 'episode.wav', 'pcm_s16le', 0],
  ['codec.aac~bitrate.96k', 'episode.mp4', 'aac', 1024],
  ['codec.opus~bitrate.64k', 'episode.mp4', 'opus', 960],
] as const;

describe.runIf(MPV !== null)('mpv', () => {
  test.each(OUTPUTS)('plays %s as %s: all of it, in place, with its title and chapters', async (...row) => {
    const [options, name, codec, spare] = row;
    const fixture = await source('chapters.m4a');
    origin.content = fixture.bytes;
    const { bytes } = await get(baton.file(origin.url('/chapters.m4a'), options, { name }));
    const played = await playWithMpv(MPV ?? '', bytes, name);
    expect(played).toMatchObject({ code: 0, complaints: '', codec, title: TITLES.title, chapters: 3 });
    const { reference, samples } = promised(fixture, options);
    expect(samplesOf(played.sound)).toBeGreaterThanOrEqual(samples);
    expect(samplesOf(played.sound)).toBeLessThanOrEqual(samples + spare);
    for (const at of [0, Math.floor(samples / 2), samples - 24_000])
      expect(locate(slicePcm(played.sound, at), at, { reference, search: 1200 })).toMatchObject({ offset: 0 });
  });
});
