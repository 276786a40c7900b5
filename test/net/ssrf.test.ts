import { Agent } from 'undici';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { hasCode } from '../../src/errors.ts';
import { createNet, type Net } from '../../src/net/open.ts';
import { simulatedInternet, type SimulatedInternet } from './simulated-internet.ts';

const VIA = 'http://pub.test/r?to=';

const ALLOWED = [
  'http://pub.test/',
  'http://8.8.8.8/',
  'http://[2606:4700::1111]/',
  'http://pub6.test/',
  `${VIA}http://pub2.test/`,
];

const BLOCKED = [
  'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
  'http://localhost:9001/',
  'http://localhost.:9001/',
  'http://2130706433:9001/',
  'http://0x7f.1:9001/',
  'http://0177.0.0.1:9001/',
  'http://0:9001/',
  'http://127。0。0。1:9001/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://169.254.169.254/latest/',
  'http://[fd00:ec2::254]/',
  'http://10.0.0.5/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://168.63.129.16/',
  'http://[64:ff9b::7f00:1]/',
  'http://[2002:7f00:1::1]/',
  'http://[::7f00:1]/',
  'http://int.test/',
  'http://lo.test:9001/',
  'http://mixed.test/',
  'http://mixed2.test/',
  'http://mapped.test/',
  'http://v6int.test/',
  'http://ula.test/',
  'http://nat64.test/',
  'http://compat.test/',
  'http://sixto4.test/',
  `${VIA}http://169.254.169.254/`,
  `${VIA}${VIA}${encodeURIComponent('http://127.0.0.1:9001/')}`,
  `${VIA}http://[::ffff:127.0.0.1]/`,
  `${VIA}file:///etc/passwd`,
  `${VIA}data:,SECRET`,
  'http://pub.test/loop',
  'file:///etc/passwd',
  'data:,SECRET',
];

// Names that answer with a public address first and a private one later: any outcome but a touch is right.
const REBINDING = [
  'http://rebind1.test/',
  'http://rebind1.test/#2',
  `${VIA}http://rebind2.test/`,
  `${VIA}http://rebind2.test/&2`,
];

const MORE_BLOCKED = [
  'http://azure.test/',
  'http://0.0.0.0/',
  'http://127.1/',
  'http://127.0.0.1./',
  'http://[::]/',
  'http://[fe80::1]/',
  'http://[ff02::1]/',
  'http://[2001:0:7f00:1::]/',
  'http://[3fff::1]/',
  'http://255.255.255.255/',
  'http://224.0.0.1/',
  'http://pub.test:22/',
  'http://pub.test:6379/',
  'http://user:secret@pub.test/',
  'http://user@pub.test/',
  'ftp://pub.test/',
  'gopher://pub.test/',
  'javascript:alert(1)',
  `${VIA}//127.0.0.1:9001/`,
  `${VIA}http://user:secret@pub2.test/`,
  `${VIA}http://pub2.test:22/`,
  `${VIA}https://169.254.169.254/`,
];

let internet: SimulatedInternet;
let net: Net;

beforeAll(async () => {
  internet = await simulatedInternet();
  net = createNet({ ...internet, ports: ['80', '443', '9001'] });
});
beforeEach(() => internet.reset());
afterAll(async () => {
  await net.close();
  await internet[Symbol.asyncDispose]();
});

async function read(url: string, through: Net = net): Promise<string> {
  const opened = await through.open(url, { signal: AbortSignal.timeout(4_000) });
  const parts: Uint8Array[] = [];
  for await (const part of opened.body) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('the table has the 47 cases', () => {
  expect(ALLOWED.length + BLOCKED.length + REBINDING.length).toBe(47);
});

test.each(ALLOWED)('a public source answers: %s', async (url) => {
  expect(await read(url)).toBe('PUBLIC');
  expect(internet.leaks).toBe(0);
});

test.each([...BLOCKED, ...MORE_BLOCKED])('an internal or foreign address is refused untouched: %s', async (url) => {
  const thrown: unknown = await read(url).catch((error: unknown) => error);
  expect(hasCode(thrown, 'SOURCE_REFUSED', ...(url.endsWith('/loop') ? (['SOURCE_FAILED'] as const) : []))).toBe(true);
  expect(internet.leaks).toBe(0);
});

test.each(REBINDING)('a name that rebinds never leads inside: %s', async (url) => {
  const outcome = await read(url).catch((error: unknown) => error);
  expect(outcome === 'PUBLIC' || hasCode(outcome, 'SOURCE_REFUSED')).toBe(true);
  expect(internet.leaks).toBe(0);
});

test('without the guard the same table leaks, so it can fail', async () => {
  const lookup = internet.connector({
    lookup: (hostname, _, done) => {
      internet.resolve(hostname, { all: true }, (error, [first] = []) =>
        done(error, first?.address ?? '', first?.family),
      );
    },
  });
  const agent = new Agent({ connect: lookup, pipelining: 0 });
  let leaked = 0;
  for (const url of BLOCKED.filter((text) => text.startsWith('http') && !text.startsWith(VIA))) {
    internet.reset();
    const { origin, pathname: path } = new URL(url);
    await agent.request({ origin, path, method: 'GET' }).then(({ body }) => body.dump());
    if (internet.leaks > 0) leaked++;
  }
  await agent.destroy();
  expect(leaked).toBeGreaterThanOrEqual(25);
});

test('a peer that turns out private is left even when its name was public', async () => {
  const liar = createNet({
    resolve: internet.resolve,
    connector: () => internet.connector({ lookup: (_name, _options, done) => done(null, '10.0.0.5', 4) }),
  });
  await expect(read('http://pub.test/', liar)).rejects.toMatchObject({
    code: 'SOURCE_REFUSED',
    detail: 'peer 10.0.0.5',
  });
  await liar.close();
});

test('a refusal says why in the log only, without the credentials of the URL', async () => {
  await expect(read('http://user:secret@pub.test/')).rejects.toMatchObject({
    status: 403,
    detail: 'credentials in the URL',
    message: expect.not.stringContaining('credentials') as string,
  });
});

test('a name without an address or unknown to the resolver is unreachable', async () => {
  await expect(read('http://empty.test/')).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
  await expect(read('http://nowhere.test/')).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
});
