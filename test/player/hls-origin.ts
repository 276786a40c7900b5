import type http from 'node:http';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fragment, initSegment } from '../../src/media/fmp4.ts';
import { contentSecurityPolicy } from '../../src/relay/embed-page.ts';
import { ffmpeg, inFolder } from '../support/ffmpeg.ts';
import type { FramedAudio } from './framed-origin.ts';
import { recording, restartable } from './restartable.ts';
import type { Restartable } from './restartable.ts';

const RATE = 48_000;
/** Of AAC, in a segment: a little under two seconds. */
const FRAMES = 93;
const FRAME = 1024;
const SEGMENT_SECONDS = (FRAMES * FRAME) / RATE;

/** A server of HLS, below `/audio/`, `/video/` and `/live/`, and of pages, that misbehaves on request. */
export interface HlsOrigin extends Restartable {
  /** Paths that were asked for. */
  readonly seen: string[];
  /** The status of an answer that is an error; null serves it. */
  fault: (path: string) => number | null;
  /** What each answer waits for. */
  delayMs: number;
  /** What a page posted to `/pcm`. */
  readonly recorded: Promise<Float32Array>;
}

/** Files by their path. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Serves `files`, and the sound `live` as a channel whose last three segments of many are kept. */
export async function hlsOrigin(files: Files, live: FramedAudio | null = null): Promise<HlsOrigin> {
  const posted = Promise.withResolvers<Float32Array>();
  const beganAt = performance.now();
  const sound = live === null ? {} : audioFiles('/live', live);
  const server = await restartable((request, response) => void answer(request, response));

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', self.origin).pathname;
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cache-control', 'no-store');
    if (path === '/strict') response.setHeader('content-security-policy', contentSecurityPolicy(null));
    if (path === '/pcm') {
      posted.resolve(await recording(request));
      response.end();
      return;
    }
    if (/\.(?:m3u8|m4s|mp4|vtt)$/.test(path)) self.seen.push(path);
    const status = self.fault(path);
    await sleep(self.delayMs);
    const file = path === '/live/index.m3u8' ? liveList(performance.now() - beganAt) : (files[path] ?? sound[path]);
    if (status !== null) response.writeHead(status).end('{"message":"As the test wants it."}');
    else if (file === undefined) response.writeHead(404).end();
    else response.setHeader('content-type', typeOf(path)).end(file);
  }

  const self: HlsOrigin = {
    ...server,
    seen: [],
    fault: () => null,
    delayMs: 0,
    recorded: posted.promise,
  };
  return self;
}

/** Eight segments of it are there when the server begins, as many are kept, and one more comes as time goes by. */
function liveList(elapsedMs: number): string {
  const newest = KEPT + Math.floor(elapsedMs / 1000 / SEGMENT_SECONDS);
  const first = newest - KEPT;
  const segments = Array.from({ length: KEPT }, (_, i) => `#EXTINF:${SEGMENT_SECONDS},\n${first + i}.m4s`);
  return `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:${first}\n#EXT-X-MAP:URI="init.mp4"\n${segments.join('\n')}\n`;
}

const KEPT = 8;

/** A media playlist of a sound, `<folder>/index.m3u8`, and its segments. */
export function audioFiles(folder: string, audio: FramedAudio): Files {
  const track = { codec: 'aac', channels: 1, priming: FRAME, kbps: 96, frameSamples: FRAME, duration: null } as const;
  const files: Record<string, string | Uint8Array> = { [`${folder}/init.mp4`]: initSegment(track) };
  const lines: string[] = [];
  for (let at = 0; at < audio.frames.length; at += FRAMES) {
    const frames = audio.frames.slice(at, at + FRAMES);
    const name = `${at / FRAMES}.m4s`;
    files[`${folder}/${name}`] = fragment({ sequence: 1 + at / FRAMES, decodeTime: at * FRAME, frames }, track);
    lines.push(`#EXTINF:${((frames.length - (at === 0 ? 1 : 0)) * FRAME) / RATE},\n${name}`);
  }
  const head =
    '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MAP:URI="init.mp4"';
  return { ...files, [`${folder}/index.m3u8`]: `${head}\n${lines.join('\n')}\n#EXT-X-ENDLIST\n` };
}

/** A sound in two bitrates below `/audio/`. */
export const audioLadder = (low: FramedAudio, high: FramedAudio): Files => ({
  ...audioFiles('/audio/low', low),
  ...audioFiles('/audio/high', high),
  '/audio/index.m3u8': `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=70000,CODECS="mp4a.40.2"
low/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=140000,CODECS="mp4a.40.2"
high/index.m3u8
`,
});

/** Twelve seconds of a test picture in two heights, below `/video/`; the sound, and a text, apart from it. */
export async function videoLadder(): Promise<Files> {
  const list = (name: string): string[] => [
    ...['-hls_time', '2', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4', '-f', 'hls'],
    ...['-hls_fmp4_init_filename', `${name}-init.mp4`, '-hls_segment_filename', `${name}-%d.m4s`, `${name}.m3u8`],
  ];
  const picture = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '24', '-an'];
  return inFolder(async (folder) => {
    const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=12:d=12', '-f', 'lavfi', '-i', 'sine=440:r=48000:d=12'];
    const inside = (name: string): string[] =>
      list(name).map((arg) => (/-%d|\.m3u8$/.test(arg) ? join(folder, arg) : arg));
    await ffmpeg([
      ...inputs,
      ...['-map', '0:v', ...picture, ...inside('high'), '-map', '0:v', '-s', '160x90', ...picture, ...inside('low')],
      ...['-map', '1:a', '-c:a', 'aac', '-b:a', '64k', ...inside('sound')],
    ]);
    const names = await readdir(folder);
    const made = await Promise.all(
      names.map(async (name) => [`/video/${name}`, new Uint8Array(await readFile(join(folder, name)))] as const),
    );
    return { ...Object.fromEntries(made), '/video/index.m3u8': VIDEO, '/video/text.m3u8': TEXT, '/video/0.vtt': WORDS };
  });
}

const VIDEO = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,URI="sound.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",URI="text.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=160x90,CODECS="avc1.42c00b,mp4a.40.2",AUDIO="a",SUBTITLES="s"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=320x180,CODECS="avc1.42c00c,mp4a.40.2",AUDIO="a",SUBTITLES="s"
high.m3u8
`;
const TEXT = '#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:12,\n0.vtt\n#EXT-X-ENDLIST\n';
const WORDS = 'WEBVTT\n\n00:00:00.000 --> 00:00:12.000\nWhat is said\n';

function typeOf(path: string): string {
  if (path.endsWith('.m3u8')) return 'application/vnd.apple.mpegurl';
  if (path.endsWith('.js')) return 'text/javascript; charset=utf-8';
  if (/\.(?:m4s|mp4)$/.test(path)) return 'video/mp4';
  return path.endsWith('.vtt') ? 'text/vtt' : 'text/html; charset=utf-8';
}
