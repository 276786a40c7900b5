import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verify } from '../../src/verify/verify.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode, FFMPEG, ffprobe, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { ffmpegKiller } from '../support/ffmpeg-killer.ts';
import { readAnswer, type Framed } from '../support/framed.ts';
import { settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promised } from '../support/promise.ts';
import { locate, randomNumbers, samplesOf } from '../support/signal.ts';
import { source, type SourceName } from '../support/sources.ts';

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

const stream = (from: TestBaton, url: string, options: string): string => from.file(url, options, { name: 'e.mp4' });

async function play(name: SourceName, options: string, seconds = 20): Promise<{ framed: Framed; bytes: Buffer }> {
  origin.content = (await source(name, { seconds })).bytes;
  const answer = await get(stream(baton, origin.url(`/${seconds}/${name}`), options));
  expect(answer).toMatchObject({ status: 200, complete: true });
  return { framed: readAnswer(answer), bytes: answer.bytes };
}

/** Frame length in samples, and the name in `codecs`. */
const CODECS = { aac: [1024, 'mp4a.40.2'], opus: [960, 'Opus'] } as const;
const codecOf = (options: string): 'aac' | 'opus' => (options.startsWith('codec.aac') ? 'aac' : 'opus');

describe.each<[SourceName, string]>([
  ['vbr-xing.mp3', 'codec.aac~bitrate.96k'],
  ['vbr-xing.mp3', 'codec.opus~bitrate.64k'],
  ['mono.m4a', 'codec.aac~bitrate.64k'],
  ['mpeg2-24k.mp3', 'codec.opus~bitrate.96k~channels.stereo'],
  ['chapters.m4a', 'codec.aac~bitrate.128k~channels.mono~start.1230ms~end.9010ms'],
  ['cbr.mp3', 'codec.opus~bitrate.128k~start.7000ms'],
])('%s as %s', (name, options) => {
  const codec = codecOf(options);
  const [frameSamples, codecName] = CODECS[codec];
  let framed: Framed;
  let bytes: Buffer;
  let samples: number;
  let priming: number;
  let channels: 1 | 2;
  let reference: ReturnType<typeof promised>['reference'];

  beforeAll(async () => {
    ({ framed, bytes } = await play(name, options));
    ({ priming } = framed);
    // MP3 of 128 kbit/s has the same rate, channels and trims, and what it has to hold is known.
    const like = options.replace(/^codec\.\w+~bitrate\.\d+k/, 'codec.mp3~bitrate.192k');
    ({ samples, channels, reference } = promised(await source(name), like));
  });

  test.each([FFMPEG, SYSTEM_FFMPEG ?? FFMPEG])('is all of it and in place, by %s', async (binary) => {
    const pcm = await decode(bytes, { binary });
    expect(pcm).toMatchObject({ sampleRate: 48_000, channels });
    expect(samplesOf(pcm)).toBeGreaterThanOrEqual(samples);
    expect(samplesOf(pcm) - samples).toBeLessThan(frameSamples); // ffmpeg leaves the padding of the last frame
    for (const at of [4_800, Math.floor(samples / 2), samples - 9_600]) {
      const stretch = { ...pcm, data: pcm.data.subarray(at * channels, samples * channels) };
      const { offset, score } = locate(stretch, at, { reference, search: 1500 });
      expect([offset, score > 0.9]).toEqual([0, true]);
    }
  });

  test('has frames without a gap from 0 on, which end with the last sample', () => {
    const end = framed.frames.at(-1);
    expect(framed.frameSamples).toBe(frameSamples);
    expect(framed.isWhole).toBe(true);
    expect(framed.frames.map(({ time }) => time)).toEqual(framed.frames.map((_, index) => index * frameSamples));
    expect((end?.time ?? 0) + (end?.duration ?? 0) - priming).toBe(samples);
    expect(framed.frames).toHaveLength(Math.ceil((samples + priming) / frameSamples));
  });

  test('comes in fragments of at most 500 ms, the first of at most 100 ms', () => {
    const lengths = framed.fragments.map(({ frames }) => (frames.length * frameSamples) / 48);
    expect(lengths[0]).toBeLessThanOrEqual(100);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(500);
    expect(lengths.length).toBeLessThanOrEqual(samples / 24_000 + 3);
    const sequences = framed.fragments.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...new Set(sequences)].sort((a, b) => a - b));
  });

  test('says what it is, where it is each second, and that it is over', () => {
    const [start, metadata, ...others] = framed.events;
    expect(framed.boxes.slice(0, 4).map(({ type }) => type)).toEqual(['ftyp', 'moov', 'emsg', 'emsg']);
    expect(start).toMatchObject({
      ...{ type: 'start', time: 0, frame: 0, codec: codecName, duration: samples / 48_000, legSeconds: null },
      ...{
        version: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
        bitrate: Number(/(\d+)k/.exec(options)?.[1]) * 1000,
      },
    });
    expect(metadata).toMatchObject({ type: 'metadata' });
    expect(metadata?.['chapters']).toHaveLength(name === 'chapters.m4a' ? 2 : 0);
    expect(others.at(-1)).toMatchObject({
      type: 'end',
      reason: 'eos',
      time: expect.closeTo(samples / 48_000, 5) as number,
    });
    expect(others.at(-1)?.fragmentsBefore).toBe(framed.fragments.length);
    const positions = others.slice(0, -1);
    expect(new Set(positions.map(({ type }) => type))).toEqual(new Set(['position']));
    const places = [...positions.map(({ time = NaN }) => time), samples / 48_000];
    expect(places[0]).toBe(0);
    for (const [index, place] of places.slice(1).entries()) expect(place - (places[index] ?? 0)).toBeLessThan(1 + 1e-5);
    for (const { at, time = NaN, fragmentsBefore } of positions) {
      const frame = framed.fragments[fragmentsBefore]?.frames[0];
      expect(at).toBe(Math.max(0, (frame?.time ?? NaN) - priming));
      expect(time).toBeCloseTo(at / 48_000, 5);
    }
    expect(framed.events.map(({ id }) => id)).toEqual(framed.events.map((_, index) => index + 1));
  });
});

