import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PublisherRecord } from '../ingest/publisher-record.ts';
import type { Publishing } from '../ingest/publishing.ts';
import type { Baton } from '../relay/baton.ts';
import type { App } from '../relay/reply.ts';
import { divert, type Diversion } from './first-bytes.ts';
import { ingestSocket } from './ingest-socket.ts';
import { publishingOf } from './publishers.ts';
import { putSource, updateMetadata } from './source-apps.ts';
import { sourceClients } from './source-client.ts';

/** Everything by which publishers come in. */
export interface IngestDoors {
  readonly publishing: Publishing;
  /** Of source clients: `PUT` with a length or in chunks, and what is on. */
  readonly apps: { readonly ingest: App; readonly admin: App };
  /** For a server's `upgrade`. False: it is no publisher's, and nothing has been done. */
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Lets source clients in that node:http does not understand; before `server` has connections. */
  divertFrom(server: Server): void;
  /** Tells publishers to come again, stores what came, ends all connections. */
  close(): Promise<void>;
}

/** Takes publishers below `basePath`, which requests still carry; `note` hears of them. */
export function ingestDoors(baton: Baton, note: (record: PublisherRecord) => void, basePath = ''): IngestDoors {
  const publishing = publishingOf(baton, note, basePath);
  const socket = ingestSocket(publishing, baton.config);
  const clients = sourceClients(publishing, basePath);
  const served = new Set<Promise<void>>();
  const diversions: Diversion[] = [];
  let isClosed = false;
  return {
    publishing,
    apps: { ingest: putSource(publishing), admin: updateMetadata(publishing, basePath) },
    upgrade: (incoming, peer, head) => {
      const { url = '' } = incoming;
      const isOurs = url.startsWith(basePath) && /^\/ingest(?:\?|$)/.test(url.slice(basePath.length));
      if (isOurs) socket.upgrade(incoming, peer, head);
      return isOurs;
    },
    divertFrom: (server) => {
      const diversion = divert(
        server,
        (first) => !isClosed && clients.isOne(first),
        (peer) => {
          const over = clients.serve(peer).finally(() => served.delete(over));
          served.add(over);
        },
      );
      diversions.push(diversion);
    },
    close: async () => {
      isClosed = true;
      for (const diversion of diversions) diversion.close();
      await Promise.all([publishing.close(), socket.close()]);
      await Promise.all(served);
    },
  };
}
