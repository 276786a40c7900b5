import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { valuesOf } from '../support/prometheus.ts';
import { startPublisher } from '../support/publisher.ts';
import { publish, tokenFor } from './on-air.ts';
import { packetsOf, streamOf } from './sent.ts';

const TOKEN = { headers: { authorization: 'Bearer let me in' } };

test('the log and Prometheus tell who goes on air, what comes, and how each one leaves', async () => {
  const [opus, mp3] = await Promise.all([packetsOf('opus', 1), streamOf('mp3', 1)]);
  await using baton = await startBaton({ allowOrigins: [], config: { metricsToken: 'let me in' } });
  const read = async () => valuesOf((await get(`${baton.origin}/metrics`, TOKEN)).bytes.toString());
  const sizeOf = (payloads: readonly Uint8Array[]): number => payloads.reduce((sum, { length }) => sum + length, 0);
  const [early, late] = [opus.payloads.slice(0, 4), opus.payloads.slice(4)];

  await using publisher = publish(baton, 'news', opus.format, 'monday');
  for (const payload of early) publisher.send(payload);
  await publisher.until((message) => message.type === 'ack' && message.next === early.length);
  const during = await read();
  expect(during.get('baton_publishers{state="live"}')).toBe(1);
  expect(during.get('baton_publisher_messages_total')).toBe(early.length);
  expect(during.get('baton_publisher_bytes_total')).toBe(sizeOf(early));
  expect(baton.publishers).toEqual([
    {
      ...{ time: expect.any(String) as string, kind: 'ingest', event: 'on-air', via: 'websocket' },
      ...{ channel: 'news', show: 'monday', container: 'packets', codec: 'opus', pictures: false },
      ...{ resumes: 0, tookOver: false },
    },
  ]);

  publisher.cut();
  for (const payload of late) publisher.send(payload);
  await publisher.until((message) => message.type === 'ack' && message.next === opus.payloads.length);
  const stream = mp3.stream ?? Buffer.of();
  const [good, wrong, old] = [tokenFor('news', baton), tokenFor('sport', baton), tokenFor('news', baton, -1)];
  expect(await source(baton, 'news', good, stream)).toMatch(/^HTTP\/1\.0 200 /);
  expect(await source(baton, 'news', wrong, stream)).toMatch(/^HTTP\/1\.1 403 /);
  await using stranger = startPublisher({
    ...{ origin: baton.origin, channel: 'news', show: 'mine', format: opus.format },
    token: old,
  });
  await stranger.until(({ type }) => type === 'error');
  const evil = new WebSocket(`${baton.origin.replace('http', 'ws')}/ingest`, { origin: 'https://evil.example' });
  await expect(once(evil, 'open')).rejects.toThrow('403');

  expect(baton.publishers.slice(1)).toMatchObject([
    { event: 'left', show: 'monday', reason: 'gone', bytes: sizeOf(early), messages: early.length, resumes: 0 },
    { event: 'on-air', show: 'monday', resumes: 1, tookOver: false },
    {
      event: 'left',
      show: 'monday',
      reason: 'PUBLISHER_REPLACED',
      bytes: sizeOf(late),
      messages: late.length,
      resumes: 1,
    },
    { event: 'on-air', via: 'icecast', channel: 'news', container: 'mp3', codec: null, resumes: 0, tookOver: true },
    { event: 'left', via: 'icecast', channel: 'news', reason: 'ended', bytes: stream.length },
    { event: 'refused', via: 'icecast', channel: 'news', error: 'PUBLISHER_REFUSED' },
    { event: 'refused', via: 'websocket', channel: 'news', show: 'mine', error: 'PUBLISHER_EXPIRED' },
    { event: 'refused', via: 'websocket', channel: null, show: null, error: 'ORIGIN_REFUSED' },
  ]);
  const stays = baton.publishers.flatMap((record) => (record.event === 'left' ? [record.totalMs] : []));
  expect(stays.every((totalMs) => totalMs >= 0 && totalMs < 60_000)).toBe(true);
  for (const token of [good, wrong, old])
    expect(JSON.stringify(baton.publishers)).not.toContain(token.split('.').at(-1));

  const after = await read();
  expect(Object.fromEntries([...after].filter(([name]) => /^baton_(publisher|recordings)/.test(name)))).toEqual({
    'baton_publishers{state="connecting"}': 0,
    'baton_publishers{state="ready"}': 0,
    'baton_publishers{state="live"}': 0,
    'baton_publishers{state="standby"}': 0,
    'baton_publishers_on_air_total{via="websocket"}': 2,
    'baton_publishers_on_air_total{via="icecast"}': 1,
    baton_publisher_resumes_total: 1,
    baton_publisher_take_overs_total: 1,
    'baton_publishers_left_total{reason="gone"}': 1,
    'baton_publishers_left_total{reason="PUBLISHER_REPLACED"}': 1,
    'baton_publishers_left_total{reason="ended"}': 1,
    'baton_publishers_refused_total{code="PUBLISHER_REFUSED"}': 1,
    'baton_publishers_refused_total{code="PUBLISHER_EXPIRED"}': 1,
    'baton_publishers_refused_total{code="ORIGIN_REFUSED"}': 1,
    baton_publisher_messages_total: expect.any(Number) as number,
    baton_publisher_bytes_total: sizeOf(opus.payloads) + stream.length,
    baton_recordings_total: 2,
  });
});

/** What a source client of Icecast is answered that sends `stream` and is done. */
async function source({ origin }: TestBaton, channel: string, token: string, stream: Uint8Array): Promise<string> {
  const { port, hostname } = new URL(origin);
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
  socket.on('error', () => undefined);
  const authorization = `Basic ${Buffer.from(`source:${token}`).toString('base64')}`;
  socket.write(`SOURCE /ingest/${channel} HTTP/1.0\r\nAuthorization: ${authorization}\r\n\r\n`);
  socket.end(stream);
  let said = '';
  for await (const bytes of socket.setEncoding('latin1') as AsyncIterable<string>) said += bytes;
  return said;
}