test('metadata is that of the source, with chapters on the time of the stream', async () => {
  const { framed } = await play('chapters.m4a', 'codec.aac~bitrate.64k~start.2000ms');
  const { tags, chapters } = await ffprobe((await source('chapters.m4a')).path).then((probed) => ({
    tags: probed?.format.tags,
    chapters: probed?.chapters.map(({ start_time, end_time, tags: own }) => ({
      start: Math.max(0, Number(start_time) - 2),
      end: Number(end_time) - 2,
      title: own?.['title'],
    })),
  }));
  expect(framed.events[1]).toMatchObject({ title: tags?.['title'], artist: tags?.['artist'] });
  expect(framed.events[1]?.['chapters']).toEqual(
    chapters
      ?.filter(({ end }) => end > 0)
      .map((chapter) => ({
        ...{ title: chapter.title, start: expect.closeTo(chapter.start, 2) as number },
        end: expect.closeTo(chapter.end, 2) as number,
      })),
  );
});

test('`baton verify` is content', async () => {
  const url = stream(baton, origin.url('/20/vbr-xing.mp3'), 'codec.aac~bitrate.96k');
  const result = (await verify({ url, only: ['events'] })).find(({ id }) => id === 'events');
  expect(result).toMatchObject({ result: 'ok', seen: 'start, metadata, position … position, position, end' });
});

test('HEAD says what GET would, a range is ignored, and nothing may be kept', async () => {
  origin.content = (await source('vbr-xing.mp3')).bytes;
  const url = stream(baton, origin.url('/20/vbr-xing.mp3'), 'codec.aac~bitrate.96k');
  const head = await get(url, { method: 'HEAD' });
  const part = await get(url, { range: '100-200' });
  for (const answer of [head, part]) {
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      ...{ 'content-type': 'audio/mp4', 'cache-control': 'no-store', 'accept-ranges': 'none' },
      'access-control-allow-origin': '*',
    });
    expect(answer.headers['content-length']).toBeUndefined();
    expect(answer.headers.etag).toBeUndefined();
  }
  expect(head.bytes).toHaveLength(0);
  expect(readAnswer(part).events.at(-1)).toMatchObject({ type: 'end', reason: 'eos' });
});

