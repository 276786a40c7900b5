import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerMessage } from '../../src/ingest/message.ts';
import type { PublisherRecord } from '../../src/ingest/publisher-record.ts';
import { publicLink } from '../../src/sign/link.ts';
import { source } from '../support/sources.ts';
import { openSocket } from '../support/websocket.ts';
import { ingestOnLambda, type IngestOnLambda } from './on-lambda.ts';

const PIECE = 16_000;
const PIECE_MS = 1_000;

let lambda: IngestOnLambda;
let sound: Buffer;
beforeAll(async () => {
  sound = Buffer.from((await source('cbr.mp3', { seconds: 12 })).bytes);
  lambda = await ingestOnLambda({ disorder: { mostMs: 300, seed: 5 }, limits: { idleMs: 10_000 } });
});
afterAll(() => lambda[Symbol.asyncDispose]());

const pieces = (): Buffer[] =>
  Array.from({ length: Math.ceil(sound.length / PIECE) }, (_, at) => sound.subarray(at * PIECE, (at + 1) * PIECE));
const json = (text: string): ServerMessage => JSON.parse(text) as ServerMessage;

test.concurrent(
  'a show whose connection is cut again and again, and whose messages overtake one another, loses nothing; a listener hears it',
  async () => {
    await using publisher = lambda.publisher({ channel: 'radio', show: 'cut', name: 'My radio' });
    const heard = hear('radio');
    for (const [at, piece] of pieces().entries()) {
      publisher.send(piece);
      if ([2, 5, 8].includes(at)) publisher.cut();
      await sleep(PIECE_MS);
    }
    const state = await publisher.end();
    expect(publisher.connections).toBe(4);
    expect(publisher.said.filter(({ type }) => type === 'error')).toEqual([]);
    expect(publisher.last('welcome')).toMatchObject({ binary: false, maxPayloadBytes: 24_000, resumed: true });
    expect((await lambda.recorded('radio', 'cut')).equals(sound)).toBe(true);
    expect(await lambda.keys('inbox/radio/')).toEqual([]);

    const { status, bytes } = await heard;
    expect(status).toBe(200);
    expect(bytes.length).toBeGreaterThan(2 * 16_000);
    expect(sound.includes(bytes)).toBe(true);

    const recording = await fetch(new URL(state.recording?.audio ?? '', lambda.baton.origin));
    expect(recording.status).toBe(200);
    expect((await recording.arrayBuffer()).byteLength).toBeGreaterThan(11 * 16_000);
  },
  120_000,
);

test.concurrent(
  'the newest publisher has the channel, and the show of the one before is a recording',
  async () => {
    await using first = lambda.publisher({ channel: 'shared', show: 'first' });
    first.send(sound.subarray(0, PIECE));
    await first.until(({ type }) => type === 'ack', 30_000);
    await using second = lambda.publisher({ channel: 'shared', show: 'second' });
    second.send(sound.subarray(PIECE, 2 * PIECE));
    expect(await first.until(({ type }) => type === 'error', 30_000)).toMatchObject({ code: 'PUBLISHER_REPLACED' });
    expect((await second.end()).recording).not.toBeNull();
    expect((await lambda.recorded('shared', 'first')).equals(sound.subarray(0, PIECE))).toBe(true);
    expect(await lambda.shows.last({ channel: 'shared', show: 'first' })).toMatchObject({ batch: { kind: 'end' } });
    expect((await lambda.recorded('shared', 'second')).equals(sound.subarray(PIECE, 2 * PIECE))).toBe(true);
    const [replaced, ended] = [
      { show: 'first', reason: 'PUBLISHER_REPLACED' },
      { show: 'second', reason: 'ended' },
    ];
    await expect
      .poll(() => logged('shared').filter(({ event }) => event === 'left'))
      .toMatchObject([replaced, { ...ended, messages: 1, bytes: PIECE }]);
    expect(logged('shared').filter(({ event }) => event === 'on-air')).toMatchObject([
      {},
      { show: 'second', tookOver: true },
    ]);
  },
  60_000,
);

test.concurrent(
  'what API Gateway and Baton refuse',
  async () => {
    const origin = 'https://studio.example.com';
    await expect(openSocket(lambda.address, [], { origin: 'https://other.example.com' })).rejects.toThrow('403');
    await using large = await openSocket(lambda.address, [], { origin });
    large.send('x'.repeat(33_000));
    expect((await large.closed).code).toBe(1009);
    await using binary = await openSocket(lambda.address);
    binary.send(Uint8Array.of(1, 0, 0, 0, 0, 0));
    expect((await binary.closed).code).toBe(1003);
    await using wrong = await openSocket(lambda.address);
    wrong.send('{"type":"title","title":"too early"}');
    expect(json(await wrong.next(20_000))).toMatchObject({ type: 'error', code: 'INGEST_INVALID' });
    expect((await wrong.closed).code).toBe(1000);
  },
  60_000,
);

test.concurrent(
  'a publisher who never speaks costs a connection until it has been idle for too long',
  async () => {
    await using silent = await openSocket(lambda.address);
    expect(await silent.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(silent.texts).toEqual([]);
  },
  60_000,
);

/** What the functions have logged of a channel's publishers. */
const logged = (channel: string): PublisherRecord[] =>
  lambda.baton.lines
    .filter(({ kind, text }) => kind === 'function' && text.includes('"kind":"ingest"'))
    .map(({ text }) => JSON.parse(text) as PublisherRecord)
    .filter((record) => record.channel === channel);

/** What a listener of the channel gets who comes once it is on air, copied. */
async function hear(channel: string): Promise<{ status: number; bytes: Buffer }> {
  await sleep(3_000);
  const { origin } = new URL(lambda.baton.lambda.functionUrls.get('live') ?? '');
  const path = publicLink(
    { kind: 'live', options: 'codec.copy', source: `ingest://${channel}`, name: 'a.mp3' },
    lambda.baton.keys,
  );
  const response = await fetch(origin + path);
  const parts: Uint8Array[] = [];
  const until = performance.now() + 5_000;
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    parts.push(part);
    if (performance.now() > until) break;
  }
  return { status: response.status, bytes: Buffer.concat(parts) };
}
