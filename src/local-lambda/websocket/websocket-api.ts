import { randomBytes } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { listenOnLoopback } from '../http/listen.ts';
import { splitTarget } from '../http/read.ts';
import type { LocalFunction } from '../runtime/function.ts';
import type { LogLine } from '../runtime/log-line.ts';
import { connection, type Connection } from './connection.ts';
import { delays } from './disorder.ts';
import { connectEvent, disconnectEvent, messageEvent, type EventConnection, type EventTime } from './event.ts';
import { integrate, type Answered, type Failed } from './integration.ts';
import { manage } from './management.ts';
import { routeOf } from './route.ts';
import { DISORDER, WEBSOCKET_LIMITS, type WebSocketSpec } from './spec.ts';

export interface WebSocketApi {
  /** Where clients connect to: `ws://127.0.0.1:<port>/<stage>` */
  readonly url: string;
  /** Endpoint of the management API for AWS's SDKs. */
  readonly endpoint: string;
  /** Cuts every connection; resolves when no socket, no timer and no call of a function is left. */
  stop(): Promise<void>;
}

export interface WebSocketDeps {
  /** By name. Asked when the first client comes, not before. */
  readonly functions: ReadonlyMap<string, LocalFunction>;
  /** 0: any free one. */
  readonly port: number;
  readonly log: (line: LogLine) => void;
}

/**
 * Serves a WebSocket API on loopback: the handshake waits for the function of `$connect`; each message calls the function
 * of its route at once, so that messages of one connection are processed at the same time and in any order.
 */
export async function startWebSocketApi(spec: WebSocketSpec, deps: WebSocketDeps): Promise<WebSocketApi> {
  const { stage, routes, responding = [] } = spec;
  const limits = { ...WEBSOCKET_LIMITS, ...spec.limits };
  const delay = delays(spec.disorder ?? DISORDER);
  const open = new Map<string, Connection>();
  const alive = new Set<{ cut(): void }>();
  const running = new Set<Promise<void>>();
  const protocols = new WeakMap<IncomingMessage, string>();
  const stopping = new AbortController();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: limits.messageBytes,
    handleProtocols: (_, incoming) => protocols.get(incoming) ?? false,
  });

  const say = (routeKey: string, text: string): void =>
    deps.log({
      functionName: routes[routeKey] ?? '',
      requestId: null,
      kind: 'platform',
      text: `WebSocket API: ${text}`,
    });
  const run = (work: Promise<void>): void => {
    running.add(work);
    void work.finally(() => running.delete(work));
  };
  const time = (): EventTime => ({ requestId: newId(), now: Date.now() });

  /** Null: the route has no function. */
  const call = async (routeKey: string, event: object): Promise<Answered | Failed | null> => {
    const target = deps.functions.get(routes[routeKey] ?? '');
    if (target === undefined) return null;
    const answer = await integrate(target, event, limits.integrationMs);
    if ('detail' in answer && !stopping.signal.aborted) say(routeKey, `${routeKey} failed: ${answer.detail}`);
    return answer;
  };

  const received = async (from: Connection, body: string): Promise<void> => {
    const { requestId, now } = time();
    const routeKey = routeOf(body, spec.routeSelectionExpression, Object.keys(routes));
    const tell = (message: string): void => {
      const { connectionId } = from.told;
      if (open.has(connectionId)) from.send(Buffer.from(JSON.stringify({ message, connectionId, requestId })));
    };
    if (routeKey === null) {
      tell('Forbidden');
      return;
    }
    await sleep(delay(), undefined, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return;
    const event = messageEvent(from.told, { routeKey, messageId: newId(), body }, { requestId, now });
    const answer = await call(routeKey, event);
    if (answer === null) return;
    if ('detail' in answer) tell(answer.message);
    else if (responding.includes(routeKey) && answer.body !== null && open.has(from.told.connectionId))
      from.send(Buffer.from(answer.body));
  };

  const left = async (told: EventConnection, code: number, reason: string): Promise<void> => {
    say('$disconnect', `${told.connectionId} ended with ${code} ${reason}`.trim());
    if (!stopping.signal.aborted) await call('$disconnect', disconnectEvent(told, { code, reason }, time()));
  };

  const shake = async (incoming: IncomingMessage, raw: Duplex, head: Buffer): Promise<void> => {
    const unshaken = { cut: () => raw.destroy() };
    alive.add(unshaken);
    raw.on('error', () => undefined);
    try {
      const { path, query } = splitTarget(incoming.url ?? '/');
      if (path !== `/${stage}` && path !== `/${stage}/`) return void refuse(raw, 403, 'Forbidden');
      if ((incoming.url ?? '').length > limits.addressLength) return void refuse(raw, 414, 'Request-URI Too Long');
      const told = describe(incoming, stage);
      const answer = await call('$connect', connectEvent(told, { rawHeaders: incoming.rawHeaders, query }, time()));
      if (stopping.signal.aborted) return;
      if (answer !== null && 'detail' in answer) return void refuse(raw, answer.status, answer.message);
      if (answer !== null && answer.status >= 300) return void refuse(raw, answer.status, answer.body ?? '');
      if (raw.destroyed) {
        await left(told, 1006, 'Connection closed abnormally');
        return;
      }
      const protocol = answer?.headers['sec-websocket-protocol'];
      if (protocol !== undefined) protocols.set(incoming, protocol);
      server.handleUpgrade(incoming, raw, head, (socket) => {
        const entered = connection(socket, raw, told, {
          limits,
          message: (text) => run(received(entered, text)),
          closing: () => open.delete(told.connectionId),
          closed: (code, reason) => {
            alive.delete(entered);
            run(left(told, code, reason));
          },
        });
        open.set(told.connectionId, entered);
        alive.add(entered);
        say('$connect', `${told.connectionId} is connected`);
      });
    } finally {
      alive.delete(unshaken);
    }
  };

  const http = await listenOnLoopback(
    deps.port,
    (incoming, response) =>
      manage({ stage, messageBytes: limits.messageBytes, find: (id) => open.get(id) ?? null }, incoming, response),
    (incoming, raw, head) => run(shake(incoming, raw, head)),
  );
  const stop = async (): Promise<void> => {
    stopping.abort();
    for (const each of alive) each.cut();
    await http.stop();
    while (running.size > 0) await Promise.all(running);
  };
  let stopped: Promise<void> | null = null;
  return {
    url: `ws://127.0.0.1:${http.port}/${stage}`,
    endpoint: `${http.origin}/${stage}`,
    stop: () => (stopped ??= stop()),
  };
}

function describe(incoming: IncomingMessage, stage: string): EventConnection {
  return {
    stage,
    connectionId: newId(),
    connectedAt: Date.now(),
    sourceIp: incoming.socket.remoteAddress ?? '127.0.0.1',
    userAgent: incoming.headers['user-agent'] ?? null,
    domainName: incoming.headers.host ?? `127.0.0.1:${incoming.socket.localPort ?? 0}`,
  };
}

/** As ids of the service look. */
const newId = (): string => randomBytes(11).toString('base64');

function refuse(raw: Duplex, status: number, message: string): void {
  const body = JSON.stringify({ message, requestId: newId() });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: application/json',
    'connection: close',
  ];
  raw.end([...head, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'));
}
