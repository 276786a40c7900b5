import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { listen } from '../../src/local/listen.ts';
import { mountBaton, type MountedBaton } from '../../src/local/mount.ts';
import { packetsOf, streamOf } from '../ingest/sent.ts';
import { get } from '../support/client.ts';
import { decode } from '../support/ffmpeg.ts';
import { startPublisher } from '../support/publisher.ts';
import { samplesOf } from '../support/signal.ts';

const BASE = '/media';
const SECONDS = 2;

interface Host extends AsyncDisposable {
  readonly baton: MountedBaton;
  readonly server: Server;
  readonly origin: string;
  /** What the mounted Baton has told of publishers. */
  readonly told: object[];
}

/** Somebody's server, with pages, an admin area and a chat of its own, and Baton in it. */
async function host(): Promise<Host> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-mount-ingest-'));
  const told: object[] = [];
  const onPublisher = (record: object): void => void told.push(record);
  const baton = await mountBaton({ settings: { BATON_DATA: folder }, basePath: BASE, onPublisher });
  const app = express();
  app.use(baton.node);
  app.get('/admin/metadata', (_request, response) => void response.send('mine'));
  app.put('/ingest/:name', (_request, response) => void response.send('mine, too'));
  const server = createServer(app);
  const chat = new WebSocketServer({ noServer: true });
  chat.on('connection', (peer) => peer.send('welcome to the chat'));
  server.on('upgrade', (incoming, socket, head) => {
    if (!baton.upgrade(incoming, socket, head))
      chat.handleUpgrade(incoming, socket, head, (peer) => chat.emit('connection', peer));
  });
  baton.takeSources(server);
  const port = await listen(server, '127.0.0.1', 0);
  return {
    ...{ baton, server, told, origin: `http://127.0.0.1:${port}` },
    [Symbol.asyncDispose]: async () => {
      await baton.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

const tokenOf = ({ baton }: Host, channel: string): string =>
  baton.publisherToken({ channel, expiresAt: Date.now() / 1000 + 600 });

test('a page publishes to a server that Baton is mounted in, beside a WebSocket of its own', async () => {
  const sent = await packetsOf('opus', SECONDS);
  await using there = await host();
  const address = `${there.origin.replace('http', 'ws')}${BASE}/ingest`;
  await using publisher = startPublisher({
    ...{ origin: there.origin, address, token: tokenOf(there, 'radio'), channel: 'radio', show: 'one' },
    format: sent.format,
  });
  for (const payload of sent.payloads.slice(0, 5)) publisher.send(payload);
  await publisher.until((message) => message.type === 'ack' && message.next === 5);
  publisher.cut();
  for (const payload of sent.payloads.slice(5)) publisher.send(payload);
  const { recording } = await publisher.end();
  expect(publisher.connections).toBe(2);
  expect(recording?.audio).toMatch(/^\/media\/file\//);
  const file = await get(there.origin + (recording?.audio ?? ''));
  expect(file.status).toBe(200);
  expect(Math.abs(samplesOf(await decode(file.bytes)) - SECONDS * 48_000)).toBeLessThan(4_000);
  expect(there.told).toMatchObject([
    { event: 'on-air', channel: 'radio' },
    { event: 'left', reason: 'gone' },
    { event: 'on-air', resumes: 1 },
    { event: 'left', reason: 'ended' },
  ]);

  for (const path of ['/ingest', '/chat', '/media/ingestion']) {
    const other = new WebSocket(there.origin.replace('http', 'ws') + path);
    expect(String((await once(other, 'message'))[0]), path).toBe('welcome to the chat');
    other.terminate();
  }
});

test('source clients publish there and say what is on, and the paths of the server stay its own', async () => {
  const { stream, payloads } = await streamOf('mp3', SECONDS);
  await using there = await host();
  const authorization = `Basic ${Buffer.from(`source:${tokenOf(there, 'studio')}`).toString('base64')}`;
  const { port } = new URL(there.origin);
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  socket.write(`SOURCE /media/ingest/studio HTTP/1.0\r\nAuthorization: ${authorization}\r\n\r\n`);
  for (const payload of payloads.slice(0, -1)) socket.write(payload);
  expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.0 200 /);
  const news = (mount: string) =>
    get(`${there.origin}/admin/metadata?mode=updinfo&mount=${encodeURIComponent(mount)}&song=A%20-%20B`, {
      headers: { authorization },
    });
  expect((await news('/media/ingest/studio')).bytes.toString()).toContain('successful');
  expect((await news('/ingest/studio')).bytes.toString()).toBe('mine');
  socket.end(payloads.at(-1) ?? '');
  await once(socket, 'end');

  const headers = { authorization, 'content-type': 'audio/mpeg' };
  const put = (path: string) => fetch(there.origin + path, { method: 'PUT', headers, body: Buffer.from(stream ?? []) });
  expect((await put('/media/ingest/studio')).status).toBe(200);
  expect(await (await put('/ingest/studio')).text()).toBe('mine, too');
  const stays = { event: 'left', via: 'icecast', channel: 'studio', reason: 'ended', bytes: stream?.length };
  expect(there.told).toMatchObject([{ event: 'on-air' }, stays, { event: 'on-air' }, stays]);
});

test('when it is closed, publishers are told to come again, and the server goes on', async () => {
  const sent = await packetsOf('opus', 1);
  await using there = await host();
  const address = `${there.origin.replace('http', 'ws')}${BASE}/ingest`;
  await using publisher = startPublisher({
    ...{ origin: there.origin, address, token: tokenOf(there, 'radio'), channel: 'radio', show: 'one' },
    format: sent.format,
  });
  for (const payload of sent.payloads) publisher.send(payload);
  await publisher.until((message) => message.type === 'state' && message.onAir === 'live');
  await there.baton.close();
  expect(await publisher.until(({ type }) => type === 'error')).toMatchObject({
    code: 'STOPPING',
    retryAfterSeconds: 1,
  });
  expect((await get(`${there.origin}/admin/metadata`)).bytes.toString()).toBe('mine');
});
