import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { readLink, type Link } from '../../src/sign/link.ts';
import { runBaton, type Ran } from './run-baton.ts';

const SOURCE = 'https://example.com/shows/My%20Episode.mp3?id=7';
let data = '';

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'baton-test-'));
});

afterAll(() => rm(data, { recursive: true, force: true }));

const link = (...args: string[]): Promise<Ran> => runBaton(['link', ...args, '--data', data]);

async function read(printed: string): Promise<Link & { origin: string }> {
  const { origin, pathname } = new URL(printed.trim());
  const keys = await (await openDataFolder(data)).readKeys();
  return { origin, ...readLink(pathname, keys, Date.now() / 1000) };
}

describe('baton link', () => {
  it('prints one URL that the key of the data folder vouches for', async () => {
    const { code, stdout, stderr } = await link(SOURCE, '--codec', 'mp3', '--bitrate', '96k');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('no server runs');
    expect(await read(stdout)).toMatchObject({
      ...{ origin: 'http://127.0.0.1:8080', kind: 'file', options: 'codec.mp3~bitrate.96k', source: SOURCE },
      ...{ name: 'my-episode.mp3', expiresAt: null },
    });
  });

  it('is the same every time when it is public', async () => {
    const [one, other] = await Promise.all([link(SOURCE), link(SOURCE)]);
    expect(one.stdout).toBe(other.stdout);
  });

  it('takes times as people write them', async () => {
    const { stdout } = await link(SOURCE, '--channels', 'mono', '--start', '1500ms', '--end', '1:30');
    const { options } = await read(stdout);
    expect(options).toBe('codec.mp3~bitrate.128k~channels.mono~start.1500ms~end.90000ms');
  });

  it('makes links to relays of HLS', async () => {
    const playlist = 'https://example.com/film/main.m3u8';
    const [all, some, wrong] = await Promise.all([
      link(playlist, '--relay'),
      link(playlist, '--relay', '--audio-only', '--max-bitrate', '1500k', '--max-height', '480'),
      link(playlist, '--max-height', '480'),
    ]);
    expect(await read(all.stdout)).toMatchObject({ kind: 'hls', options: 'mode.relay', name: 'main.m3u8' });
    expect(await read(some.stdout)).toMatchObject({
      options: 'mode.relay~maxheight.480~maxbitrate.1500k~audioonly.yes',
    });
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain('--relay');
  });

  it('makes links for other servers, pages, names, copies, secrets', async () => {
    const name = ['--name', 'Über Töne', '--embed', '--origin', 'https://radio.example/'];
    const [page, copy, secret] = await Promise.all([
      link(SOURCE, ...name),
      link(SOURCE, '--codec', 'copy'),
      link(SOURCE, '--encrypt'),
    ]);
    const embed = await read(page.stdout);
    expect(embed).toMatchObject({ origin: 'https://radio.example', kind: 'embed', name: 'uber-tone.html' });
    expect(page.stderr).toBe('');
    expect(await read(copy.stdout)).toMatchObject({ options: 'codec.copy' });
    expect(secret.stdout).not.toContain(Buffer.from(SOURCE).toString('base64url'));
    expect(await read(secret.stdout)).toMatchObject({ source: SOURCE });
  });

  it('links to a file as it is', async () => {
    const plain = await link('https://example.com/My%20slides.pdf', '--raw');
    expect(await read(plain.stdout)).toMatchObject({ kind: 'raw', options: '', name: 'my-slides.pdf' });
    const saved = await link('https://example.com/a.zip', '--raw', '--download', '--redirect', '--name', 'All of it');
    const options = 'disposition.attachment~over.redirect';
    expect(await read(saved.stdout)).toMatchObject({ kind: 'raw', options, name: 'all-of-it.zip' });
  });

  it('makes links to HLS, of files and of channels', async () => {
    const plain = await link(SOURCE, '--hls');
    expect(await read(plain.stdout)).toMatchObject({ kind: 'hls', options: '' });
    const one = await link(SOURCE, '--hls', '--codec', 'opus', '--bitrate', '96k', '--start', '1:30');
    expect(await read(one.stdout)).toMatchObject({ options: 'codec.opus~bitrate.96k~start.90000ms' });
    const radio = await link(SOURCE, '--hls', '--live', '--dvr', '--bitrate', '64k', '--fallback', SOURCE);
    const fallback = Buffer.from(SOURCE).toString('base64url');
    const { options, name } = await read(radio.stdout);
    expect([options, name.endsWith('.m3u8')]).toEqual([`mode.live~bitrate.64k~dvr.yes~fallback.${fallback}`, true]);
    const shown = await link(SOURCE, '--hls', '--live', '--video', '480p', '--dvr');
    expect(await read(shown.stdout)).toMatchObject({ kind: 'hls', options: 'mode.live~video.480p~dvr.yes' });
    const feed = await link(SOURCE, '--feed', '--hls', '--station', 'https://radio.example/a');
    const station = Buffer.from('https://radio.example/a').toString('base64url');
    expect(await read(feed.stdout)).toMatchObject({
      ...{ kind: 'feed', options: `codec.mp3~bitrate.128k~hls.yes~station.${station}` },
    });
  });

  it('makes links to podcast feeds', async () => {
    const { stdout } = await link('https://example.com/podcast.xml', '--feed', '--bitrate', '96k');
    expect(await read(stdout)).toMatchObject({ kind: 'feed', options: 'codec.mp3~bitrate.96k', name: 'podcast.xml' });
  });

  it.each([
    [['--codec', 'opus'], 'codec.opus~bitrate.128k', 'my-episode.opus'],
    [['--codec', 'opus', '--bitrate', '16k', '--stream'], 'codec.opus~bitrate.16k', 'my-episode.mp4'],
    [['--codec', 'pcm'], 'codec.pcm', 'my-episode.wav'],
    [['--codec', 'aac'], 'codec.aac~bitrate.128k', 'my-episode.mp4'],
    [['--codec', 'auto', '--bitrate', '64k'], 'format.auto~bitrate.64k', 'my-episode.mp3'],
    [['--bitrate', '320k', '--stream'], 'codec.aac~bitrate.256k', 'my-episode.mp4'],
  ])('knows every codec: %j', async (args, options, name) => {
    expect(await read((await link(SOURCE, ...args)).stdout)).toMatchObject({ kind: 'file', options, name });
  });

  it('links to channels: without end, as a stream, as a page', async () => {
    const station = 'https://radio.example.com/stream';
    const options = 'codec.mp3~bitrate.128k';
    const of = async (...args: string[]) => read((await link(station, '--live', ...args)).stdout);
    expect(await of()).toMatchObject({ kind: 'live', options, source: station, name: 'stream.mp3' });
    const stream = { kind: 'live', options: 'codec.aac~bitrate.128k', name: 'stream.mp4' };
    expect(await of('--stream')).toMatchObject(stream);
    const backup = `${station}2`;
    const withFallback = `${options}~fallback.${Buffer.from(backup).toString('base64url')}`;
    expect(await of('--fallback', backup)).toMatchObject({ options: withFallback });
    const page = { kind: 'embed', options: `${withFallback}~kind.live~theme.dark`, name: 'stream.html' };
    expect(await of('--embed', '--fallback', backup, '--theme', 'dark')).toMatchObject(page);
  });

  it('makes pages and feeds to order', async () => {
    const feed = 'https://example.com/podcast.xml';
    const page = await link(feed, '--feed', '--embed', '--frames', 'example.com,.example.org', '--theme', 'dark');
    const options = 'codec.mp3~bitrate.128k~frames.example.com_.example.org~list.feed~theme.dark';
    expect(await read(page.stdout)).toMatchObject({ kind: 'embed', options, source: feed, name: 'podcast.html' });
    const alone = await link(feed, '--feed', '--alternates', 'none');
    expect(await read(alone.stdout)).toMatchObject({ kind: 'feed', options: 'codec.mp3~bitrate.128k~alternates.none' });
  });

  it('makes private links', async () => {
    const { stdout } = await link(SOURCE, '--expires', '6h', '--scope', 'listener-1');
    const { expiresAt, scope } = await read(stdout);
    expect(scope).toBe('listener-1');
    expect(Math.abs((expiresAt ?? 0) - Date.now() / 1000 - 6 * 3600)).toBeLessThan(60);
  });

  it('warns of a source that servers refuse', async () => {
    const { code, stderr } = await link('http://127.0.0.1:9000/a.mp3');
    expect(code).toBe(0);
    expect(stderr).toContain('BATON_ALLOW_ORIGINS=http://127.0.0.1:9000');
  });

  it.each([
    [['ftp://example.com/a.mp3'], /\(SOURCE_URL_INVALID\)/],
    [[SOURCE, '--codec', 'copy', '--bitrate', '96k'], /bitrate does not go with codec copy/i],
    [[SOURCE, '--start', 'soon'], /"soon" is no time/],
    [[SOURCE, '--start', '20s', '--end', '10s'], /end must be after start/i],
    [[SOURCE, '--expires', '8d'], /between 1s and 7d/],
    [[SOURCE, '--scope', 'x'], /give --expires/],
    [[SOURCE, '--embed', '--frames', 'https://example.com'], /frames must be/i],
    [[SOURCE, '--embed', '--theme', 'pink'], /dark or light/],
    [[SOURCE, '--theme', 'dark'], /go with --embed/],
    [[SOURCE, '--alternates', 'none'], /goes with --feed/],
    [[SOURCE, '--feed', '--alternates', 'flac'], /alternates must be one of/i],
    [[SOURCE, '--codec', 'copy', '--stream'], /no stream of codec copy/],
    [[SOURCE, '--codec', 'opus', '--bitrate', '320k'], /bitrate must be one of/i],
    [[SOURCE, '--codec', 'flac'], /codec must be/i],
    [[SOURCE, '--feed', '--codec', 'aac', '--bitrate', '96k'], /type and a length/],
    [[SOURCE, '--raw', '--embed'], /--raw alone/],
    [[SOURCE, '--download'], /go with --raw/],
    [[SOURCE, '--live', '--feed'], /--live without --feed/],
    [[SOURCE, '--live', '--start', '1:00'], /no start and no end/],
    [[SOURCE, '--fallback', SOURCE], /goes with --live/],
    [[SOURCE, '--hls', '--stream'], /--hls without --stream/],
    [[SOURCE, '--hls', '--codec', 'pcm'], /aac or opus|does not go with/i],
    [[SOURCE, '--hls', '--dvr'], /--dvr goes with/],
    [[SOURCE, '--hls', '--video', '480p'], /HLS of a film has pictures by itself/],
    [[SOURCE, '--station', SOURCE], /goes with --feed/],
    [[SOURCE, '--hls', '--live', '--start', '1:00'], /no start and no end/],
  ])('refuses %j with exit code 2', async (args, sentence) => {
    const { code, stdout, stderr } = await link(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});
