import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, isIP, type AddressInfo } from 'node:net';
import type { buildConnector } from 'undici';
import type { Resolve } from '../../src/net/guard.ts';

/**
 * A private internet: name resolution and the dial are replaced, the decisions between them are the real ones. Three
 * public hosts answer PUBLIC; any other address leads to a server that answers SECRET and counts who reached it.
 */
export interface SimulatedInternet extends AsyncDisposable {
  readonly resolve: Resolve;
  readonly connector: typeof buildConnector;
  /** Connections that reached an internal host since the last `reset`. */
  readonly leaks: number;
  /** Heads that public hosts received, as header records. */
  readonly seen: { readonly url: string; readonly headers: NodeJS.Dict<string | string[]> }[];
  reset(): void;
}

const PUBLIC: readonly string[] = ['8.8.8.8', '1.1.1.1', '2606:4700::1111'];

const ZONE: Readonly<Record<string, readonly string[]>> = {
  'pub.test': ['8.8.8.8'],
  'pub2.test': ['1.1.1.1'],
  'pub6.test': ['2606:4700::1111'],
  'both.test': ['8.8.8.8', '2606:4700::1111'],
  'int.test': ['169.254.169.254'],
  'azure.test': ['168.63.129.16'],
  'lo.test': ['127.0.0.1'],
  'mixed.test': ['8.8.8.8', '127.0.0.1'],
  'mixed2.test': ['127.0.0.1', '8.8.8.8'],
  'mapped.test': ['::ffff:127.0.0.1'],
  'v6int.test': ['::1'],
  'ula.test': ['fd00:ec2::254'],
  'nat64.test': ['64:ff9b::7f00:1'],
  'compat.test': ['::7f00:1'],
  'sixto4.test': ['2002:7f00:1::1'],
  localhost: ['127.0.0.1'],
  'localhost.': ['127.0.0.1'],
  'empty.test': [],
};

export async function simulatedInternet(): Promise<SimulatedInternet> {
  let leaks = 0;
  const asked = new Map<string, number>();
  const seen: SimulatedInternet['seen'] = [];
  const secret = await listen((_, response) => void response.end('SECRET'));
  secret.on('connection', () => leaks++);
  const open = await listen((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    seen.push({ url: `${request.headers.host ?? ''}${request.url ?? ''}`, headers: request.headers });
    const to = url.pathname === '/loop' ? '/loop' : url.searchParams.get('to');
    if (to === null) response.end('PUBLIC');
    else response.writeHead(302, { location: to }).end();
  });
  const resolve: Resolve = (hostname, _, done) => {
    const times = (asked.get(hostname) ?? 0) + 1;
    asked.set(hostname, times);
    const rebound = times === 1 ? '8.8.8.8' : '127.0.0.1';
    const found = hostname.startsWith('rebind') ? [rebound] : ZONE[hostname];
    queueMicrotask(() => {
      if (found === undefined)
        done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })); // no addresses, as Node has it
      else
        done(
          null,
          found.map((address) => ({ address, family: isIP(address) })),
        );
    });
  };
  // As net.connect decides: a literal is dialled as it stands, a name is looked up.
  const connector = (options?: buildConnector.BuildOptions): buildConnector.connector => {
    const lookup = options && 'lookup' in options ? options.lookup : undefined;
    return ({ hostname }, done) => {
      const dial = (error: Error | null, address: unknown) => {
        if (error !== null) return void done(error, null);
        const server = PUBLIC.includes(String(address)) ? open : secret;
        const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
        Object.defineProperty(socket, 'remoteAddress', { value: address });
        socket.once('connect', () => done(null, socket)).once('error', (failure) => done(failure, null));
      };
      const host = hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0) dial(null, host);
      else lookup?.(host, { all: false }, dial);
    };
  };
  return {
    resolve,
    connector,
    seen,
    get leaks() {
      return leaks;
    },
    reset() {
      leaks = 0;
      seen.length = 0;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([stop(secret), stop(open)]);
    },
  };
}

async function listen(answer: RequestListener): Promise<Server> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function stop(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
