import { expect, test } from 'vitest';
import type { Connections } from '../../src/gateway/connections.ts';
import { gatewayPublishing, type GatewayPublishing } from '../../src/gateway/publishing.ts';
import { BatonError } from '../../src/errors.ts';
import { writePublisherMessage, writeTextData, type Hello, type ServerMessage } from '../../src/ingest/message.ts';
import type { PublisherRecord } from '../../src/ingest/publisher-record.ts';
import { showStore } from '../../src/ingest/show-store.ts';
import { publisherToken } from '../../src/sign/publisher-token.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { testKeys } from '../support/baton.ts';

const keys = testKeys();
const LINKS = { audio: 'a', stream: 's', embed: 'e' };

/** Functions behind a gateway, without either. */
function behindGateway(store: Store = memoryStore({ maxBytes: 2 ** 24 })) {
  let now = 1_800_000_000_000;
  const said: { readonly to: string; readonly message: ServerMessage }[] = [];
  const closed: string[] = [];
  const failures: BatonError[] = [];
  const noted: PublisherRecord[] = [];
  const connections: Connections = {
    post: (to, text) => {
      if (!closed.includes(to)) said.push({ to, message: JSON.parse(text) as ServerMessage });
      return Promise.resolve(!closed.includes(to));
    },
    close: (connectionId) => {
      closed.push(connectionId);
      return Promise.resolve();
    },
  };
  const onFailure = (error: BatonError): void => void failures.push(error);
  const note = (record: PublisherRecord): void => void noted.push(record);
  const started = (): GatewayPublishing =>
    gatewayPublishing({ store, connections, now: () => now, ...{ onFailure, note } }, () => ({
      ...{ keys, channelLinks: () => LINKS, recordingLinks: () => LINKS },
      listeners: () => Promise.resolve(3),
    }));
  const functions = [started(), started()];
  let turn = 0;
  const receive = async (to: string, text: string): Promise<ServerMessage[]> => {
    const before = said.length;
    await functions[turn++ % functions.length]?.receive(to, text);
    return said.slice(before).flatMap((each) => (each.to === to ? [each.message] : []));
  };
  return {
    ...{ said, closed, failures, noted, store, receive },
    gone: (connectionId: string) => functions[turn++ % functions.length]?.gone(connectionId),
    shows: showStore(store),
    pass: (ms: number) => void (now += ms),
    hello: (to: string, fields: Partial<Hello> = {}) => receive(to, helloText(fields, now / 1000)),
    data: (to: string, number: number, text = `<${number}>`) =>
      receive(to, writeTextData({ type: 'data', number, payload: Buffer.from(text) })),
    end: (to: string, next: number) => receive(to, JSON.stringify({ type: 'end', next })),
    ping: (to: string) => receive(to, '{"type":"ping"}'),
  };
}

function helloText(fields: Partial<Hello>, now: number): string {
  const channel = fields.channel ?? 'radio';
  const token = publisherToken({ channel, expiresAt: now + 60 }, keys, now);
  const hello: Hello = {
    ...{ type: 'hello', token, channel, show: 'one', format: { container: 'mp3' }, from: 0, name: 'Radio' },
    ...fields,
  };
  return writePublisherMessage(hello) as string;
}

async function textOf({ shows }: ReturnType<typeof behindGateway>, show = 'one'): Promise<string> {
  const parts: Uint8Array[] = [];
  for (let index = 0; ; index++) {
    const batch = await shows.batch({ channel: 'radio', show }, index);
    if (batch?.kind !== 'sound') return Buffer.concat(parts).toString() + (batch === null ? '' : '.');
    parts.push(batch.bytes);
  }
}

test('a show, each message of which reaches another function', async () => {
  const gateway = behindGateway();
  expect(await gateway.hello('a')).toEqual([
    {
      ...{ type: 'welcome', version: 1, channel: 'radio', show: 'one', next: 0, resumed: false, lost: 0 },
      ...{ binary: false, maxPayloadBytes: 24_000, maxBytesPerSecond: 262_144, maxUnacknowledgedBytes: 1_048_576 },
      links: LINKS,
    },
    { type: 'state', onAir: 'ready', listeners: 0, recording: null },
    { type: 'state', onAir: 'ready', listeners: 3, recording: null },
  ]);
  expect(await gateway.data('a', 0)).toEqual([
    { type: 'state', onAir: 'live', listeners: 3, recording: null },
    { type: 'ack', next: 1 },
  ]);
  gateway.pass(500);
  await gateway.data('a', 1);
  expect(await gateway.data('a', 3)).toEqual([]);
  expect((await gateway.data('a', 2)).at(-1)).toEqual({ type: 'ack', next: 4 });
  expect(await gateway.data('a', 2)).toMatchObject([{ type: 'ack' }]); // it is there
  expect((await gateway.ping('a'))[0]).toEqual({ type: 'state', onAir: 'live', listeners: 3, recording: null });
  gateway.pass(4_000);
  expect((await gateway.ping('a'))[0]).toMatchObject({ type: 'state', onAir: 'standby' });
  expect(await gateway.end('a', 4)).toEqual([
    { type: 'ack', next: 4 },
    { type: 'state', onAir: 'ended', listeners: 3, recording: LINKS },
  ]);
  expect(gateway.closed).toEqual(['a']);
  expect(gateway.failures).toEqual([]);
  expect(await textOf(gateway)).toBe('<0><1><2><3>.');
});

