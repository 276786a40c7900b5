import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkUrl, guardedAgent, isPublicAddress } from '../../src/net/guard.ts';
import { createNet } from '../../src/net/open.ts';
import { rawOrigin, reply, type RawOrigin } from './raw-origin.ts';

const PUBLIC = ['8.8.8.8', '1.1.1.1', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255',
  '128.0.0.0', '168.63.129.15', '168.63.129.17', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0',
  '192.0.1.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255',
  '2606:4700::1111', '2001:4860:4860::8888', '2001:200::1', '2001:db7:ffff::1', '2003::1', '2a00:1450::1',
  '3ffe:ffff::1']; // prettier-ignore

const SPECIAL = ['0.0.0.0', '0.1.2.3', '10.0.0.0', '10.255.255.255', '100.64.0.0', '100.127.255.255', '127.0.0.1',
  '127.255.255.255', '168.63.129.16', '169.254.169.254', '172.16.0.0', '172.31.255.255', '192.0.0.1', '192.0.2.1',
  '192.88.99.1', '192.168.0.0', '192.168.255.255', '198.18.0.0', '198.19.255.255', '198.51.100.1', '203.0.113.1',
  '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '::', '::1', '::7f00:1', '::ffff:8.8.8.8',
  '::ffff:127.0.0.1', '::ffff:0:127.0.0.1', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', '2001::1',
  '2001:0:7f00:1::', '2001:20::1', '2001:1ff:ffff::1', '2001:db8::1', '2002:7f00:1::1', '2002:808:808::1',
  '2620:4f:8000::1', '3fff::1', '3fff:fff::1', '4000::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fe80::1',
  'febf::1', 'fec0::1', 'ff02::1', 'ffff::']; // prettier-ignore

test.each(PUBLIC)('%s is public', (ip) => {
  expect(isPublicAddress(ip)).toBe(true);
});

test.each(SPECIAL)('%s is not public', (ip) => {
  expect(isPublicAddress(ip)).toBe(false);
});

test.each(['', 'example.com', '8.8.8', '010.0.0.1', '0x8.8.8.8', '134744072', ' 8.8.8.8', '8.8.8.8 ', '[2606:4700::1]',
  '2606:4700::1%lo', 'fe80::1%eth0', '8.8.8.8/8', '8.8.8.8%0', '1.1.1.1\n']) // prettier-ignore
('what is not the plain text of an address is not public: %j', (text) => {
  expect(isPublicAddress(text)).toBe(false);
});

test.each(['http://a.test/', 'https://a.test/', 'http://a.test:8000/', 'https://a.test:8443/', 'http://a.test:443/'])(
  'by default %s may be a source',
  (url) => {
    expect(() => checkUrl(new URL(url))).not.toThrow();
  },
);

test.each(['http://127.0.0.1/', 'http://2130706433/', 'http://[::1]/', 'http://[::ffff:8.8.8.8]/', 'http://a.test:22/',
  'http://u@a.test/', 'ftp://a.test/', 'data:,x', 'http://localhost:3001/', 'https://localhost:3000/', 'http://a.test:3000/',
  'http://u@localhost:3000/']) // prettier-ignore
('%s may not, whatever else is allowed', (url) => {
  const allowOrigins = ['http://localhost:3000', 'http://127.0.0.1:3000'];
  expect(() => checkUrl(new URL(url), { allowOrigins })).toThrow(
    expect.objectContaining({ code: 'SOURCE_REFUSED' }) as Error,
  );
});

test('an allowed origin passes on its port', () => {
  expect(() =>
    checkUrl(new URL('http://localhost:3000/x?y'), { allowOrigins: ['http://localhost:3000'] }),
  ).not.toThrow();
});

test('ports can be chosen, and then only those are open', () => {
  expect(() => checkUrl(new URL('http://a.test:9000/'), { ports: ['9000'] })).not.toThrow();
  expect(() => checkUrl(new URL('http://a.test/'), { ports: ['9000'] })).toThrow();
});

test.each(['localhost:3000', 'http://localhost:3000/', 'HTTP://localhost:3000', 'http://localhost:80', 'null', '*',
  'http://*', 'ftp://localhost', 'file://', 'http://user@localhost:3000', '']) // prettier-ignore
