import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseRange } from '../../src/net/range.ts';
import { createNet } from '../../src/net/open.ts';
import { look } from '../../src/source/look.ts';
import { createSources, type Sources } from '../../src/source/sources.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { settled } from '../support/leaks.ts';
import { startOrigin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { collect, digest, digestOf, soon } from './setting.ts';

let bytes: Buffer;
beforeAll(async () => {
  bytes = await readFile((await source('vbr-xing.mp3')).path);
});

/** Answers a range of `bytes`; without one it was not asked for any. */
type Answer = (range: { start: number; end: number } | null, response: ServerResponse) => void;

const head = (start: number, end: number, size: number | string = bytes.length) => ({
  'content-range': `bytes ${start}-${end - 1}/${size}`,
});

const whole: Answer = (_, response) => void response.writeHead(200, { 'content-length': bytes.length }).end(bytes);

const ORIGINS: readonly (readonly [string, Answer])[] = [
  [
    'gives at most 10 kB of a range',
    (range, response) => {
      if (range === null) return void whole(range, response);
      const end = Math.min(range.end, range.start + 10_000);
      response.writeHead(206, head(range.start, end)).end(bytes.subarray(range.start, end));
    },
  ],
  [
    'does not say how long the whole is',
    (range, response) => {
      if (range === null) return void whole(range, response);
      response.writeHead(206, head(range.start, range.end, '*')).end(bytes.subarray(range.start, range.end));
    },
  ],
  [
    'refuses ranges',
    (range, response) => (range === null ? whole(range, response) : void response.writeHead(416).end()),
  ],
  [
    'sends ranges in chunks',
    (range, response) => {
      if (range === null) return void whole(range, response);
      response.writeHead(206, head(range.start, range.end)).write(bytes.subarray(range.start, range.end));
      response.end();
    },
  ],
  [
    'is redirected at every read',
    (range, response) => {
      const { start, end } = range ?? { start: 0, end: bytes.length };
      response.writeHead(206, head(start, end)).end(bytes.subarray(start, end));
    },
  ],
];

describe('an origin', () => {
  it.each(ORIGINS)('that %s is read all the same', async (what, answer) => {
    let hops = 0;
    const server = createServer((request: IncomingMessage, response) => {
      if (what.startsWith('is redirected') && !request.url?.startsWith('/at')) {
        response.writeHead(307, { location: `/at/${++hops}` }).end();
        return;
      }
      const asked = parseRange(request.headers.range, bytes.length);
      answer(asked.kind === 'part' ? asked.range : null, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const net = createNet({ allowOrigins: [origin] });
    const store = memoryStore({ maxBytes: 1e7 });
    const sources: Sources = createSources({ net, store, now: Date.now, revalidateMs: 1000, maxSpoolBytes: 1e7 });
    try {
      const opened = await sources.open(`${origin}/`, soon());
      expect(opened.record.samples).toBe(20 * 44_100 + 77);
      expect(await digestOf(sources, opened, 70_000, 170_000)).toBe(digest(bytes.subarray(70_000, 170_000)));
      expect(hops).toBeLessThanOrEqual(1);
    } finally {
      await sources.close();
      await net.close();
      server.close();
    }
  });

  it('without ranges is let go of when nobody wants the rest', async () => {
    await using origin = await startOrigin(new Uint8Array(1e6).fill(1), { range: 'ignored', stallAfter: 300_000 });
    const net = createNet({ allowOrigins: [origin.origin] });
    try {
      const { body } = await look(net, origin.url(), soon());
      await body?.return();
      expect(
        await settled(
          () => origin.connections,
          (count) => count === 0,
        ),
      ).toBe(0);
    } finally {
      await net.close();
    }
  });

  it('without ranges gives the same bytes to whoever reads on', async () => {
    await using origin = await startOrigin(bytes, { range: 'ignored' });
    const net = createNet({ allowOrigins: [origin.origin] });
    try {
      const { body } = await look(net, origin.url(), soon());
      expect(digest(Buffer.concat(body === null ? [] : await collect(body)))).toBe(digest(bytes));
    } finally {
      await net.close();
    }
  });
});
