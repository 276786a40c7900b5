import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ApiGatewayManagementApiClient,
  GoneException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { startLocalLambda, type LocalLambda } from '../../src/local-lambda/local-lambda.ts';
import type { LogLine } from '../../src/local-lambda/runtime/log-line.ts';
import type { WebSocketSpec } from '../../src/local-lambda/websocket/spec.ts';
import { settled } from '../support/leaks.ts';
import { openSocket, type Socket } from '../support/websocket.ts';

const lines: LogLine[] = [];
let local: LocalLambda;

const start = (spec: Partial<WebSocketSpec> = {}, maxEnvironments = 3): Promise<LocalLambda> =>
  startLocalLambda({
    functions: [
      {
        ...{ name: 'socket', taskRoot: join(import.meta.dirname, 'fixtures/service'), handler: 'socket.handler' },
        ...{ memoryMb: 256, timeoutSeconds: 10, environment: {}, maxEnvironments, url: null },
      },
    ],
    webSocket: {
      stage: 'prod',
      routeSelectionExpression: '$request.body.action',
      routes: { $connect: 'socket', $disconnect: 'socket', $default: 'socket', told: 'socket' },
      responding: ['told'],
      ...spec,
    },
    log: (line) => lines.push(line),
  });

beforeAll(async () => {
  local = await start();
});
afterAll(() => local.stop());

const open = (query = '', protocols: string[] = []): Promise<Socket> =>
  openSocket((local.webSocketUrl ?? '') + query, protocols);

const json = async (socket: Socket): Promise<unknown> => JSON.parse(await socket.next());

/** The event of `kind` in the log that tells of the connection. */
const logged = (kind: string, connectionId: string): Promise<Record<string, unknown>> =>
  settled(
    () =>
      lines
        .filter(({ text }) => text.startsWith(`${kind} `) && text.includes(connectionId))
        .map(({ text }) => JSON.parse(text.slice(kind.length + 1)) as Record<string, unknown>)[0] ?? {},
    (event) => 'requestContext' in event,
  );

describe('the handshake', () => {
  it('waits for the function of $connect, which gets headers and query, and picks the subprotocol', async () => {
    await using socket = await open('?a=1&a=2&b=', ['baton.v1', 'other']);
    expect(socket.raw.protocol).toBe('baton.v1');
    socket.send('event');
    const told = (await json(socket)) as { requestContext: { connectionId: string } };
    const event = await logged('CONNECT', told.requestContext.connectionId);
    const { host } = new URL(local.webSocketUrl ?? '');
    expect(event).toEqual({
      headers: expect.objectContaining({ Host: host, 'Sec-WebSocket-Protocol': 'baton.v1,other' }) as object,
      multiValueHeaders: expect.objectContaining({ Host: [host], 'Sec-WebSocket-Version': ['13'] }) as object,
      queryStringParameters: { a: '2', b: '' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: [''] },
      requestContext: {
        ...{ routeKey: '$connect', eventType: 'CONNECT', messageDirection: 'IN', stage: 'prod', apiId: 'local' },
        ...{ connectionId: expect.stringMatching(/^[\w+/]{15}=$/) as string, domainName: host },
        requestId: expect.stringMatching(/^[\w+/]{15}=$/) as string,
        extendedRequestId: expect.any(String) as string,
        requestTime: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/) as string,
        requestTimeEpoch: expect.any(Number) as number,
        connectedAt: expect.any(Number) as number,
        identity: { sourceIp: '127.0.0.1' },
      },
      isBase64Encoded: false,
    });
  });

  it('is refused with the status of the function, with 502 when it fails, and 403 at another address', async () => {
    await expect(open('?refuse=401')).rejects.toThrow('401');
    await expect(open('?throw=1')).rejects.toThrow('502');
    await expect(open('x')).rejects.toThrow('403');
    expect((await fetch((local.webSocketUrl ?? '').replace('ws:', 'http:'))).status).toBe(403);
  });

  it('is not over while $connect runs: nothing can be sent before', async () => {
    await using socket = await open('?early=1');
    expect(lines.map(({ text }) => text)).toContain('early: GoneException');
    expect(socket.texts).toEqual([]);
  });
});