('an allowed origin that is not exactly one is a configuration error: %j', (origin) => {
  expect(() => createNet({ allowOrigins: [origin] })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error,
  );
});

let allowed: RawOrigin;
let other: RawOrigin;
const signal = new AbortController().signal;

beforeAll(async () => {
  other = await rawOrigin((socket) => socket.write(reply(200, {}, 'SECRET')));
  allowed = await rawOrigin((socket, head) => {
    const to = new URL(head.split(' ')[1] ?? '', 'http://x').searchParams.get('to');
    socket.write(to === null ? reply(200, {}, 'ALLOWED') : reply(302, { location: to }));
  });
});
afterAll(async () => {
  await allowed[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

test('an allowed origin is reached, on any port, also by a redirect', async () => {
  const net = createNet({ allowOrigins: [allowed.url] });
  const opened = await net.open(`${allowed.url}/?to=${encodeURIComponent(`${allowed.url}/x`)}`, { signal });
  opened.close();
  expect(opened).toMatchObject({ status: 200, url: `${allowed.url}/x` });
  await net.close();
});

test('an allowed origin opens no other spelling, scheme, port or host of the machine', async () => {
  const net = createNet({ allowOrigins: [allowed.url] });
  const { port } = new URL(allowed.url);
  const bypasses = [other.url, `http://localhost:${port}`, `http://[::1]:${port}`, `http://127.0.0.2:${port}`,
    `http://[::ffff:127.0.0.1]:${port}`, `https://127.0.0.1:${port}`, 'http://127.0.0.1', `http://0.0.0.0:${port}`,
    `http://user@127.0.0.1:${port}`, `http://127.0.0.1.:${Number(port) + 1}`]; // prettier-ignore
  const before = allowed.heads.length;
  for (const url of bypasses) {
    await expect(net.open(url, { signal })).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
    const redirect = `${allowed.url}/?to=${encodeURIComponent(url)}`;
    await expect(net.open(redirect, { signal })).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  }
  expect(allowed.heads.length - before).toBe(bypasses.length);
  expect(other.connections).toBe(0);
  await net.close();
});

test('the agent itself dials loopback for the allowed origin only', async () => {
  // Past checkUrl and the port list: a name that resolves to loopback, on the very port that is allowed elsewhere.
  const { port } = new URL(allowed.url);
  const resolve = (_: string, __: object, done: (error: null, found: { address: string; family: number }[]) => void) =>
    done(null, [{ address: '127.0.0.1', family: 4 }]);
  const net = createNet({ allowOrigins: [allowed.url], ports: [port], resolve });
  const before = allowed.connections;
  await expect(net.open(`http://evil.test:${port}/`, { signal })).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  expect(allowed.connections).toBe(before);
  await net.close();
});

test('the agent itself does not even dial a literal that is not public', async () => {
  const agent = guardedAgent({ allowOrigins: [allowed.url], connectMs: 1_000, maxHeaderBytes: 16_384 });
  const asked = agent.request({ origin: other.url, path: '/', method: 'GET' });
  await expect(asked).rejects.toMatchObject({ code: 'SOURCE_REFUSED', detail: 'address 127.0.0.1' });
  expect(other.connections).toBe(0);
  await agent.destroy();
});

test('an allowed name may resolve to loopback', async () => {
  const { port } = new URL(allowed.url);
  const net = createNet({ allowOrigins: [`http://localhost:${port}`] });
  const opened = await net.open(`http://localhost:${port}/`, { signal });
  opened.close();
  expect(opened.status).toBe(200);
  await net.close();
});

test('an allowed IPv6 origin is matched with its brackets', async () => {
  const server = createServer((_, response) => response.end('v6')).listen(0, '::1');
  await once(server, 'listening');
  const origin = `http://[::1]:${(server.address() as AddressInfo).port}`;
  const net = createNet({ allowOrigins: [origin] });
  const opened = await net.open(`${origin}/`, { signal });
  opened.close();
  expect(opened.status).toBe(200);
  await net.close();
  server.close();
});
