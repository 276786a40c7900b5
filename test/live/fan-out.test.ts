import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { app } from '../../handlers/live.ts';
import { isBroadcast, type Broadcast } from '../../src/relay/broadcast.ts';
import { unlimited } from '../../src/relay/reply.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { settled } from '../support/leaks.ts';
import { startRelay } from '../support/open-output.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { saidIn } from './said.ts';

const CROWD = 40;

test('many listeners share one connection to the source and one encoder, up to the limit of the server', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin], config: { maxListeners: CROWD } });
  const link = (options: string): string =>
    baton.origin + publicLink({ kind: 'live', options, source: radio.url(), name: 'a.mp3' }, baton.keys);
  const leaving = new AbortController();
  const listeners = Array.from({ length: CROWD }, async (_, at) => {
    const response = await fetch(link(`codec.mp3~bitrate.${at % 4 === 0 ? 64 : 96}k`), { signal: leaving.signal });
    return heard(response);
  });
  await sleep(6_000);
  expect(radio.listeners).toBe(1);
  const refused = await get(link('codec.mp3~bitrate.64k'));
  expect(refused.status).toBe(503);
  expect(JSON.parse(refused.bytes.toString())).toMatchObject({ code: 'BUSY' });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);

  leaving.abort();
  const bodies = await Promise.all(listeners);
  for (const some of [bodies.filter((_, at) => at % 4 === 0), bodies.filter((_, at) => at % 4 !== 0)]) {
    const longest = some.reduce((a, b) => (b.length > a.length ? b : a));
    expect(longest.length).toBeGreaterThan(30_000);
    for (const body of some) expect(longest.subarray(0, body.length).equals(body)).toBe(true);
  }
  const stored = (await Array.fromAsync(baton.store.list('chunk/live/'))).length;
  const all = CROWD + 1;
  expect(
    await settled(
      () => baton.usage.length,
      (count) => count === all,
    ),
  ).toBe(all);
  expect(baton.usage.reduce((sum, { chunksEncoded }) => sum + chunksEncoded, 0)).toBe(stored);
  expect(radio.requests).toHaveLength(1);
});

test('who is too slow is taken forward, told so, and kept in little memory', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using relay = await startRelay(radio.origin);
  const answer = app(relay.baton);
  const path = publicLink(
    { kind: 'live', options: 'codec.opus~bitrate.64k', source: radio.url(), name: 'a.mp4' },
    relay.baton.keys,
  );
  const leaving = new AbortController();
  const listen = async (takesBroadcasts: boolean): Promise<AsyncIterator<Uint8Array, unknown>> => {
    const limits = { ...unlimited, takesBroadcasts };
    const { signal } = leaving;
    const closing = new AbortController().signal;
    const request = { method: 'GET', path, headers: {}, body: nothing(), signal, closing, limits };
    const { body } = await answer(request);
    if (body === null || body instanceof Uint8Array) throw new Error('no stream');
    return body[Symbol.asyncIterator]();
  };
  const pulls = await listen(false);
  await pulls.next();
  const pushed = stuckSink(await broadcastOf(await listen(true)));

  await sleep(28_000);
  const pushedBefore = pushed.bytes().length;
  expect(pushedBefore).toBeLessThan(60_000);
  pushed.drain();
  await expect.poll(() => saidIn(pushed.bytes())).toContainEqual(SKIPPED);
  expect(pushed.bytes().length - pushedBefore).toBeLessThan(150_000);
  const pulled: Uint8Array[] = [];
  for (let n = 0; n < 8; n++) pulled.push((await pulls.next()).value as Uint8Array);
  expect(saidIn(Buffer.concat(pulled))).toContainEqual(SKIPPED);
  leaving.abort();
  await pulls.return?.();
  await pushed.leave();
}, 60_000);

const SKIPPED = {
  type: 'discontinuity',
  time: expect.any(Number) as number,
  missingMs: expect.any(Number) as number,
  why: 'lost',
};

/** All that comes until the listener leaves. */
async function heard({ status, body }: Response): Promise<Buffer> {
  expect(status).toBe(200);
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of body ?? []) pieces.push(piece);
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
  return Buffer.concat(pieces);
}

/** What a body that has been read becomes. */
async function broadcastOf(body: AsyncIterator<Uint8Array, unknown>): Promise<Broadcast> {
  for (;;) {
    const turn = await body.next();
    if (turn.done !== true) continue;
    if (!isBroadcast(turn.value)) throw new Error('the body is over');
    return turn.value;
  }
}

/** Takes one piece, then nothing more until it is drained, and everything from then on. */
function stuckSink(broadcast: Broadcast) {
  const pieces: Uint8Array[] = [];
  let isDrained = false;
  let goOn = (): void => undefined;
  const leave = broadcast.attach({
    write: (bytes) => {
      pieces.push(bytes);
      return isDrained;
    },
    onDrain: (then) => (goOn = then),
    end: () => undefined,
  });
  return {
    drain: () => {
      isDrained = true;
      goOn();
    },
    bytes: () => Buffer.concat(pieces),
    leave,
  };
}

// eslint-disable-next-line @typescript-eslint/require-await -- a request without a body
async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* [];
}
