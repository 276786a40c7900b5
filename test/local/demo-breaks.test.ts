import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config.ts';
import type { Demo } from '../../src/local/demo-api.ts';
import { demoBreaks } from '../../src/local/demo-breaks.ts';
import { newLink } from '../../src/local/new-link.ts';
import { startServer, type RunningServer } from '../../src/local/server.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testEngine, testKeys } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const keys = testKeys();
const done: string[] = [];
let origin: Origin;
let server: RunningServer;

beforeAll(async () => {
  const { bytes } = await source('cbr.mp3');
  origin = await startOrigin(bytes);
  const breaks = demoBreaks({ failSource: (ms) => done.push(`away ${ms}`), restart: () => done.push('restart') });
  const cover = { mime: 'image/png', bytes: Uint8Array.of(1) } as const;
  const texts = { file: '/nowhere', title: 'A', artist: 'B', album: 'C' };
  const demo: Demo = {
    film: null,
    ...{ sourceUrl: origin.url(), feedUrl: origin.url('/feed.xml'), radioUrl: origin.url('/radio'), breaks },
    episode: { ...texts, bytes: bytes.length, durationMs: 20_000, chapters: [], cover },
  };
  server = await startServer({
    config: { ...readConfig({}), port: 0, allowOrigins: [origin.origin] },
    ...{ keys, demo, engine: await testEngine(), store: memoryStore({ maxBytes: 2 ** 26 }) },
    ...{ log: () => undefined, now: Date.now },
  });
});
afterAll(async () => {
  await server.stop();
  await origin.close();
});

const stream = (bitrate: string): string =>
  server.origin + (newLink({ url: origin.url(), rendition: { codec: 'aac', bitrate } }, keys).framed ?? '');

async function breakIt(what: string): Promise<{ status: number; said?: string; code?: string }> {
  const answer = await fetch(`${server.origin}/api/break`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ what }),
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

test('a leg that was asked to be cut breaks off in the middle, the next one does not', async () => {
  expect((await breakIt('leg')).said).toContain('cut');
  const whole = await get(`${stream('64k')}/t.0`);
  const again = await get(`${stream('64k')}/t.0`);
  expect([whole.complete, again.complete]).toEqual([false, true]);
  expect(again.bytes.subarray(0, whole.bytes.length).equals(whole.bytes)).toBe(true);
});

test('an error that was asked for is the last event of a body that is whole, and can be gone on from', async () => {
  await breakIt('error');
  const { bytes, complete } = await get(`${stream('64k')}/t.0`);
  expect(complete).toBe(true);
  const last = bytes.subarray(bytes.lastIndexOf('emsg') - 4);
  expect(last.readUInt32BE(0)).toBe(last.length);
  const said = last.toString();
  const { type, token } = JSON.parse(said.slice(said.indexOf('{'))) as { type: string; token: string };
  expect(type).toBe('error');
  expect((await get(`${stream('64k')}/r.${token}`)).complete).toBe(true);
});

test('files that are not framed stay as they are', async () => {
  await breakIt('leg');
  const { file } = newLink({ url: origin.url(), rendition: { codec: 'mp3', bitrate: '64k' } }, keys);
  expect((await get(server.origin + file)).complete).toBe(true);
  expect((await get(`${stream('64k')}/t.0`)).complete).toBe(false);
});

test('killed encoders are started again, and nothing is missing', async () => {
  const reference = await get(stream('96k'));
  const other = stream('128k');
  const answering = get(other);
  const killed = async (): Promise<boolean> => (await breakIt('encoder')).said?.endsWith('killed.') === true;
  expect(await settled(killed, (wasKilled) => wasKilled)).toBe(true); // more often, and a chunk would be given up
  const { bytes, complete } = await answering;
  expect(complete).toBe(true);
  const fragments = (body: Buffer): number => body.toString('latin1').split('moof').length;
  expect(fragments(bytes)).toBe(fragments(reference.bytes));
});

test('the source and the server are told to fail', async () => {
  expect((await breakIt('source')).said).toContain('3 seconds');
  expect((await breakIt('server')).said).toContain('restarts');
  expect(done).toEqual(['away 3000', 'restart']);
  expect(await breakIt('everything')).toMatchObject({ status: 400, code: 'OPTIONS_INVALID' });
});
