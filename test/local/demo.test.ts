import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeDemo, describeStudio, makeLink, type Demo, type Signer } from '../../src/local/demo-api.ts';
import { demoBreaks } from '../../src/local/demo-breaks.ts';
import { demoEpisode, type DemoEpisode } from '../../src/local/demo-episode.ts';
import { music } from '../../src/local/demo-music.ts';
import { startDemoOrigin, type DemoOrigin } from '../../src/local/demo-origin.ts';
import { parseDuration, parseTime } from '../../src/local/time-text.ts';
import { readId3 } from '../../src/media/id3.ts';
import { addKey, type Keys } from '../../src/sign/keys.ts';
import { readLink } from '../../src/sign/link.ts';
import { readPublisherToken } from '../../src/sign/publisher-token.ts';
import { get } from '../support/client.ts';
import { decode, FFMPEG, ffmpeg, ffprobe } from '../support/ffmpeg.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { samplesOf } from '../support/signal.ts';
import { icySplitter } from '../../src/media/icy.ts';

const SAMPLES = 92 * 16 * 7350;
const keys: Keys = addKey({ current: '', byId: new Map() }, { kid: 'k1', secret: new Uint8Array(32).fill(7) });
const fractions: number[] = [];
let folder = '';
let episode: DemoEpisode;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'baton-test-'));
  const { signal } = new AbortController();
  episode = await demoEpisode(folder, { path: FFMPEG, signal, onProgress: (fraction) => fractions.push(fraction) });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the demo episode', () => {
  it('decodes to every sample that was composed, neither silent nor clipped', async () => {
    const heard = await decode(episode.file);
    expect(heard).toMatchObject({ sampleRate: 44_100, channels: 2 });
    expect(samplesOf(heard)).toBe(SAMPLES);
    expect(episode.durationMs).toBeCloseTo((SAMPLES * 1000) / 44_100, 3);
    const second = 2 * 44_100;
    const peaks = Array.from({ length: Math.floor(heard.data.length / second) }, (_, at) =>
      heard.data.subarray(at * second, (at + 1) * second).reduce((peak, value) => Math.max(peak, Math.abs(value)), 0),
    );
    expect(Math.max(...peaks)).toBeLessThan(32_767);
    expect(Math.min(...peaks.slice(1, -6))).toBeGreaterThan(3000);
    expect(peaks.at(-1)).toBeLessThan(500);
  });

  it('has a title, six chapters in a row, and a cover that is a picture', async () => {
    const { title, artist, chapters, artwork } = readId3(await readFile(episode.file));
    expect({ title, artist, chapters }).toEqual({ title: episode.title, artist: 'Baton', chapters: episode.chapters });
    expect(chapters).toHaveLength(6);
    expect(chapters.map(({ startMs }) => startMs)).toEqual([0, ...chapters.slice(0, -1).map(({ endMs }) => endMs)]);
    expect(chapters.at(-1)?.endMs).toBe(Math.round(episode.durationMs));
    expect(artwork?.bytes.length).toBeLessThan(100_000);
    expect(artwork?.bytes).toEqual(Buffer.from(episode.cover.bytes));
    const pixels = await ffmpeg(['-i', 'pipe:0', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'], episode.cover.bytes);
    expect(pixels.length).toBe(720 * 720 * 3);
  });

  it('is what it says to ffprobe', async ({ skip }) => {
    const probed = (await ffprobe(episode.file)) ?? skip('no ffprobe');
    expect(probed.streams.map(({ codec_name }) => codec_name)).toEqual(['mp3', 'png']);
    expect(Number(probed.format.duration)).toBeCloseTo(episode.durationMs / 1000, 0);
    expect(probed.chapters.map(({ tags }) => tags?.['title'])).toEqual(episode.chapters.map(({ title }) => title));
  });

  it('is composed once, tells how far it is, and leaves nothing else behind', async () => {
    expect(fractions[0]).toBe(0);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    const fail = (): void => expect.unreachable('composed again');
    const again = await demoEpisode(folder, { path: FFMPEG, signal: new AbortController().signal, onProgress: fail });
    expect({ ...again, cover: null }).toEqual({ ...episode, cover: null });
    expect(Buffer.compare(again.cover.bytes, episode.cover.bytes)).toBe(0);
    expect(await readdir(folder)).toEqual([episode.file.slice(folder.length + 1)]);
  });

  it('stops when it is asked to, without a file and without an ffmpeg', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const empty = join(folder, 'stopped');
    const onProgress = (fraction: number): void => {
      if (fraction > 0.01) stop.abort(reason);
    };
    await expect(demoEpisode(empty, { path: FFMPEG, signal: stop.signal, onProgress })).rejects.toBe(reason);
    await expect(readdir(empty)).rejects.toThrow();
    expect(await settled(ffmpegProcesses, (pids) => pids.length === 0)).toEqual([]);
  });

  it('says why it cannot be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const { signal } = new AbortController();
    const quick = demoEpisode(join(file, 'below'), { path: '/nowhere/ffmpeg', signal });
    await expect(quick).rejects.toMatchObject({ code: 'ENCODER_MISSING' });
    await rm(file);
  });

  it('sounds the same at every start', () => {
    const opening = (): string => {
      const hash = createHash('sha256');
      const played = music();
      for (let step = 0; step < 40; step++) hash.update(played.next().value ?? '');
      return hash.digest('hex');
    };
    expect(opening()).toBe(opening());
  });
});

