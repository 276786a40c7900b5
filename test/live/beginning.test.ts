import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { carrier, made } from './carrier.ts';

/** A server that takes connections and never says anything. */
async function mute(): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

test('a source that only keeps one waiting leaves the beginning to its fallback, before players give up', async () => {
  await using source = await mute();
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 20 }));
  await using listener = await carrier(source.url, memoryStore({ maxBytes: 2 ** 24 }), { fallback: radio.url() });
  const began = performance.now();
  await made(listener.stream, 1);
  expect(performance.now() - began).toBeLessThan(8_000);
  expect(listener.stream.channel.sourceState()).toBe('fallback');
});

test('a fallback that is away does not end the wait for its source', async () => {
  const program = await radioProgram('mp3-128k', { seconds: 20 });
  await using radio = await startRadio(program, { behaviour: { burstBytes: 0 } });
  await using away = await startRadio(program, { behaviour: { status: 404 } });
  radio.stall(5_500, 'paused');
  await using listener = await carrier(radio.url(), memoryStore({ maxBytes: 2 ** 24 }), { fallback: away.url() });
  await made(listener.stream, 1);
  expect(listener.stream.channel.sourceState()).toBe('source');
  expect(away.requests.length).toBeGreaterThan(0);
});
