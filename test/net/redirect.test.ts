import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createNet, type Net } from '../../src/net/open.ts';
import { rawOrigin, reply } from './raw-origin.ts';
import { simulatedInternet, type SimulatedInternet } from './simulated-internet.ts';

let internet: SimulatedInternet;
let net: Net;

beforeAll(async () => {
  internet = await simulatedInternet();
  net = createNet(internet);
});
beforeEach(() => internet.reset());
afterAll(async () => {
  await net.close();
  await internet[Symbol.asyncDispose]();
});

const signal = new AbortController().signal;

/** An address that redirects through each of `hops` in turn. */
const chain = (...hops: readonly string[]): string =>
  hops.reduceRight((next, host) => `${host}/r?to=${encodeURIComponent(next)}`, 'http://pub.test/end');

const SECRETS = { authorization: 'Bearer x', Cookie: 'a=b', 'proxy-authorization': 'c', 'x-other': 'kept' };

test('five redirects are followed and the last address is reported', async () => {
  const opened = await net.open(chain(...Array<string>(5).fill('http://pub.test')), { signal });
  opened.close();
  expect(opened).toMatchObject({ status: 200, url: 'http://pub.test/end' });
  expect(internet.seen).toHaveLength(6);
});

test('the sixth redirect is one too many', async () => {
  const url = chain(...Array<string>(6).fill('http://pub.test'));
  await expect(net.open(url, { signal })).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  expect(internet.seen).toHaveLength(6);
});

test('a tracker on https may redirect to plain http', async () => {
  const opened = await net.open(chain('https://pub2.test'), { signal });
  opened.close();
  expect(opened.url).toBe('http://pub.test/end');
});

test('credentials stay within their origin', async () => {
  const opened = await net.open(chain('http://pub.test'), { signal, headers: SECRETS });
  opened.close();
  expect(internet.seen[1]?.headers).toMatchObject({ authorization: 'Bearer x', cookie: 'a=b', 'x-other': 'kept' });
});

test.each(['http://pub2.test', 'https://pub.test'])(
  'credentials do not leave %s, not even on the way back',
  async (host) => {
    const opened = await net.open(chain(host, 'http://pub.test', host), { signal, headers: SECRETS });
    opened.close();
    const [first, ...others] = internet.seen;
    expect(first?.headers).toHaveProperty('authorization');
    expect(others).toHaveLength(3);
    for (const { headers } of others) {
      expect(headers).toMatchObject({ 'x-other': 'kept' });
      for (const name of ['authorization', 'cookie', 'proxy-authorization']) expect(headers).not.toHaveProperty(name);
    }
  },
);

test('the range is asked of every hop', async () => {
  const opened = await net.open(chain('http://pub2.test'), { signal, start: 10, end: 20 });
  opened.close();
  expect(internet.seen.map(({ headers }) => headers['range'])).toEqual(['bytes=10-19', 'bytes=10-19']);
});

test('locations may be relative, in raw UTF-8, or with a fragment', async () => {
  await using origin = await rawOrigin((socket, head) => {
    const [, path] = head.split(' ');
    if (path === '/a') socket.write(reply(302, { location: 'b?x=1#frag' }));
    else if (path === '/b?x=1') socket.write(reply(307, { location: Buffer.from('/café').toString('latin1') }));
    else socket.write(reply(200, {}, 'done'));
  });
  const local = createNet({ allowOrigins: [origin.url] });
  const opened = await local.open(`${origin.url}/a#top`, { signal });
  opened.close();
  expect(opened.url).toBe(`${origin.url}/caf%C3%A9`);
  await local.close();
});

test('a location that is no address fails, and leaves no connection behind', async () => {
  await using origin = await rawOrigin((socket) => socket.write(reply(302, { location: 'http://[/' })));
  const local = createNet({ allowOrigins: [origin.url] });
  await expect(local.open(origin.url, { signal })).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  await local.close();
  await origin.allGone();
});

test('a redirect status without a location is given to the caller', async () => {
  await using origin = await rawOrigin((socket) => socket.write(reply(302, {}, 'x')));
  const local = createNet({ allowOrigins: [origin.url] });
  const opened = await local.open(origin.url, { signal });
  opened.close();
  expect(opened.status).toBe(302);
  await local.close();
});

test('an endless body under a redirect is not read to the end', async () => {
  const filler = Buffer.alloc(64 * 1024);
  let sent = 0;
  await using origin = await rawOrigin((socket, head) => {
    if (head.startsWith('GET /end')) return socket.write(reply(200, {}, 'done'));
    socket.write('HTTP/1.1 302 X\r\nlocation: /end\r\ntransfer-encoding: chunked\r\n\r\n');
    const more = () => {
      if (socket.destroyed) return;
      sent += filler.length;
      socket.write('10000\r\n');
      socket.write(filler);
      socket.write('\r\n', more);
    };
    more();
    return true;
  });
  const local = createNet({ allowOrigins: [origin.url] });
  const opened = await local.open(origin.url, { signal });
  expect(opened.status).toBe(200);
  for await (const part of opened.body) expect(Buffer.from(part).toString()).toBe('done');
  await expect.poll(() => origin.open).toBe(1);
  await local.close();
  await origin.allGone();
  expect(sent).toBeLessThan(8 * 1024 * 1024);
});