test('a connection that comes back goes on; what was lost in between is said; a show that has ended stays so', async () => {
  const gateway = behindGateway();
  await gateway.hello('a');
  await gateway.data('a', 0);
  await gateway.data('a', 2);
  expect((await gateway.hello('b'))[0]).toMatchObject({ type: 'welcome', next: 1, resumed: true, lost: 0 });
  expect(gateway.closed).toEqual(['a']); // the same publisher, but their connection before
  await gateway.data('b', 1);
  expect((await gateway.hello('c', { from: 5 }))[0]).toMatchObject({
    type: 'welcome',
    next: 5,
    resumed: true,
    lost: 2,
  });
  await gateway.data('c', 5);
  expect((await gateway.end('c', 6)).at(-1)).toMatchObject({ onAir: 'ended' });
  expect(await textOf(gateway)).toBe('<0><1><2><5>.');
  expect(await gateway.hello('d')).toMatchObject([
    { type: 'welcome', next: 6 },
    { onAir: 'ended', recording: LINKS },
  ]);
  expect(gateway.closed).toContain('d');
});

test('the newest publisher has the channel: the one before is told, and their show ends', async () => {
  const gateway = behindGateway();
  await gateway.hello('a');
  await gateway.data('a', 0);
  expect((await gateway.hello('b', { show: 'two' }))[0]).toMatchObject({ type: 'welcome', next: 0, resumed: false });
  const error = { type: 'error', code: 'PUBLISHER_REPLACED', retryAfterSeconds: null };
  expect(gateway.said.filter(({ to }) => to === 'a').at(-1)?.message).toMatchObject(error);
  expect(gateway.closed).toEqual(['a']);
  await gateway.data('a', 1); // was on its way
  await gateway.data('b', 0, 'two');
  expect([await textOf(gateway), await textOf(gateway, 'two')]).toEqual(['<0>.', 'two']);
});

test.each([
  ['a token of another channel', 'PUBLISHER_REFUSED', null, (gateway: Gateway) => gateway.hello('a', tokenOf('other'))],
  [
    'a token that has expired',
    'PUBLISHER_EXPIRED',
    null,
    (gateway: Gateway) => gateway.hello('a', tokenOf('radio', -5)),
  ],
  ['data before hello', 'INGEST_INVALID', null, (gateway: Gateway) => gateway.data('a', 0)],
  ['what is no JSON', 'INGEST_INVALID', null, (gateway: Gateway) => gateway.receive('a', 'hello')],
  ['a second hello', 'INGEST_INVALID', null, twice],
  ['another format than before', 'INGEST_FORMAT', null, inAnotherFormat],
  ['a flood', 'INGEST_FLOOD', 10, flood],
])('%s is refused with %s', async (_, code, retryAfterSeconds, act) => {
  const gateway = behindGateway();
  const said = await act(gateway);
  expect(said.at(-1)).toMatchObject({ type: 'error', code, retryAfterSeconds });
  expect(gateway.closed).toContain('a');
});

type Gateway = ReturnType<typeof behindGateway>;

const tokenOf = (channel: string, seconds = 60): Partial<Hello> => {
  const now = 1_800_000_000;
  return { token: publisherToken({ channel, expiresAt: now + seconds }, keys, now) };
};

async function twice(gateway: Gateway): Promise<ServerMessage[]> {
  await gateway.hello('a');
  return await gateway.hello('a');
}

async function inAnotherFormat(gateway: Gateway): Promise<ServerMessage[]> {
  await gateway.hello('b');
  await gateway.data('b', 0);
  return await gateway.hello('a', { format: { container: 'adts' } });
}

async function flood(gateway: Gateway): Promise<ServerMessage[]> {
  await gateway.hello('a');
  for (let number = 0; ; number++) {
    const said = await gateway.data('a', number, 'x'.repeat(24_000));
    if (said.at(-1)?.type === 'error') return said;
    if (number > 1_000) throw new Error('24 MB at once are no flood');
  }
}

