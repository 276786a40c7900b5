import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Config } from '../config.ts';
import { BatonError } from '../errors.ts';
import { mayPublish } from '../ingest/may-publish.ts';
import { MOST_MESSAGE } from '../ingest/message.ts';
import type { Publisher } from '../ingest/publisher.ts';
import type { Publishing } from '../ingest/publishing.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { refuse } from './raw-answer.ts';

/** Where publishers come in over WebSockets. */
export interface IngestSocket {
  /** For an `upgrade` at the address of publishers. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Ends every connection; who does not say goodbye in time is cut. */
  close(): Promise<void>;
}

/** What a message may have on the wire; the protocol takes half of it. */
const MOST_PAYLOAD: Bytes = 2 * MOST_MESSAGE;
/** A message in more pieces is an attack. */
const MOST_FRAGMENTS = 64;
const PING_MS: Milliseconds = 20_000;
/** A publisher who takes nothing of what it is told. */
const MOST_BUFFERED: Bytes = 256 * 1024;
const GOODBYE_MS: Milliseconds = 500;

export function ingestSocket(
  publishing: Publishing,
  config: Pick<Config, 'ingestOrigins' | 'publicOrigin'>,
): IngestSocket {
  const server = new WebSocketServer({
    ...{ noServer: true, clientTracking: true, perMessageDeflate: false },
    ...{ maxPayload: MOST_PAYLOAD, maxFragments: MOST_FRAGMENTS, maxBufferedChunks: 4 * MOST_FRAGMENTS },
    ...{ closeTimeout: GOODBYE_MS }, // which its types do not know
  });

  return {
    upgrade: (incoming, socket, head) => {
      socket.on('error', () => undefined);
      const { origin } = incoming.headers;
      const turnAway = (error: BatonError): void => {
        publishing.refused('websocket', error);
        refuse(socket, error);
      };
      // Programs that are no browsers send no origin: they have no user whose rights they could use.
      if (origin !== undefined && !mayPublish(origin, incoming.headers.host ?? null, config))
        return void turnAway(new BatonError('ORIGIN_REFUSED', origin));
      if (!publishing.hasRoom()) return void turnAway(new BatonError('BUSY', 'publishers'));
      server.handleUpgrade(incoming, socket, head, (peer) => serve(peer, publishing));
    },
    close: async () => {
      const closed = [...server.clients].map((peer) => new Promise<void>((resolve) => peer.once('close', resolve)));
      const late = setTimeout(() => {
        for (const peer of server.clients) peer.terminate();
      }, GOODBYE_MS);
      server.close();
      await Promise.all(closed);
      clearTimeout(late);
    },
  };
}

function serve(peer: WebSocket, publishing: Publishing): void {
  let isThere = true;
  const timer = setInterval(() => {
    if (!isThere && !peer.isPaused) return void peer.terminate();
    isThere = false;
    peer.ping();
  }, PING_MS);
  const publisher: Publisher | null = publishing.connect({
    ...{ via: 'websocket', isBinary: true },
    send: (message) => {
      if (peer.bufferedAmount > MOST_BUFFERED) peer.terminate();
      else peer.send(message);
    },
    close: (code) => peer.close(code),
    pause: () => peer.pause(),
    resume: () => peer.resume(),
  });
  peer.on('message', (data, isBinary) => {
    isThere = true;
    publisher?.receive(isBinary ? bytesOf(data) : bytesOf(data).toString());
  });
  peer.on('pong', () => (isThere = true));
  peer.on('error', () => undefined); // what breaks the rules of WebSocket is answered by `ws`, which closes then
  peer.once('close', () => {
    clearInterval(timer);
    publisher?.gone();
  });
  if (publisher === null) peer.close(1013);
}

const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