describe('the demo origin', () => {
  let origin: DemoOrigin;
  let bytes: Buffer;

  beforeAll(async () => {
    origin = await startDemoOrigin(episode);
    bytes = await readFile(episode.file);
  });

  afterAll(() => origin.close());

  it('serves the file whole and in ranges of every form', async () => {
    const size = bytes.length;
    const whole = await get(origin.url);
    expect(whole).toMatchObject({ status: 200, complete: true });
    expect(whole.headers).toMatchObject({ 'accept-ranges': 'bytes', 'content-type': 'audio/mpeg' });
    expect(Buffer.compare(whole.bytes, bytes)).toBe(0);
    for (const [range, start, end] of [
      ['0-0', 0, 1],
      ['100-', 100, size],
      ['5-99', 5, 100],
      ['-7', size - 7, size],
      [`${size - 1}-${size + 9}`, size - 1, size],
    ] as const) {
      const part = await get(origin.url, { range });
      expect(part.status).toBe(206);
      expect(part.headers['content-range']).toBe(`bytes ${start}-${end - 1}/${size}`);
      expect(Buffer.compare(part.bytes, bytes.subarray(start, end))).toBe(0);
    }
    const beyond = await get(origin.url, { range: `${size}-` });
    expect(beyond).toMatchObject({ status: 416 });
    expect(beyond.headers['content-range']).toBe(`bytes */${size}`);
  });

  it('answers HEAD and validators, and nothing else', async () => {
    const head = await get(origin.url, { method: 'HEAD' });
    expect(head.headers['content-length']).toBe(String(bytes.length));
    const etag = head.headers.etag ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(Date.parse(head.headers['last-modified'] ?? '')).toBeGreaterThan(0);
    expect(await get(origin.url, { headers: { 'if-none-match': etag } })).toMatchObject({ status: 304 });
    expect(await get(origin.url, { range: '0-1', headers: { 'if-range': etag } })).toMatchObject({ status: 206 });
    expect(await get(origin.url, { range: '0-1', headers: { 'if-range': '"x"' } })).toMatchObject({ status: 200 });
    expect(await get(`${origin.origin}/etc/passwd`)).toMatchObject({ status: 404 });
    expect(await get(origin.url, { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('is on air, with what came before, and names to those who ask what it plays', async () => {
    const leaving = new AbortController();
    const { headers, body } = await fetch(origin.radioUrl, {
      headers: { 'icy-metadata': '1' },
      signal: leaving.signal,
    });
    expect(headers.get('content-type')).toBe('audio/mpeg');
    const splitter = icySplitter(Number(headers.get('icy-metaint')));
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    let [audio, titles] = [0, ''];
    while (audio < 64_000) {
      const { value = new Uint8Array() } = await reader.read();
      for (const part of splitter.push(value))
        if (part.kind === 'audio') audio += part.bytes.length;
        else titles += Buffer.from(part.bytes).toString();
    }
    leaving.abort();
    expect(titles).toMatch(/^StreamTitle='Baton - On the Blocks';/);
  });

  it('keeps its port when that is free, and takes another when not', async () => {
    const second = await startDemoOrigin(episode, origin.port);
    expect(second.port).not.toBe(origin.port);
    await second.close();
    const again = await startDemoOrigin(episode, second.port);
    expect(again.url).toBe(second.url);
    await again.close();
  });

  it('lets go of a reader who stays when it closes', async () => {
    const closing = await startDemoOrigin(episode);
    const response = await fetch(closing.url);
    await closing.close();
    await expect(response.arrayBuffer()).rejects.toThrow();
  });
});

describe('the demo API', () => {
  const now = 1_790_000_000;
  const signer: Signer = { keys, origin: 'http://127.0.0.1:8080', now: () => now };
  const url = 'http://127.0.0.1:1234/episode.mp3';

  it('describes the episode, and renditions whose links are good', () => {
    const breaks = demoBreaks({ failSource: () => undefined, restart: () => undefined });
    const demo: Demo = {
      episode,
      sourceUrl: url,
      feedUrl: 'http://127.0.0.1:9/feed.xml',
      radioUrl: 'http://127.0.0.1:9/radio',
      film: { title: 'A Film', url: 'http://127.0.0.1:9/film.mp4' },
      breaks,
    };
    const { episode: described, renditions, framed, radio, feed, film } = describeDemo(demo, signer);
    expect(framed.map(({ url: path }) => readLink(path, keys, 0))).toMatchObject([
      { kind: 'file', options: 'codec.opus~bitrate.96k', name: 'a-relay-in-six-legs.mp4' },
      { kind: 'file', options: 'codec.aac~bitrate.128k', name: 'a-relay-in-six-legs.mp4' },
    ]);
    expect(readLink(radio.url, keys, 0)).toMatchObject({
      ...{ kind: 'live', source: demo.radioUrl, options: 'codec.aac~bitrate.128k', name: 'baton-demo-radio.mp4' },
    });
    expect(readLink(radio.embedUrl, keys, 0)).toMatchObject({
      ...{ kind: 'embed', source: demo.radioUrl, options: 'codec.aac~bitrate.128k~kind.live' },
    });
    expect(film?.title).toBe('A Film');
    expect(readLink(film?.url ?? '', keys, 0)).toMatchObject({
      ...{ kind: 'hls', source: 'http://127.0.0.1:9/film.mp4', options: '', name: 'a-film.m3u8' },
    });
    expect(readLink(feed.url, keys, 0)).toMatchObject({ kind: 'feed', source: demo.feedUrl });
    expect(readLink(feed.embedUrl, keys, 0)).toMatchObject({
      kind: 'embed',
      options: 'codec.mp3~bitrate.96k~list.feed',
    });
    expect(described).toEqual({
      ...{ title: episode.title, artist: 'Baton', artwork: '/demo/cover' },
      ...{ sourceUrl: url, sourceBytes: episode.bytes },
    });
    expect(renditions.map(({ options }) => options)).toEqual([
      ...['codec.mp3~bitrate.64k~channels.mono', 'codec.mp3~bitrate.96k', 'codec.mp3~bitrate.128k'],
      ...['codec.mp3~bitrate.192k', 'codec.opus~bitrate.48k', 'codec.copy'],
    ]);
    for (const { url: path, embedUrl, options } of renditions) {
      expect(readLink(path, keys, 0)).toMatchObject({ kind: 'file', options, source: url, expiresAt: null });
      expect(readLink(embedUrl, keys, 0)).toMatchObject({ kind: 'embed', options, source: url });
    }
  });

  it('lets its studio publish for twelve hours, and says where that is heard', () => {
    const { token, listen } = describeStudio(signer);
    expect(readPublisherToken(token, keys, now)).toEqual({ channel: 'demo-studio', expiresAt: now + 12 * 3600 });
    const { pathname } = new URL(listen.embed);
    expect(readLink(pathname, keys, now)).toMatchObject({ kind: 'embed', source: 'ingest://demo-studio' });
  });

  it('makes absolute public links', () => {
    const made = makeLink({ url, codec: 'mp3', bitrate: '64k', start: '1:30', end: '120s', name: 'A Talk' }, signer);
    expect(made.options).toBe('codec.mp3~bitrate.64k~start.90000ms~end.120000ms');
    const { origin, pathname } = new URL(made.url);
    expect(origin).toBe(signer.origin);
    expect(readLink(pathname, keys, 0)).toMatchObject({ kind: 'file', source: url, name: 'a-talk.mp3' });
    expect(readLink(new URL(made.embedUrl).pathname, keys, 0)).toMatchObject({ kind: 'embed', name: 'a-talk.html' });
  });

  it.each([
    [null, 'OPTIONS_INVALID'],
    [[], 'OPTIONS_INVALID'],
    ['text', 'OPTIONS_INVALID'],
    [{ url, codec: 'mp3' }, 'OPTIONS_INVALID'],
    [{ url, codec: 'mp3', bitrate: 96 }, 'OPTIONS_INVALID'],
    [{ url, codec: 'mp3', bitrate: '96k', gain: '3' }, 'OPTIONS_INVALID'],
    [{ url, codec: 'mp3', bitrate: '96k', start: 'x' }, 'OPTIONS_INVALID'],
    [{ codec: 'copy' }, 'SOURCE_URL_INVALID'],
    [{ url: 'javascript:alert(1)', codec: 'copy' }, 'SOURCE_URL_INVALID'],
    [{ url: `https://a.example/${'x'.repeat(9000)}`, codec: 'copy' }, 'SOURCE_URL_INVALID'],
  ])('refuses %j', (body, code) => {
    expect(() => makeLink(body, signer)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

describe('times', () => {
  it.each([
    ['1500ms', 1500],
    ['90s', 90_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1:30', 90_000],
    ['61:05', 3_665_000],
    ['1:02:03.25', 3_723_250],
    ['0:00', 0],
  ])('%s is %d ms', (text, ms) => {
    expect(parseTime(text)).toBe(ms);
  });

  it.each(['', '90', '1:60', '1:2', '1:99:00', '-5s', '1e3s', '5 s', 's', ':30'])('"%s" is none', (text) => {
    expect(() => parseTime(text)).toThrow(expect.objectContaining({ code: 'OPTIONS_INVALID' }) as Error);
  });

  it('of a link may be days', () => {
    expect(parseDuration('7d')).toBe(7 * 86_400);
    expect(() => parseDuration('1:30')).toThrow();
  });
});
