import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { fromServerless } from '../../src/local-lambda/from-serverless.ts';
import { startLocalLambda, type LocalLambda } from '../../src/local-lambda/local-lambda.ts';
import { formatKeys } from '../../src/sign/keys.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, testKeys } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { get } from '../support/client.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import type { Service } from './packaged.ts';
import { readZip } from './zip.ts';

const SECONDS = 20;
const OPTIONS = 'codec.mp3~bitrate.96k';

/** The zip as AWS unpacks it, with the functions and the distribution of the template it was made for. */
export function playTests(service: () => Service): void {
  describe('the packaged zip', () => {
    const keys = testKeys();
    const stack = new AsyncDisposableStack();
    let origin: Origin;
    let local: LocalLambda;
    let right: Buffer;
    beforeAll(async () => {
      origin = stack.use(await startOrigin((await source('cbr.mp3', { seconds: SECONDS })).bytes));
      const folder = await mkdtemp(join(tmpdir(), 'baton-unzipped-'));
      stack.defer(() => rm(folder, { recursive: true, force: true }));
      await unzip(join(service().folder, '.serverless/baton.zip'), folder);
      const { functions, cloudFront } = await fromServerless({
        file: join(service().folder, 'serverless.yml'),
        params: { arch: process.arch },
        environment: {
          BATON_STORE: join(folder, 'store'),
          BATON_KEYS: formatKeys(keys).trim().replaceAll('\n', ','),
          BATON_ALLOW_ORIGINS: origin.origin,
        },
        keyValues: Object.fromEntries(
          [...keys.byId].map(([kid, key]) => [kid, Buffer.from(key).toString('base64url')]),
        ),
      });
      expect(functions.map(({ name }) => name)).toEqual([
        ...[
          'file',
          'ranges',
          'raw',
          'raw-ranges',
          'hls',
          'hls-whole',
          'hls-live',
          'live',
          'feed',
          'embed',
          'player',
          'ingest',
          'keys',
        ],
      ]);
      if (cloudFront === null) throw new Error('no distribution');
      local = await startLocalLambda({
        functions: functions.map((spec) => ({ ...spec, taskRoot: folder })),
        cloudFront,
        log: () => undefined,
      });
      stack.defer(() => local.stop());
      await using server = await startBaton({ allowOrigins: [origin.origin] });
      right = (await get(server.file(origin.url(), OPTIONS))).bytes;
    });
    afterAll(() => stack.disposeAsync());

    const link = (kind: 'file' | 'embed' = 'file'): string =>
      publicLink({ kind, options: OPTIONS, source: origin.url(), name: 'episode.mp3' }, keys);
    const front = (path: string): string => `${local.cloudFrontUrl ?? ''}${path}`;

    test('plays by fetch: HEAD, the whole, and open ranges one after another', async () => {
      const head = await fetch(front(link()), { method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(right.length)]);
      const parts: Buffer[] = [];
      for (let at = 0; at < right.length;) {
        const part = await fetch(front(link()), { headers: { range: `bytes=${at}-` } });
        const bytes = Buffer.from(await part.arrayBuffer());
        const said = `bytes ${at}-${at + bytes.length - 1}/${right.length}`;
        expect([part.status, part.headers.get('content-range')]).toEqual([206, said]);
        expect(part.headers.get('etag')).toBe(head.headers.get('etag'));
        parts.push(bytes);
        at += bytes.length;
      }
      expect(Buffer.concat(parts).equals(right)).toBe(true);
      const whole = await fetch(front(link()));
      expect(whole.status).toBe(200);
      expect(Buffer.from(await whole.arrayBuffer()).equals(right)).toBe(true);
      expect((await fetch(front(link().replace('96k', '64k')))).status).toBe(403);
    });

    test('passes a payload on as it is: the whole, its length, and a part', async () => {
      const { bytes } = await source('cbr.mp3', { seconds: SECONDS });
      const path = publicLink({ kind: 'raw', options: '', source: origin.url(), name: 'episode.mp3' }, keys);
      const head = await fetch(front(path), { method: 'HEAD' });
      expect([head.status, head.headers.get('content-length')]).toEqual([200, String(bytes.length)]);
      const whole = await fetch(front(path));
      expect(Buffer.from(await whole.arrayBuffer()).equals(bytes)).toBe(true);
      const part = await fetch(front(path), { headers: { range: 'bytes=5000-5999' } });
      expect(part.status).toBe(206);
      expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(5000, 6000))).toBe(true);
    });

    test('no function URL lets in who has not signed', async () => {
      for (const name of [
        'file',
        'ranges',
        'raw',
        'raw-ranges',
        'hls',
        'hls-whole',
        'hls-live',
        'live',
        'feed',
        'embed',
        'player',
      ])
        expect((await fetch((local.functionUrls.get(name) ?? '') + link().slice(1))).status).toBe(403);
    });

    test('plays by the SDK, as a stream and in one piece', async () => {
      const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'test' };
      const client = new LambdaClient({ endpoint: local.invokeUrl, region: 'us-east-1', credentials });
      const [prelude, bytes] = await streamed(client, 'file', event(link()));
      expect(prelude).toMatchObject({ statusCode: 200, headers: { 'content-type': 'audio/mpeg' } });
      expect(bytes.equals(right)).toBe(true);
      const asked = event(link(), { range: 'bytes=1000-50999' });
      const { Payload, FunctionError } = await client.send(
        new InvokeCommand({ FunctionName: 'ranges', Payload: Buffer.from(JSON.stringify(asked)) }),
      );
      expect(FunctionError).toBeUndefined();
      const answer = JSON.parse(Buffer.from(Payload ?? []).toString()) as { statusCode: number; body: string };
      expect(answer).toMatchObject({ statusCode: 206, isBase64Encoded: true });
      const { length } = Buffer.from(answer.body, 'base64');
      expect(length).toBeGreaterThan(10_000);
      expect(Buffer.from(answer.body, 'base64').equals(right.subarray(1000, 1000 + length))).toBe(true);
      client.destroy();
    });

    describe('in Chromium, through CloudFront,', () => {
      let browser: Awaited<ReturnType<typeof launchBrowser>>;
      beforeAll(async () => {
        browser = await launchBrowser();
        stack.defer(() => browser.close());
      });

      test('plays in an audio element, which knows how long it is and seeks', async () => {
        await using tab = await openPage(browser, front(link('embed')));
        await tab.page.setContent(`<audio src="${front(link())}" preload="auto"></audio>`);
        await playsAndSeeks(tab.page, 'audio');
        expect(tab.errors).toEqual([]);
      });

      test('plays in the page with the player, which speaks the language of its listener', async () => {
        await using tab = await openPage(browser, front(link('embed')), { locale: 'de-DE' });
        await playsAndSeeks(tab.page, 'baton-player');
        await tab.page.getByRole('button', { name: 'Schlafzeituhr' }).click();
        await tab.page.getByRole('button', { name: '15 Minuten' }).waitFor();
        expect(tab.errors).toEqual([]);
      });
    });
  });
}

