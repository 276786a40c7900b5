import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a front may do to an answer before it goes out. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly asked: IncomingHttpHeaders;
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Replaces the body. */
  body?: Uint8Array;
  /** Ends the connection after so many bytes of the body. */
  cutAfter?: number;
}

/** How a front misbehaves. */
export interface Fault {
  /** Changes what the server behind is asked. */
  readonly request?: (asked: { method: string; path: string; headers: IncomingHttpHeaders }) => void;
  /** Changes what it answers. */
  readonly response?: (answer: Passing) => void;
  /** Collects the body before anything is sent. */
  readonly buffer?: boolean;
  /** Waits before the head. */
  readonly delayMs?: (asked: IncomingMessage) => number;
}

export interface Proxy extends AsyncDisposable {
  readonly origin: string;
}

/** A real HTTP server in front of `target` (an origin) with this fault. */
export async function startProxy(target: string, fault: Fault): Promise<Proxy> {
  const server = createServer((incoming, response) => {
    const delay = fault.delayMs?.(incoming) ?? 0;
    const asked = { method: incoming.method ?? 'GET', path: incoming.url ?? '/', headers: { ...incoming.headers } };
    fault.request?.(asked);
    const pass = async (): Promise<void> => {
      const upstream = httpRequest(target + asked.path, { method: asked.method, headers: asked.headers, agent: false });
      upstream.end();
      const [answer] = (await once(upstream, 'response')) as [IncomingMessage];
      const passing: Passing = {
        ...{ method: asked.method, path: asked.path, asked: incoming.headers },
        ...{ status: answer.statusCode ?? 0, headers: { ...answer.headers } },
      };
      Object.assign(passing.headers, { connection: undefined, 'keep-alive': undefined, date: undefined });
      const whole = fault.buffer === true ? Buffer.concat(await Array.fromAsync<Buffer>(answer)) : null;
      fault.response?.(passing);
      const { body, cutAfter = Infinity } = passing;
      response.writeHead(passing.status, withoutUndefined(passing.headers));
      response.flushHeaders();
      let sent = 0;
      for await (const part of (body !== undefined
        ? [body]
        : whole !== null
          ? [whole]
          : answer) as AsyncIterable<Buffer>) {
        const rest = part.subarray(0, Math.max(0, cutAfter - sent));
        if (!response.write(rest)) await takenOrGone(response);
        sent += part.length;
        if (sent >= cutAfter) {
          response.socket?.destroySoon();
          break;
        }
        if (response.destroyed) break;
      }
      if (sent < cutAfter) response.end();
      upstream.destroy();
    };
    setTimeout(() => void pass().catch(() => response.destroy()), delay);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const withoutUndefined = (headers: Passing['headers']): Record<string, string | string[]> =>
  Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

async function takenOrGone(response: ServerResponse): Promise<void> {
  const over = new AbortController();
  await Promise.race(['drain', 'close'].map((name) => once(response, name, { signal: over.signal })));
  over.abort();
}
