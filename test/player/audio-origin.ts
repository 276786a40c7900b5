import { spawnSync } from 'node:child_process';
import type http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import ffmpeg from '@ffmpeg-installer/ffmpeg';
import { restartable } from './restartable.ts';
import type { Restartable } from './restartable.ts';

/** Seconds of audio that `makeMp3` makes, at 64 kbit/s. */
export const EPISODE_SECONDS = 12;
const BYTES_PER_SECOND = 8000;
const PIECE_MS = 50;
/** The policy that the demo page must live with. */
const CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

/** A request for audio as the origin saw it; probes of the player ask for `bytes=0-0`. */
export interface Seen {
  readonly path: string;
  readonly range: string | undefined;
}

/** What goes wrong with a request: an error answer instead, a connection cut after some bytes, or silence after them. */
export type Fault =
  | { readonly status: number; readonly json?: object }
  | { readonly cutAfterBytes: number }
  | { readonly hangAfterBytes: number };

export interface AudioOrigin extends Restartable {
  readonly seen: Seen[];
  /** Asked for every request; null serves it. */
  fault: (seen: Seen) => Fault | null;
  /** How much faster than 1 x audio is sent; Infinity for at once. */
  pace: number;
}

/** A server of one MP3 with Range support, of pages and of scripts, that misbehaves on request. */
export async function audioOrigin(mp3: Buffer, files: Readonly<Record<string, string>> = {}): Promise<AudioOrigin> {
  const server = await restartable(answer);

  function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = new URL(request.url ?? '/', self.origin).pathname;
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('cache-control', 'no-store');
    if (path === '/demo') response.setHeader('content-security-policy', CSP);
    if (path.endsWith('.mp3')) serve(request, response, path).catch(() => response.destroy());
    else if (files[path] === undefined) response.writeHead(404).end();
    else response.setHeader('content-type', typeOf(path)).end(files[path]);
  }

  async function serve(request: http.IncomingMessage, response: http.ServerResponse, path: string): Promise<void> {
    const seen = { path, range: request.headers.range };
    self.seen.push(seen);
    const fault = self.fault(seen);
    if (fault !== null && 'status' in fault) {
      response.setHeader('content-type', 'application/json');
      response.writeHead(fault.status).end(JSON.stringify(fault.json ?? {}));
      return;
    }
    const start = Number(/^bytes=(\d+)-/.exec(seen.range ?? '')?.[1] ?? 0);
    const end = Number(/-(\d+)$/.exec(seen.range ?? '')?.[1] ?? mp3.length - 1) + 1;
    response.writeHead(seen.range === undefined ? 200 : 206, {
      'content-type': 'audio/mpeg',
      'accept-ranges': 'bytes',
      'server-timing': 'probe;dur=12.4, source;dur=31.0, encode;dur=38.2, store;dur=0.6',
      'content-length': end - start,
      ...(seen.range !== undefined && { 'content-range': `bytes ${start}-${end - 1}/${mp3.length}` }),
    });
    const most = fault === null ? Infinity : 'cutAfterBytes' in fault ? fault.cutAfterBytes : fault.hangAfterBytes;
    const stop = Math.min(end, start + most);
    const piece = Math.min(mp3.length, self.pace * BYTES_PER_SECOND * (PIECE_MS / 1000));
    for (let at = start; at < stop && !response.destroyed; at += piece) {
      response.write(mp3.subarray(at, Math.min(at + piece, stop)));
      if (self.pace !== Infinity) await sleep(PIECE_MS);
    }
    if (stop === end) response.end();
    else if (fault !== null && 'cutAfterBytes' in fault) response.destroy();
  }

  const self: AudioOrigin = {
    ...server,
    seen: [],
    fault: () => null,
    pace: Infinity,
  };
  return self;
}

/** A CBR MP3 of a slowly rising tone. */
export function makeMp3(): Buffer {
  const tone = `aevalsrc=0.3*sin(2*PI*(220+20*t)*t):d=${EPISODE_SECONDS}:s=44100`;
  const args = ['-v', 'error', '-f', 'lavfi', '-i', tone, '-c:a', 'libmp3lame', '-b:a', '64k', '-f', 'mp3', 'pipe:1'];
  const { status, stdout, stderr } = spawnSync(ffmpeg.path, args, { maxBuffer: 1 << 24 });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}

function typeOf(path: string): string {
  if (path.endsWith('.js')) return 'text/javascript; charset=utf-8';
  if (path.startsWith('/api/')) return 'application/json';
  if (path.endsWith('.css')) return 'text/css; charset=utf-8';
  return path.endsWith('.svg') ? 'image/svg+xml' : 'text/html; charset=utf-8';
}
