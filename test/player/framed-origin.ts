import type http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { emsg } from '../../src/media/emsg.ts';
import { fragment, initSegment } from '../../src/media/fmp4.ts';
import { encodeChirp } from './chirp.ts';
import type { Chirp } from './chirp.ts';
import { recording, restartable } from './restartable.ts';
import type { Restartable } from './restartable.ts';

const PRIMING = { aac: 1024, opus: 312 } as const;
const FRAME = { aac: 1024, opus: 960 } as const;
const RATE = 48_000;

/** Frames of an encoded chirp. */
export interface FramedAudio {
  readonly codec: 'aac' | 'opus';
  readonly frames: readonly Uint8Array[];
  readonly seconds: number;
}

/** A leg as the origin saw it; `count` counts from 1. */
export interface SeenLeg {
  readonly place: string;
  readonly frame: number;
  readonly count: number;
}

/** What goes wrong with a leg; in mid-body after so many fragments. */
export type LegFault =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number; readonly json?: object }
  | { readonly kind: 'no-headers' }
  | {
      /** Cut within a fragment, ended cleanly there, reset, silent for good, told, not media, or with a neighbour's sound. */
      readonly kind: 'cut' | 'truncate' | 'reset' | 'hang' | 'error' | 'garbage' | 'bad-splice';
      readonly after: number;
    };

export interface FramedOrigin extends Restartable {
  readonly src: string;
  readonly seen: SeenLeg[];
  /** Legs whose body is open. */
  open(): number;
  fault: (leg: SeenLeg) => LegFault | null;
  /** Seconds of sound in a leg, and how much faster than it plays it is sent; before it, how long it takes to begin. */
  legSeconds: number;
  pace: number;
  delayMs: number;
  /** What a page posted to `/pcm`. */
  readonly recorded: Promise<Float32Array>;
}

/** Encodes a chirp as AAC or Opus, at kilobits a second. */
export async function framedAudio(chirp: Chirp, codec: 'aac' | 'opus', kbps = 128): Promise<FramedAudio> {
  const rate = ['-b:a', `${kbps}k`];
  const args = codec === 'aac' ? ['-c:a', 'aac', ...rate, '-f', 'adts'] : ['-c:a', 'libopus', ...rate, '-f', 'ogg'];
  const bytes = await encodeChirp(chirp, args);
  return { codec, seconds: chirp.seconds, frames: codec === 'aac' ? adtsFrames(bytes) : oggPackets(bytes).slice(2) };
}

