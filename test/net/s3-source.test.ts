import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNet, type Net, type OpenOptions } from '../../src/net/open.ts';
import { s3Object, s3Source } from '../../src/net/s3-source.ts';
import { parseS3Address, type S3Address } from '../../src/s3-address.ts';
import { s3Client, s3SourceLimits } from '../../src/store/s3-client.ts';
import { S3_CREDENTIALS, startS3Server, type S3Server } from '../support/s3-server.ts';

const run = promisify(execFile);

let server: S3Server;
let net: Net;
let clients: number;
beforeEach(async () => {
  server = await startS3Server({ bucket: 'podcasts' });
  server.put('show/one.mp3', Buffer.from('0123456789'), { 'content-type': 'audio/mpeg' });
  clients = 0;
  net = netFor(['podcasts']);
});
afterEach(async () => {
  await net.close();
  await server.close();
});

function netFor(allowed: readonly string[]): Net {
  const addresses = allowed.map((text) => parseS3Address(`s3://${text}`)).filter((at): at is S3Address => at !== null);
  const { endpoint } = server;
  const client = () => {
    clients += 1;
    return Promise.resolve(
      s3Client({ endpoint, region: 'eu-test-1', credentials: S3_CREDENTIALS, limits: s3SourceLimits }),
    );
  };
  const limits = { headersMs: 1_500, idleMs: 1_000 };
  return createNet({ limits, s3: s3Source({ allowed: addresses, client }) });
}

const ask = (options: Partial<OpenOptions> = {}): OpenOptions => ({ signal: AbortSignal.timeout(10_000), ...options });

async function read(url: string, options?: Partial<OpenOptions>): Promise<string> {
  const opened = await net.open(url, ask(options));
  return `${opened.status} ${Buffer.concat(await Array.fromAsync(opened.body)).toString()}`;
}

test('an object is opened with the headers that sources are judged by', async () => {
  const opened = await net.open('s3://podcasts/show/one.mp3', ask({ start: 2, end: 5 }));
  const { etag } = server.objects.get('podcasts/show/one.mp3') ?? {};
  expect([opened.url, opened.status]).toEqual(['s3://podcasts/show/one.mp3', 206]);
  expect(opened.headers).toMatchObject({
    ...{ etag, 'content-length': '3', 'content-range': 'bytes 2-4/10', 'content-type': 'audio/mpeg' },
    'last-modified': expect.stringMatching(/GMT$/) as string,
  });
  expect(Buffer.concat(await Array.fromAsync(opened.body)).toString()).toBe('234');
});

test('ranges, wholes and heads are asked for as over HTTP', async () => {
  expect(await read('s3://podcasts/show/one.mp3')).toBe('200 0123456789');
  expect(await read('s3://podcasts/show/one.mp3', { start: 7 })).toBe('206 789');
  expect(await read('s3://podcasts/show/one.mp3', { start: 5, end: 99 })).toBe('206 56789');
  expect(await read('s3://podcasts/show/one.mp3', { start: 10, end: 11 })).toBe('416 ');
  const head = await net.open('s3://podcasts/show/one.mp3', ask({ method: 'HEAD' }));
  expect([head.status, head.headers['content-length']]).toEqual([200, '10']);
  expect(clients).toBe(1);
});

test('conditions are kept: the same object answers, a changed one gives no bytes', async () => {
  const url = 's3://podcasts/show/one.mp3';
  const first = await net.open(url, ask({ start: 0, end: 1 }));
  first.close();
  const { etag = '', 'last-modified': modified = '' } = first.headers;
  expect(await read(url, { start: 0, end: 1, headers: { 'if-range': etag } })).toBe('206 0');
  expect(await read(url, { start: 0, end: 1, headers: { 'if-range': modified } })).toBe('206 0');
  expect(await read(url, { headers: { 'if-none-match': etag } })).toBe('304 ');
  server.put('show/one.mp3', Buffer.from('abcdefghij'));
  expect(await read(url, { start: 0, end: 1, headers: { 'if-range': etag } })).toBe('412 ');
  expect(await read(url, { headers: { 'if-none-match': etag } })).toBe('200 abcdefghij');
});

test('what S3 refuses comes back with its status', async () => {
  expect(await read('s3://podcasts/nothing.mp3', { start: 0, end: 1 })).toBe('404 ');
  server.faults.denied = () => true;
  expect(await read('s3://podcasts/show/one.mp3')).toBe('403 ');
  server.faults.denied = () => false;
  server.faults.slowDown = 1;
  expect(await read('s3://podcasts/show/one.mp3')).toBe('503 '); // tried again by whoever asked
  expect(server.requests).toHaveLength(3);
});

test('buckets that are not allowed are refused before anything is asked or loaded', async () => {
  for (const url of ['s3://secrets/one.mp3', 's3://podcasts.evil/one.mp3', 's3://podcast/one.mp3'])
    await expect(net.open(url, ask())).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  const bare = createNet();
  await expect(bare.open('s3://podcasts/show/one.mp3', ask())).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  await bare.close();
  expect([clients, server.requests.length]).toEqual([0, 0]);
});

test('a part of a bucket is allowed by whole segments', async () => {
  await net.close();
  net = netFor(['podcasts/show']);
  expect(await read('s3://podcasts/show/one.mp3')).toBe('200 0123456789');
  for (const key of ['show', 'show-private/one.mp3', 'other/one.mp3', 'show/../other/one.mp3'])
    await expect(net.open(`s3://podcasts/${key}`, ask())).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
  await expect(net.open('s3://podcasts/show/%2e%2e%2fother', ask())).rejects.toMatchObject({
    code: 'SOURCE_URL_INVALID',
  });
});

