import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { EventConnection } from './event.ts';
import { largeFrames } from './frames.ts';
import type { WebSocketLimits } from './spec.ts';

/** A client's connection, from the end of the handshake on. */
export interface Connection {
  readonly told: EventConnection;
  /** Milliseconds since 1970. */
  lastActiveAt(): number;
  /** False when the client takes so little that nothing more is kept for it. */
  send(data: Buffer): boolean;
  close(code: number, reason: string): void;
  /** Without a word. */
  cut(): void;
}

export interface ConnectionHooks {
  readonly limits: WebSocketLimits;
  /** A text message as it came. */
  readonly message: (text: string) => void;
  /** No more messages pass, though the other side may not know yet. */
  readonly closing: () => void;
  /** How it ended, once. */
  readonly closed: (code: number, reason: string) => void;
}

/** What waits for a client that does not read; the service does not say how much it keeps. */
const WAITING_BYTES = 1024 * 1024;
/** How long a client may take to answer a close frame. */
const CLOSE_MS = 2_000;

/** Watches over an open WebSocket: sizes, kinds and the two clocks. All of it ends with the socket. */
export function connection(
  socket: WebSocket,
  raw: Duplex,
  told: EventConnection,
  { limits, message, closing, closed }: ConnectionHooks,
): Connection {
  let activeAt = Date.now();
  let isClosing = false;
  let unanswered: NodeJS.Timeout | undefined;
  const close = (code: number, reason: string): void => {
    if (isClosing) return;
    isClosing = true;
    closing();
    socket.close(code, reason);
    unanswered = setTimeout(() => socket.terminate(), CLOSE_MS);
  };
  const lifetime = setTimeout(() => close(1001, 'Going away'), limits.lifetimeMs);
  const idle = setTimeout(() => close(1001, 'Going away'), limits.idleMs);
  const active = (): void => {
    activeAt = Date.now();
    if (!isClosing) idle.refresh();
  };
  const isLarge = largeFrames(limits.frameBytes);
  raw.prependListener('data', (bytes: Buffer) => {
    if (isLarge(bytes)) close(1009, 'Message too long');
  });
  socket.on('message', (data, isBinary) => {
    if (isClosing) return;
    active();
    if (isBinary) close(1003, 'Binary is not supported');
    else message((data as Buffer).toString());
  });
  socket.on('error', () => undefined); // it closes then, with the code that says why
  socket.on('close', (code, reason) => {
    for (const timer of [lifetime, idle, unanswered]) clearTimeout(timer);
    if (!isClosing) closing();
    isClosing = true;
    closed(code, reason.toString());
  });
  return {
    told,
    lastActiveAt: () => activeAt,
    send: (data) => {
      if (socket.bufferedAmount > WAITING_BYTES) return false;
      active();
      socket.send(data, { binary: !isText(data) });
      return true;
    },
    close,
    cut: () => socket.terminate(),
  };
}

function isText(data: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(data);
    return true;
  } catch {
    return false;
  }
}