describe('a message', () => {
  it('calls the function of its route, $default for what is no JSON, without headers', async () => {
    await using socket = await open();
    socket.send('event');
    expect(await json(socket)).toEqual({
      requestContext: expect.objectContaining({
        ...{ routeKey: '$default', eventType: 'MESSAGE', messageId: expect.any(String) as string },
        identity: { sourceIp: '127.0.0.1' },
      }) as object,
      body: 'event',
      isBase64Encoded: false,
    });
    socket.send('{"action":"told"}');
    expect(await socket.next()).toBe('by a route response');
  });

  it('overtakes others on its way, the same ones every time, and none is lost', async () => {
    const numbers = async (): Promise<number[]> => {
      const other = await start({ disorder: { mostMs: 300, seed: 7 } }, 8);
      try {
        await using socket = await openSocket(other.webSocketUrl ?? '');
        for (let number = 0; number < 6; number++) socket.send(`number ${number}`);
        const got: number[] = [];
        while (got.length < 6) got.push(Number(await socket.next()));
        return got;
      } finally {
        await other.stop();
      }
    };
    const got = await numbers();
    expect(got).not.toEqual([0, 1, 2, 3, 4, 5]);
    expect(got.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('whose function fails is told to the client, and the connection stays', async () => {
    await using socket = await open();
    socket.send('throw');
    expect(await json(socket)).toEqual({
      message: 'Internal server error',
      connectionId: expect.any(String) as string,
      requestId: expect.any(String) as string,
    });
    socket.send('number 1');
    expect(await json(socket)).toBe(1);
  });

  it('may have 32 kB in one frame, and 128 kB in several', async () => {
    await using socket = await open();
    const text = `size ${'x'.repeat(32 * 1024 - 5)}`;
    socket.send(text);
    expect(await json(socket)).toBe(text.length);
    for (let part = 0; part < 4; part++)
      socket.raw.send(part === 0 ? text : text.replace('size ', '12345'), { fin: part === 3 });
    expect(await json(socket)).toBe(128 * 1024);
    socket.send(`${text}x`);
    expect(await socket.closed).toEqual({ code: 1009, reason: 'Message too long' });
  });

  it('of more than 128 kB ends the connection with 1009, a binary one with 1003', async () => {
    await using large = await open();
    for (let part = 0; part < 5; part++) large.raw.send('x'.repeat(30_000), { fin: part === 4 });
    expect((await large.closed).code).toBe(1009);
    await using binary = await open();
    binary.send(new Uint8Array([1]));
    expect((await binary.closed).code).toBe(1003);
  });
});

describe('the end', () => {
  it('calls $disconnect with the code', async () => {
    await using socket = await open();
    socket.send('event');
    const { requestContext } = (await json(socket)) as { requestContext: { connectionId: string } };
    socket.raw.close(4001, 'bye');
    expect(await logged('DISCONNECT', requestContext.connectionId)).toMatchObject({
      requestContext: {
        ...{ routeKey: '$disconnect', eventType: 'DISCONNECT', disconnectStatusCode: 4001, disconnectReason: 'bye' },
        connectionId: requestContext.connectionId,
      },
    });
  });

  it('comes when nothing is said, when time is up, and to a function that takes too long', async () => {
    const other = await start({ limits: { idleMs: 500, lifetimeMs: 5_500, integrationMs: 4_000 } });
    try {
      await using idle = await openSocket(other.webSocketUrl ?? '');
      expect(await idle.closed).toEqual({ code: 1001, reason: 'Going away' });
      await using busy = await openSocket(other.webSocketUrl ?? '');
      const talking = setInterval(() => busy.send('nothing'), 250);
      busy.send('slow 9000');
      const { code } = await busy.closed;
      clearInterval(talking);
      expect(code).toBe(1001);
      expect(busy.texts.join()).toContain('Endpoint request timed out');
    } finally {
      await other.stop();
    }
  });
});

describe('the management API', () => {
  it('tells of a connection, sends to another one, and ends one', async () => {
    await using one = await open();
    await using two = await open();
    two.send('event');
    const { requestContext } = (await json(two)) as { requestContext: { connectionId: string } };
    one.send('who');
    expect(await json(one)).toMatchObject({
      Identity: { SourceIp: '127.0.0.1' },
      ConnectedAt: expect.any(String) as string,
    });
    one.send(`other ${requestContext.connectionId}`);
    expect([await json(two), await json(one)]).toEqual(['hello', 'sent']);
    two.send('leave');
    expect((await two.closed).code).toBe(1000);
    one.send(`other ${requestContext.connectionId}`);
    expect(await json(one)).toEqual({ name: 'GoneException', status: 410 });
  });

  it('refuses what is unsigned, too large or unknown', async () => {
    const endpoint = (local.webSocketUrl ?? '').replace('ws:', 'http:');
    expect((await fetch(`${endpoint}/@connections/x`)).status).toBe(403);
    const client = new ApiGatewayManagementApiClient({
      ...{ endpoint, region: 'us-east-1', maxAttempts: 1 },
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    });
    const post = (size: number): Promise<unknown> =>
      client.send(new PostToConnectionCommand({ ConnectionId: 'x=', Data: Buffer.alloc(size) }));
    await expect(post(1)).rejects.toThrow(GoneException);
    await expect(post(128 * 1024 + 1)).rejects.toThrow(PayloadTooLargeException);
    client.destroy();
  });
});

it('leaves nothing behind when it is stopped with clients', async () => {
  const other = await start();
  const sockets = await Promise.all([1, 2, 3].map(() => openSocket(other.webSocketUrl ?? '')));
  sockets[0]?.send('slow 5000');
  const begun = performance.now();
  await other.stop();
  expect(performance.now() - begun).toBeLessThan(4_000);
  for (const socket of sockets) expect((await socket.closed).code).toBe(1006);
});