test.each([
  ['plain/one.mp3', 'plain/one.mp3'],
  ['with%20blank%2Bplus+.mp3', 'with blank+plus+.mp3'],
  ['100%25.mp3', '100%.mp3'],
  ['twice%2525.mp3', 'twice%25.mp3'],
  ['f%C3%B6lge/%E6%97%A5%E6%9C%AC.mp3', 'fölge/日本.mp3'],
  ['fölge/日本 1.mp3', 'fölge/日本 1.mp3'],
  ['what%3F%23.mp3', 'what?#.mp3'],
  ['a//b/.hidden/...mp3', 'a//b/.hidden/...mp3'],
  ["odd!*'();:@&=$,.mp3", "odd!*'();:@&=$,.mp3"],
])('the path %s is the key %s, as S3 gets it', async (path, key) => {
  expect(s3Object(new URL(`s3://podcasts/${path}`))).toEqual({ bucket: 'podcasts', key });
  server.put(key, Buffer.from('found'));
  expect(await read(`s3://podcasts/${path}`)).toBe('200 found');
});

test.each([
  ...['s3://podcasts', 's3://podcasts/', 's3://podcasts/a?versionId=1', 's3://podcasts/100%', 's3://podcasts/%ff'],
  ...[
    's3://podcasts/a%00',
    's3://podcasts/a%0d%0ab',
    's3://podcasts/%2e%2e%2fa',
    's3://podcasts/a%2f..',
    's3:podcasts/a',
  ],
  ...[
    's3://podcasts:443/a',
    's3://Podcasts/a',
    's3://10.0.0.1/a',
    's3://a..b/a',
    's3://arn%3Aaws%3As3/a',
    's3:///podcasts/a',
  ],
  `s3://podcasts/${'x'.repeat(1025)}`,
])('%s names no object', async (url) => {
  await expect(net.open(url, ask())).rejects.toMatchObject({ code: 'SOURCE_URL_INVALID' });
  expect(server.requests).toEqual([]);
});

test('credentials in the URL are refused', async () => {
  const refused = { code: 'SOURCE_REFUSED' };
  await expect(net.open('s3://key:secret@podcasts/show/one.mp3', ask())).rejects.toMatchObject(refused);
});

test('the SDK is loaded by the first source in a bucket, and not before', async () => {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    const resolve = (name, context, next) => (loaded.add(name), next(name, context));
    registerHooks({ resolve });
    const { createNet } = await import('./src/net/open.ts');
    const { s3Source } = await import('./src/net/s3-source.ts');
    const client = async () => (await import('./src/store/s3-client.ts')).s3Client({ endpoint: 'http://127.0.0.1:9', region: 'x' });
    const net = createNet({ s3: s3Source({ allowed: [{ bucket: 'podcasts', prefix: '' }], client }) });
    for (const url of ['http://127.0.0.1/a', 's3://elsewhere/a', 's3://podcasts/a']) {
      const failed = await net.open(url, { signal: new AbortController().signal }).catch(({ code }) => code);
      console.log(failed, loaded.has('@aws-sdk/client-s3'));
    }`;
  const env = { ...process.env, AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };
  const ran = await run(process.execPath, ['--input-type=module', '--eval', program], { env });
  expect(ran.stdout.trim().split('\n')).toEqual([
    'SOURCE_REFUSED false',
    'SOURCE_REFUSED false',
    expect.stringMatching(/true$/),
  ]);
});

describe('when S3 fails', () => {
  const url = 's3://podcasts/show/one.mp3';
  const code = async (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      (value) => value,
      (error: unknown) => (error as { code?: unknown }).code,
    );

  test('silence is a timeout, a reset a cut, an absent server unreachable', async () => {
    server.faults.hangs = 1;
    expect(await code(read(url))).toBe('SOURCE_TIMEOUT');
    server.faults.resets = 1;
    expect(await code(read(url))).toBe('SOURCE_CUT');
    await server.close();
    expect(await code(read(url))).toBe('SOURCE_UNREACHABLE');
  });

  test('a body that breaks off or stops is noticed', async () => {
    server.put('show/one.mp3', Buffer.alloc(500_000));
    server.faults.cutBodies = 1;
    expect(await code(read(url))).toBe('SOURCE_CUT');
    server.faults.stalledBodies = 1;
    expect(await code(read(url))).toBe('SOURCE_SLOW');
  });

  test('a listener who leaves is the reason, before the head and in the body', async () => {
    const reason = new Error('the listener left');
    const leaving = new AbortController();
    server.faults.hangs = 1;
    const asked = net.open(url, ask({ signal: leaving.signal }));
    setTimeout(() => leaving.abort(reason), 30);
    await expect(asked).rejects.toBe(reason);
    server.put('show/one.mp3', Buffer.alloc(500_000));
    server.faults.stalledBodies = 1;
    const again = new AbortController();
    const opened = await net.open(url, ask({ signal: again.signal }));
    setTimeout(() => again.abort(reason), 30);
    await expect(Array.fromAsync(opened.body)).rejects.toBe(reason);
  });

  test('a body under way fails when the net is closed', async () => {
    server.put('show/one.mp3', Buffer.alloc(500_000));
    server.faults.stalledBodies = 1;
    const opened = await net.open(url, ask());
    setTimeout(() => void net.close(), 30);
    expect(await code(Array.fromAsync(opened.body))).toBe('SOURCE_CUT');
  });

  test('an answer that is dropped unread gives its connection back or ends it', async () => {
    for (const size of [10, 5_000_000]) {
      server.put('show/one.mp3', Buffer.alloc(size));
      for (let i = 0; i < 5; i += 1) (await net.open(url, ask())).close();
    }
    server.put('show/one.mp3', Buffer.from('still there'));
    expect(await read(url)).toBe('200 still there');
  });
});