/** A server of one framed stream, `/ep.mp4/<place>`, and of `files`, that misbehaves on request. */
export async function framedOrigin(
  audio: FramedAudio,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<FramedOrigin> {
  const server = await restartable(answer);
  const posted = Promise.withResolvers<Float32Array>();
  let open = 0;
  const frameSamples = FRAME[audio.codec];
  const priming = PRIMING[audio.codec];
  const track = { codec: audio.codec, channels: 1, priming, kbps: 96, frameSamples } as const;
  const timeOf = (frame: number): number => Math.max(0, (frame * frameSamples - priming) / RATE);

  function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const path = new URL(request.url ?? '/', self.origin).pathname;
    response.setHeader('access-control-allow-origin', '*');
    if (path.startsWith('/ep.mp4/')) serve(path.slice('/ep.mp4/'.length), response).catch(() => response.destroy());
    else if (path === '/pcm')
      void recording(request)
        .then(posted.resolve)
        .then(() => response.end());
    else if (files[path] === undefined) response.writeHead(404).end();
    else response.setHeader('content-type', typeOf(path)).end(files[path]);
  }

  async function serve(place: string, response: http.ServerResponse): Promise<void> {
    const isTime = place.startsWith('t.');
    const at = Number(place.slice(2));
    const frame = isTime ? Math.floor((at * 48 + priming) / frameSamples) : at;
    const leg = { place, frame, count: self.seen.length + 1 };
    self.seen.push(leg);
    const fault = self.fault(leg);
    await sleep(self.delayMs);
    if (fault?.kind === 'no-headers') return;
    if (fault?.kind === 'status') {
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter);
      response.writeHead(fault.status).end(JSON.stringify(fault.json ?? {}));
      return;
    }
    open++;
    response.on('close', () => open--);
    response.writeHead(200, { 'content-type': 'audio/mp4' });
    await body(leg, isTime ? Math.max(0, frame - 2) : frame, fault, response);
  }

  async function body(
    { frame }: SeenLeg,
    first: number,
    fault: Exclude<LegFault, { kind: 'status' | 'no-headers' }> | null,
    response: http.ServerResponse,
  ): Promise<void> {
    let id = 0;
    const duration = audio.seconds;
    const tell = (data: object): void => void response.write(emsg({ id: id++, time: 0, data }));
    const token = (next: number): string => String(next);
    const end = Math.min(audio.frames.length, frame + Math.ceil((self.legSeconds * RATE) / frameSamples));
    response.write(initSegment({ ...track, duration: duration * RATE }));
    const codec = audio.codec === 'aac' ? 'mp4a.40.2' : 'Opus';
    tell({
      type: 'start',
      time: timeOf(frame),
      frame,
      duration,
      codec,
      bitrate: 96,
      version: 'v1',
      legSeconds: self.legSeconds,
    });
    tell({ type: 'metadata', title: 'Chirp', chapters: [{ start: 0, end: duration, title: 'Up' }] });
    tell({ type: 'position', time: timeOf(first), token: token(first) });
    let [at, sent, isClosing] = [first, 0, false];
    while (at < end && !response.destroyed) {
      const next = Math.min(end, at + (sent === 0 ? 4 : 23));
      if (!isClosing && next >= end - 50 && end < audio.frames.length) {
        isClosing = true;
        tell({ type: 'closing', time: timeOf(end), token: token(end) });
      }
      const frames = audio.frames.slice(at, next);
      if (fault?.kind === 'bad-splice' && sent === fault.after) frames[10] = audio.frames[at + 40] ?? new Uint8Array();
      const bytes = fragment(
        { sequence: sent + 1, decodeTime: at * frameSamples, frames },
        { ...track, duration: null },
      );
      if (sent === fault?.after && (await broken(fault, bytes, at, response, tell))) return;
      response.write(bytes);
      [at, sent] = [next, sent + 1];
      if (sent % 2 === 0) tell({ type: 'position', time: timeOf(at), token: token(at) });
      if (self.pace !== Infinity) await sleep((frames.length * frameSamples) / 48 / self.pace);
    }
    const isLast = end >= audio.frames.length;
    tell(
      isLast
        ? { type: 'end', reason: 'eos', time: duration }
        : { type: 'end', reason: 'leg', time: timeOf(end), token: token(end) },
    );
    response.end();
  }

  const self: FramedOrigin = {
    ...server,
    src: `${server.origin}/ep.mp4`,
    seen: [],
    open: () => open,
    fault: () => null,
    legSeconds: 5,
    pace: 8,
    delayMs: 50,
    recorded: posted.promise,
  };
  return self;
}

const typeOf = (path: string): string =>
  path.endsWith('.js') ? 'text/javascript' : path.endsWith('.mp3') ? 'audio/mpeg' : 'text/html';

/** True when the body is over. */
async function broken(
  { kind }: LegFault,
  bytes: Uint8Array,
  frame: number,
  response: http.ServerResponse,
  tell: (data: object) => void,
): Promise<boolean> {
  if (kind === 'bad-splice') return false;
  if (kind === 'error') {
    tell({ type: 'error', code: 'ENCODER_FAILED', message: 'Broken.', retryAfterSeconds: 0.3, token: String(frame) });
    response.end();
    return true;
  }
  response.write(kind === 'garbage' ? 'this is no box at all' : bytes.subarray(0, bytes.length >> 1));
  await sleep(50);
  if (kind === 'cut') response.destroy();
  else if (kind === 'reset') response.socket?.resetAndDestroy();
  else if (kind !== 'hang') response.end();
  return true;
}

function adtsFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 7 <= bytes.length;) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at + 3, at + 6);
    const size = ((a & 3) << 11) | (b << 3) | (c >> 5);
    frames.push(bytes.subarray(at + 7, at + size));
    at += size;
  }
  return frames;
}

/** The packets of an Ogg file with one stream (RFC 3533 section 6). */
function oggPackets(bytes: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let pending: Uint8Array[] = [];
  for (let at = 0; at + 27 <= bytes.length;) {
    const segments = bytes.subarray(at + 27, at + 27 + (bytes[at + 26] ?? 0));
    at += 27 + segments.length;
    for (const size of segments) {
      pending.push(bytes.subarray(at, at + size));
      at += size;
      if (size === 255) continue;
      packets.push(Buffer.concat(pending));
      pending = [];
    }
  }
  return packets;
}