async function playsAndSeeks(page: Page, element: 'audio' | 'baton-player'): Promise<void> {
  const place = (): Promise<number> => page.$eval(element, (it) => (it as HTMLMediaElement).currentTime);
  await page.$eval(element, (it) => (it as HTMLMediaElement).play());
  await expect.poll(place, { timeout: 15_000 }).toBeGreaterThan(0.5);
  expect(await page.$eval(element, (it) => (it as HTMLMediaElement).duration)).toBeCloseTo(SECONDS, 1);
  await page.$eval(element, (it) => ((it as HTMLMediaElement).currentTime = (it as HTMLMediaElement).duration / 2));
  await expect.poll(place, { timeout: 15_000 }).toBeGreaterThan(SECONDS / 2 + 0.5);
  expect(await place()).toBeLessThan(SECONDS / 2 + 8);
}

async function unzip(zip: string, folder: string): Promise<void> {
  for (const [name, { mode, bytes }] of await readZip(zip)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes());
    await chmod(path, mode);
  }
}

const event = (path: string, headers: Readonly<Record<string, string>> = {}) => ({
  version: '2.0',
  rawPath: path,
  rawQueryString: '',
  headers,
  requestContext: { http: { method: 'GET', path } },
  isBase64Encoded: false,
});

/** The prelude and the body that a streaming function sent, once it said that it is complete. */
async function streamed(client: LambdaClient, name: string, payload: object): Promise<[unknown, Buffer]> {
  const Payload = Buffer.from(JSON.stringify(payload));
  const { EventStream = [] } = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: name, Payload }));
  const parts: Uint8Array[] = [];
  let complete = false;
  for await (const { PayloadChunk, InvokeComplete } of EventStream) {
    if (PayloadChunk?.Payload) parts.push(PayloadChunk.Payload);
    if (InvokeComplete) {
      expect(InvokeComplete.ErrorCode).toBeUndefined();
      complete = true;
    }
  }
  expect(complete).toBe(true);
  const all = Buffer.concat(parts);
  const end = all.indexOf(Buffer.alloc(8));
  return [JSON.parse(all.subarray(0, end).toString()), all.subarray(end + 8)];
}
