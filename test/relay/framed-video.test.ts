import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode } from '../support/ffmpeg.ts';
import { beepTimes, film, seenFrames } from '../support/film.ts';
import { part } from '../support/framed-film.ts';
import { hlsFilm } from '../support/hls-film.ts';
import { startHlsOrigin } from '../support/hls-origin.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const LONG_GOP = [
  '-c:v',
  'libx264',
  '-preset',
  'veryfast',
  '-g',
  '1000',
  '-bf',
  '3',
  '-sc_threshold',
  '0',
  '-crf',
  '24',
];
const SOUND = 'codec.aac~bitrate.64k';

let origin: Origin;
let baton: TestBaton;

beforeAll(async () => {
  origin = await startOrigin(await film({ video: LONG_GOP }));
  baton = await startBaton({ allowOrigins: [origin.origin], config: { legMs: 7_000 } });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

const stream = (options: string, path = '/film.mp4', name = 'film.mp4'): string =>
  baton.file(origin.url(path), options, { name });

test('a stream has its pictures beside its sound, each before the sound it is shown with', async () => {
  const answer = await get(stream(`${SOUND}~video.480p`));
  expect(answer.headers['content-type']).toBe('video/mp4');
  const { sound, pictures, fragments } = part(answer.bytes);
  expect(sound.events[0]).toMatchObject({
    type: 'start',
    codec: expect.stringMatching(/^avc1\.64[0-9a-f]{4},mp4a\.40\.2$/) as string,
    video: { width: 320, height: 180, frameRate: 25 },
  });
  expect(sound.events.at(-1)).toMatchObject({ type: 'end', reason: 'eos' });
  expect((await seenFrames(pictures)).map(({ number }) => number)).toEqual(Array.from({ length: 350 }, (_, i) => i));
  for (const { at, soundBefore } of fragments) {
    const before = sound.fragments[soundBefore - 1]?.frames.at(-1);
    expect(before === undefined ? 0 : before.time / 48_000).toBeLessThan(Math.max(at, 0.01) + 0.6);
  }
  const pcm = await decode(answer.bytes);
  const beeps = beepTimes(
    pcm.data.filter((_, index) => index % pcm.channels === 0),
    pcm.sampleRate,
  );
  for (const [index, beep] of beeps.entries()) expect(Math.abs(beep - index)).toBeLessThan(0.02);
});

test('legs end where pictures can be begun with, and together have every frame', async () => {
  const url = stream(`${SOUND}~video.480p`);
  const seen = new Set<number>();
  let [place, legs]: [string | null, number] = ['t.0', 0];
  let frames = 0;
  while (place !== null) {
    const { sound, pictures } = part((await get(`${url}/${place}`)).bytes);
    const numbers = (await seenFrames(pictures)).map(({ number }) => number);
    expect(numbers[0] ?? NaN).toBe(legs === 0 ? 0 : [0, 150, 300][legs]);
    for (const number of numbers) seen.add(number);
    frames += numbers.length;
    const end = sound.events.at(-1);
    expect(end?.type).toBe('end');
    place = end?.['reason'] === 'leg' ? `r.${String(end.token)}` : null;
    legs += 1;
  }
  expect(legs).toBeGreaterThan(1);
  expect(seen.size).toBe(350);
  expect(frames).toBe(350);
});

test.each(['ts', 'fmp4'] as const)(
  'legs of a film from HLS in %s have every frame, and their joins do not overlap',
  async (kind) => {
    await using files = await startHlsOrigin(await hlsFilm({ kind }));
    await using relay = await startBaton({ allowOrigins: [files.origin], config: { legMs: 7_000 } });
    const url = relay.file(files.url('/main.m3u8'), `${SOUND}~video.480p`, { name: 'film.mp4' });
    const numbers: number[] = [];
    let [place, legs]: [string | null, number] = ['t.0', 0];
    for (; place !== null; legs++) {
      const { sound, pictures } = part((await get(`${url}/${place}`)).bytes);
      numbers.push(...(await seenFrames(pictures)).map(({ number }) => number));
      const end = sound.events.at(-1);
      expect(end?.type).toBe('end');
      place = end?.['reason'] === 'leg' ? `r.${String(end.token)}` : null;
    }
    expect(legs).toBeGreaterThan(1);
    expect(numbers).toEqual(Array.from({ length: 350 }, (_, number) => number));
  },
);

test('a film without sound has silence beside its pictures, in legs that have every frame', async () => {
  await using files = await startHlsOrigin({ '/film.mp4': await film({ audio: null, video: LONG_GOP }) });
  await using relay = await startBaton({ allowOrigins: [files.origin], config: { legMs: 7_000 } });
  const url = relay.file(files.url('/film.mp4'), `${SOUND}~video.480p`, { name: 'film.mp4' });
  const whole = await get(url);
  const { sound } = part(whole.bytes);
  expect(sound.events[0]).toMatchObject({ duration: 14, codec: expect.stringMatching(/,mp4a/) as string });
  const heard = await decode(whole.bytes);
  expect(heard.data.length / heard.channels / heard.sampleRate).toBeCloseTo(14, 1);
  expect(heard.data.every((sample) => Math.abs(sample) <= 1)).toBe(true);
  const numbers: number[] = [];
  let [place, legs]: [string | null, number] = ['t.0', 0];
  for (; place !== null; legs++) {
    const leg = part((await get(`${url}/${place}`)).bytes);
    numbers.push(...(await seenFrames(leg.pictures)).map(({ number }) => number));
    const end = leg.sound.events.at(-1);
    place = end?.['reason'] === 'leg' ? `r.${String(end.token)}` : null;
  }
  expect(legs).toBeGreaterThan(1);
  expect(numbers).toEqual(Array.from({ length: 350 }, (_, number) => number));
  const alone = await get(relay.file(files.url('/film.mp4'), SOUND, { name: 'film.mp4' }));
  expect(JSON.parse(alone.bytes.toString())).toMatchObject({ code: 'SOURCE_NO_AUDIO' });
});

test('who seeks gets the pictures from the key frame on that is needed', async () => {
  const { sound, pictures } = part((await get(`${stream(`${SOUND}~video.480p`)}/t.8000`)).bytes);
  expect(sound.events[0]).toMatchObject({ type: 'start' });
  const numbers = (await seenFrames(pictures)).map(({ number }) => number);
  expect(numbers[0]).toBe(150);
  expect(numbers).toContain(200);
});

test('what cannot be is refused', async () => {
  const codeOf = async (url: string): Promise<string> =>
    (JSON.parse((await get(url)).bytes.toString()) as { code: string }).code;
  expect(await codeOf(stream(`${SOUND}~start.1000ms~video.480p`))).toBe('OPTIONS_INVALID');
  expect(await codeOf(stream('codec.mp3~bitrate.64k~video.480p', '/film.mp4', 'film.mp3'))).toBe('OPTIONS_INVALID');
  expect(await codeOf(stream(`${SOUND}~video.0480p`))).toBe('OPTIONS_INVALID');
  origin.content = (await source('cbr.mp3', { seconds: 8 })).bytes;
  expect(await codeOf(stream(`${SOUND}~video.480p`, '/sound.mp3'))).toBe('SOURCE_NO_VIDEO');
});
