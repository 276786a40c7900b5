import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { verify, type Result } from '../../src/verify/verify.ts';

const box = (type: string, ...parts: readonly Uint8Array[]): Buffer => {
  const data = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + data.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, data]);
};

const event = (type: string, scheme = 'urn:baton:event:2026'): Buffer => {
  const fixed = Buffer.alloc(24);
  fixed[0] = 1; // version
  return box('emsg', fixed, Buffer.from(`${scheme}\0\0${JSON.stringify({ type })}`));
};

const init = Buffer.concat([box('ftyp', Buffer.from('iso6')), box('moov')]);
const fragment = Buffer.concat([box('moof'), box('mdat', Buffer.alloc(100))]);

/** What verify says of a stream of these bytes. */
async function said(...parts: readonly Uint8Array[]): Promise<Result | undefined> {
  const server = createServer((_request, response) => response.end(Buffer.concat(parts))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live/k.s/-/src/a.mp4`;
    return (await verify({ url, only: ['events', 'seek'] })).find(({ id }) => id === 'events');
  } finally {
    server.close();
  }
}

const whole = [init, event('start'), fragment, event('position'), fragment, event('closing'), fragment, event('end')];

test('a framed stream with its events in order is good, and has no ranges to check', async () => {
  expect(await said(...whole)).toMatchObject({ result: 'ok', seen: 'start, position, closing, end' });
  expect(await said(init, event('start'), fragment, event('error'))).toMatchObject({ result: 'ok' });
  expect(await said(init, event('start'), event('x', 'urn:other'), fragment, event('end'))).toMatchObject({
    ...{ result: 'ok', seen: 'start, end' },
  });
});

test.each<[string, RegExp, readonly Uint8Array[]]>([
  ['without events', /^no event$/, [init, fragment]],
  ['that does not begin with start', /^position, end$/, [init, event('position'), fragment, event('end')]],
  ['without end', /breaks off/, whole.slice(0, -1)],
  ['that breaks off in a box', /breaks off/, [...whole, fragment.subarray(0, 50)]],
  ['that goes on after its end', /end, end$/, [...whole, fragment, event('end')]],
  [
    'with an event inside a fragment',
    /inside a fragment/,
    [...[init, event('start'), box('moof'), event('position'), box('mdat'), event('end')]],
  ],
  [
    'that starts again after closing',
    /closing, start/,
    [...[init, event('start'), fragment, event('closing'), fragment, event('start'), fragment, event('end')]],
  ],
])('a framed stream %s fails', async (_name, seen, parts) => {
  expect(await said(...parts)).toMatchObject({ result: 'fail', seen: expect.stringMatching(seen) as string });
});
