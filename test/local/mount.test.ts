import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { listen } from '../../src/local/listen.ts';
import { mountBaton, type MountedBaton, type MountOptions } from '../../src/local/mount.ts';
import { get } from '../support/client.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const ASK = { rendition: { codec: 'mp3', bitrate: '64k' }, name: 'Episode' };

interface Mounted extends AsyncDisposable {
  readonly baton: MountedBaton;
  readonly origin: Origin;
}

async function mount(options: MountOptions = {}): Promise<Mounted> {
  const { bytes } = await source('cbr.mp3', { seconds: 6 });
  const origin = await startOrigin(bytes);
  const folder = await mkdtemp(join(tmpdir(), 'baton-mount-'));
  const settings = { BATON_DATA: folder, BATON_ALLOW_ORIGINS: origin.origin };
  const baton = await mountBaton({ settings, ...options });
  return {
    baton,
    origin,
    [Symbol.asyncDispose]: async () => {
      await baton.close();
      await origin[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

async function listening(handle: RequestListener): Promise<{ origin: string } & AsyncDisposable> {
  const server = createServer(handle);
  const port = await listen(server, '127.0.0.1', 0);
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
}

/** A file is whole and its ranges are slices of it. */
async function expectFile(url: string): Promise<void> {
  const whole = await get(url);
  expect(whole).toMatchObject({ status: 200, complete: true });
  expect(whole.headers['content-length']).toBe(String(whole.bytes.length));
  const part = await get(url, { range: '1000-2999' });
  expect(part.status).toBe(206);
  expect(part.bytes.equals(whole.bytes.subarray(1000, 3000))).toBe(true);
  const head = await get(url, { method: 'HEAD' });
  expect(head.headers['content-length']).toBe(whole.headers['content-length']);
}

test('in a plain Node server, at the root', async () => {
  await using mounted = await mount();
  await using server = await listening((incoming, response) => mounted.baton.node(incoming, response));
  const { file } = mounted.baton.link({ url: mounted.origin.url(), ...ASK });
  await expectFile(server.origin + file);
  expect((await get(`${server.origin}/elsewhere`)).status).toBe(404);
  const script = await get(`${server.origin}/player/baton-player.js`);
  expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
});

test('in Express, below a path, beside other routes', async () => {
  await using mounted = await mount();
  const app = express();
  app.use('/media', mounted.baton.node);
  app.get('/media/other', (_request, response) => void response.send('mine'));
  await using server = await listening(app);
  const { file } = mounted.baton.link({ url: mounted.origin.url(), ...ASK });
  await expectFile(`${server.origin}/media${file}`);
  expect((await get(`${server.origin}/media/other`)).bytes.toString()).toBe('mine');
});

test('in Fastify, which hands its requests over', async () => {
  await using mounted = await mount({ basePath: '/media' });
  const app = fastify();
  app.all('/media/*', (request, reply) => {
    reply.hijack();
    mounted.baton.node(request.raw, reply.raw);
  });
  const origin = await app.listen({ port: 0, host: '127.0.0.1' });
  const { file } = mounted.baton.link({ url: mounted.origin.url(), ...ASK });
  expect(file).toMatch(/^\/media\/file\//);
  await expectFile(origin + file);
  await app.close();
});

test('in Hono, through the Fetch API', async () => {
  await using mounted = await mount({ basePath: '/media' });
  const app = new Hono();
  app.all('/media/*', (context) => mounted.baton.fetch(context.req.raw));
  const { file } = mounted.baton.link({ url: mounted.origin.url(), ...ASK });
  const url = `http://media.test${file}`;
  const whole = await app.fetch(new Request(url));
  const bytes = Buffer.from(await whole.arrayBuffer());
  expect([whole.status, whole.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
  const part = await app.fetch(new Request(url, { headers: { range: 'bytes=1000-2999' } }));
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(1000, 3000))).toBe(true);
  const head = await app.fetch(new Request(url, { method: 'HEAD' }));
  expect([head.status, head.headers.get('content-length'), head.body]).toEqual([200, String(bytes.length), null]);
  expect((await app.fetch(new Request('http://media.test/media/nothing'))).status).toBe(404);
});

test('a reader who cancels a fetched body stops what runs for it', async () => {
  const usage: { outcome?: string }[] = [];
  await using mounted = await mount({ onUsage: (record) => void usage.push(record) });
  const { file } = mounted.baton.link({ url: mounted.origin.url(), ...ASK });
  const { body } = await mounted.baton.fetch(new Request(`http://media.test${file}`));
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  await reader.cancel();
  expect(usage).toMatchObject([{ outcome: 'left' }]);
});

test('a base path that is none is refused', async () => {
  await expect(mountBaton({ basePath: 'media/' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