test('a message that the gateway has lost is asked for again, by ending the connection', async () => {
  const gateway = behindGateway();
  await gateway.hello('a');
  await gateway.data('a', 0);
  for (const number of [2, 3, 4, 5]) await gateway.data('a', number);
  gateway.pass(5_000);
  await gateway.data('a', 6);
  await gateway.data('a', 7);
  expect(gateway.closed).toEqual([]); // it may still come
  gateway.pass(5_000);
  const said = [...(await gateway.data('a', 8)), ...(await gateway.data('a', 9))];
  expect(said).toContainEqual(expect.objectContaining({ type: 'error', code: 'STORE_FAILED', retryAfterSeconds: 5 }));
  expect(gateway.closed).toContain('a');
  expect((await gateway.hello('b'))[0]).toMatchObject({ type: 'welcome', next: 1 });
  await gateway.data('b', 1);
  expect((await gateway.ping('b')).at(-1)).toMatchObject({ type: 'ack', next: 10 });
  expect(await textOf(gateway)).toBe('<0><1><2><3><4><5><6><7><8><9>');
});

test('a store that is away costs the connection, and neither the show nor what was sent', async () => {
  const store = memoryStore({ maxBytes: 2 ** 24 });
  let isAway = false;
  const failing = <T>(call: () => Promise<T>): Promise<T> =>
    isAway ? Promise.reject(new BatonError('STORE_FAILED', 'away')) : call();
  const gateway = behindGateway({
    ...store,
    get: (key) => failing(() => store.get(key)),
    putIfAbsent: (key, bytes) => failing(() => store.putIfAbsent(key, bytes)),
    replaceIfMatch: (key, bytes, tag) => failing(() => store.replaceIfMatch(key, bytes, tag)),
  });
  await gateway.hello('a');
  await gateway.data('a', 0);
  isAway = true;
  for (const number of [1, 2])
    expect((await gateway.data('a', number)).at(-1) ?? { type: 'error', code: 'STORE_FAILED' }).toMatchObject({
      ...{ type: 'error', code: 'STORE_FAILED' },
    });
  expect(await gateway.hello('b')).toMatchObject([{ type: 'error', code: 'STORE_FAILED', retryAfterSeconds: 5 }]);
  isAway = false;
  expect((await gateway.hello('c'))[0]).toMatchObject({ type: 'welcome', next: 1 });
  await gateway.data('c', 1);
  expect(await textOf(gateway)).toBe('<0><1>');
});

test('a publisher who says nothing leaves nothing', async () => {
  const gateway = behindGateway();
  expect(await Array.fromAsync(gateway.store.list(''))).toEqual([]);
  await gateway.hello('a');
  await gateway.end('a', 0);
  expect(gateway.said.at(-1)?.message).toEqual({ type: 'state', onAir: 'ended', listeners: 3, recording: null });
});

test('what is noted: who goes on air, and once how each one leaves, whichever function sees it', async () => {
  const gateway = behindGateway();
  await gateway.hello('a');
  await gateway.data('a', 0);
  gateway.pass(2_000);
  await Promise.all([gateway.gone('a'), gateway.gone('unknown')]);
  await gateway.gone('a'); // the other function, which has known them
  await gateway.hello('b');
  for (const number of [1, 2]) await gateway.data('b', number);
  await gateway.hello('c', { show: 'two' });
  await gateway.data('b', 3); // was on its way
  await gateway.data('c', 0, 'two');
  gateway.pass(1_000);
  await gateway.end('c', 1);
  await gateway.hello('d', tokenOf('other'));
  await gateway.receive('e', 'hello');
  const about = { kind: 'ingest', via: 'websocket', channel: 'radio' };
  const leaves = { ...about, event: 'left' };
  expect(gateway.noted).toMatchObject([
    {
      ...about,
      event: 'on-air',
      show: 'one',
      container: 'mp3',
      codec: null,
      pictures: false,
      resumes: 0,
      tookOver: false,
    },
    { ...leaves, show: 'one', reason: 'gone', totalMs: 2_000, bytes: 3, messages: 1, resumes: 0 },
    {
      ...about,
      event: 'on-air',
      show: 'one',
      container: 'mp3',
      codec: null,
      pictures: false,
      resumes: 1,
      tookOver: false,
    },
    {
      ...leaves,
      show: 'one',
      reason: 'PUBLISHER_REPLACED',
      detail: 'radio',
      totalMs: 0,
      bytes: 6,
      messages: 2,
      resumes: 1,
    },
    {
      ...about,
      event: 'on-air',
      show: 'two',
      container: 'mp3',
      codec: null,
      pictures: false,
      resumes: 0,
      tookOver: true,
    },
    { ...leaves, show: 'two', reason: 'ended', totalMs: 1_000, bytes: 3, messages: 1, resumes: 0 },
    { ...about, event: 'refused', show: 'one', error: 'PUBLISHER_REFUSED', detail: 'not for radio' },
    {
      ...about,
      event: 'refused',
      channel: null,
      show: null,
      error: 'INGEST_INVALID',
      detail: 'a text that is no JSON object',
    },
  ]);
});
