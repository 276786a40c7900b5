import type { Socket } from 'node:net';
import type { Piece, Program } from './radio-program.ts';
import type { Radio, RadioBehaviour } from './radio.ts';

/** What is on air, and who hears it. */
export interface Broadcast extends Pick<Radio, 'play' | 'title' | 'stall' | 'adBreak' | 'aired'> {
  readonly program: () => Program;
  /** Sends what is due; listeners who have not taken so many bytes are dropped. */
  readonly tick: (mostWaiting: number) => void;
  readonly join: (socket: Socket, metaint: number) => void;
  readonly listeners: () => number;
  readonly bytesSent: () => number;
}

interface Listener {
  readonly socket: Socket;
  /** Counts the listeners: each hears other advertisements. */
  readonly number: number;
  readonly wrap: (audio: Uint8Array) => Uint8Array;
}

export interface Air {
  readonly speed: number;
  readonly behaviour: RadioBehaviour;
  readonly now: () => number;
}

/** A station has been on air before it is switched on, so that there is a burst. */
export function broadcast(first: Program, { speed, behaviour, now }: Air): Broadcast {
  const listeners = new Set<Listener>();
  const aired: Piece[] = [];
  let program = first;
  let next = 0;
  let metadata: Buffer = Buffer.alloc(0);
  let number = 0;
  let bytesSent = 0;
  /** Seconds of programme sent, and when they would all have been sent in time. */
  let sent = 0;
  let began = now();
  let stall: { readonly until: number; readonly then: 'late' | 'lost' | 'paused' } | null = null;
  let ads: { readonly program: Program; readonly until: number; at: number } | null = null;

  const take = (): Piece => {
    const piece = program.pieces[next % program.pieces.length];
    if (piece === undefined) throw new Error('a program of nothing');
    next += 1;
    return piece;
  };
  for (let burst = 0; burst < behaviour.burstBytes; burst += aired.at(-1)?.bytes.length ?? 0) aired.push(take());

  function tick(mostWaiting: number): void {
    const time = now();
    if (stall !== null && time < stall.until) return;
    if (stall?.then === 'paused') began += time - sentAt();
    const pieces: Piece[] = [];
    while (sentAt() <= time) {
      const piece = take();
      pieces.push(piece);
      sent += piece.seconds;
    }
    const isLost = stall?.then === 'lost';
    stall = null;
    if (isLost || pieces.length === 0) return;
    send(pieces, time, mostWaiting);
  }

  const sentAt = (): number => began + (sent / speed) * 1000;

  function send(pieces: readonly Piece[], time: number, mostWaiting: number): void {
    aired.push(...pieces);
    if (ads !== null && time >= ads.until) ads = null;
    const shared = Buffer.concat(pieces.map(({ bytes }) => bytes));
    for (const listener of listeners) {
      const own = ads === null ? shared : adsFor(listener, ads, pieces.length);
      write(listener, own);
      if (listener.socket.writableLength > mostWaiting) listener.socket.destroy();
    }
    if (ads !== null) ads.at += pieces.length;
  }

  const adsFor = (
    { number: own }: Listener,
    { program: { pieces }, at }: { program: Program; at: number },
    count: number,
  ) =>
    Buffer.concat(
      Array.from({ length: count }, (_, i) => pieces[(37 * own + at + i) % pieces.length]?.bytes ?? metadata),
    );

  function write(listener: Listener, bytes: Uint8Array): void {
    const wrapped = listener.wrap(bytes);
    bytesSent += wrapped.length;
    listener.socket.write(wrapped);
  }

  function join(socket: Socket, metaint: number): void {
    const listener = { socket, number: (number += 1), wrap: metaint > 0 ? icy(metaint, () => metadata) : bare };
    const { preroll, burstBytes } = behaviour;
    if (preroll !== null) {
      const each = preroll.program.pieces[0]?.seconds ?? 1;
      write(listener, adsFor(listener, { program: preroll.program, at: 0 }, Math.ceil(preroll.seconds / each)));
    }
    const burst = burstOf(aired, burstBytes);
    if (burst.length > 0) write(listener, burst);
    listeners.add(listener);
    socket.once('close', () => listeners.delete(listener));
  }

  return {
    ...{ tick, join, program: () => program, listeners: () => listeners.size, bytesSent: () => bytesSent },
    play: (other, fromSeconds = 0) => {
      program = other;
      next = 0;
      for (let at = 0; at < fromSeconds;) at += take().seconds;
    },
    title: (title) => {
      const text = Buffer.concat([Buffer.from("StreamTitle='"), Buffer.from(title as string), Buffer.from("';")]);
      metadata = Buffer.concat([text, Buffer.alloc(-text.length & 15)]);
    },
    stall: (ms, then = 'late') => void (stall = { until: now() + ms, then }),
    adBreak: (other, ms) => void (ads = { program: other, until: now() + ms, at: 0 }),
    aired: () => Buffer.concat(aired.map(({ bytes }) => bytes)),
  };
}

/** The last bytes on air; of Ogg whole pages, with the headers of their stream in front. */
function burstOf(aired: readonly Piece[], bytes: number): Buffer {
  let length = 0;
  const from = aired.findLastIndex((piece) => (length += piece.bytes.length) >= bytes);
  const pieces = bytes === 0 ? [] : aired.slice(Math.max(0, from));
  const all = Buffer.concat(pieces.map((piece) => piece.bytes));
  const head = (pieces[0] ?? aired.at(-1))?.head ?? null;
  if (head === null) return all.subarray(Math.max(0, all.length - bytes));
  return all.subarray(0, head.length).equals(head) ? all : Buffer.concat([head, all]);
}

const bare = (audio: Uint8Array): Uint8Array => audio;

/** Puts the metadata behind every `interval` bytes; only where it has changed. */
function icy(interval: number, current: () => Buffer): (audio: Uint8Array) => Uint8Array {
  let left = interval;
  let told: Buffer = Buffer.alloc(0);
  return (audio) => {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < audio.length;) {
      const part = audio.subarray(at, at + left);
      parts.push(part);
      at += part.length;
      left -= part.length;
      if (left > 0) continue;
      left = interval;
      const metadata = current();
      parts.push(metadata === told ? Buffer.of(0) : Buffer.concat([Buffer.of(metadata.length / 16), metadata]));
      told = metadata;
    }
    return Buffer.concat(parts);
  };
}