test('a source whose length nobody states streams all the same, and ends where it ends', async () => {
  const made = await source('vbr-bare.mp3', { seconds: 30 });
  await using slow = await startOrigin(made.bytes, { bytesPerSecond: 150_000 });
  await using fresh = await startBaton({ allowOrigins: [slow.origin] });
  const url = stream(fresh, slow.url(), 'codec.aac~bitrate.64k');
  const unknown = readAnswer(await get(url));
  const known = readAnswer(await get(url));
  expect(unknown.events[0]).toMatchObject({ type: 'start', duration: null });
  expect(known.events[0]).toMatchObject({ type: 'start', duration: expect.any(Number) as number });
  expect(unknown.events.at(-1)).toEqual({ ...known.events.at(-1), id: unknown.events.length });
  expect(unknown.frames).toEqual(known.frames);
});

describe('a source that fails', () => {
  test('before the first frame still has a status', async () => {
    await using broken = await startOrigin((await source('cbr.mp3')).bytes, { status: 404 });
    await using fresh = await startBaton({ allowOrigins: [broken.origin] });
    const answer = await get(stream(fresh, broken.url(), 'codec.aac~bitrate.64k'));
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'SOURCE_MISSING' });
  });

  test('for good behind it is told as an event, and what came before can be gone on from', async () => {
    const { bytes } = await source('cbr.mp3', { seconds: 20 });
    let isBroken = true;
    await using broken = await startOrigin((seen) => {
      const from = Number(/^bytes=(\d+)/.exec(seen.range ?? '')?.[1]);
      if (isBroken && from >= 120_000 && from < bytes.length - 40_000) throw new Error('as planned');
      return bytes;
    });
    await using fresh = await startBaton({ allowOrigins: [broken.origin] });
    const url = stream(fresh, broken.url(), 'codec.aac~bitrate.64k');
    const answer = await get(url);
    const cut = readAnswer(answer);
    expect(answer.complete).toBe(true);
    expect(cut.events.filter(({ type }) => type === 'error' || type === 'end')).toHaveLength(1);
    const error = cut.events.at(-1);
    expect(error).toMatchObject({ type: 'error', code: 'SOURCE_CUT', retryAfterSeconds: null });
    expect(error?.['message']).toMatch(/broke off/);
    expect(cut.frames.length).toBeGreaterThan(100);
    expect(fresh.usage.at(-1)).toMatchObject({
      status: 200,
      outcome: 'cut',
      error: 'SOURCE_CUT',
      bytes: answer.bytes.length,
    });
    isBroken = false;
    const rest = readAnswer(await get(`${url}/r.${String(error?.token)}`));
    const whole = readAnswer(await get(url));
    expect([...cut.frames, ...rest.frames].map(({ bytes: frame }) => frame)).toEqual(
      whole.frames.map(({ bytes: frame }) => frame).slice(0, cut.frames.length + rest.frames.length),
    );
  });
});

test('ffmpeg that is killed in mid-stream is not noticed', async () => {
  const { bytes } = await source('cbr.mp3', { seconds: 40 });
  await using calm = await startOrigin(bytes);
  await using first = await startBaton({ allowOrigins: [calm.origin] });
  await using second = await startBaton({ allowOrigins: [calm.origin] });
  const reference = await get(stream(first, calm.url(), 'codec.aac~bitrate.64k'));
  let killed = 0;
  let disturbed;
  {
    await using killer = ffmpegKiller(randomNumbers(3), 1, 2);
    disturbed = await get(stream(second, calm.url(), 'codec.aac~bitrate.64k'));
    killed = killer.killed();
  }
  expect(killed).toBeGreaterThan(0);
  expect(readAnswer(disturbed).frames).toEqual(readAnswer(reference).frames);
});

test('a listener who leaves stops all that was done for them', async () => {
  const made = await source('cbr.mp3', { seconds: 60 });
  await using slow = await startOrigin(made.bytes, { bytesPerSecond: 60_000 });
  await using fresh = await startBaton({ allowOrigins: [slow.origin] });
  const left = await get(stream(fresh, slow.url(), 'codec.aac~bitrate.64k'), { leaveAfter: 2_000 });
  expect(left.complete).toBe(false);
  const isQuiet = (): boolean => slow.seen.every(({ state }) => state !== 'open');
  expect(await settled(isQuiet, (is) => is)).toBe(true);
  const usage = await settled(
    () => fresh.usage,
    (lines) => lines.length > 0,
  );
  expect(usage).toMatchObject([{ outcome: 'left', error: null, leg: { from: 0, end: null } }]);
});
