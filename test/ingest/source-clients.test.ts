import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { decode, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { samplesOf } from '../support/signal.ts';
import { recordingOf, tokenFor } from './on-air.ts';
import { streamOf, type Sent } from './sent.ts';

const run = promisify(execFile);
const SECONDS = 3;
let baton: TestBaton;
let mp3: Sent;

beforeAll(async () => {
  [baton, mp3] = await Promise.all([startBaton({ allowOrigins: [] }), streamOf('mp3', SECONDS)]);
});
afterAll(() => baton.stop());

test.skipIf(SYSTEM_FFMPEG === null)('ffmpeg publishes with its icecast protocol, in either way', async () => {
  for (const [channel, options] of [
    ['ffmpeg-put', []],
    ['ffmpeg-source', ['-legacy_icecast', '1']],
  ] as const) {
    const url = `icecast://source:${tokenFor(channel, baton)}@${new URL(baton.origin).host}/ingest/${channel}`;
    const sound = [
      '-re',
      '-f',
      'lavfi',
      '-i',
      `sine=frequency=440:duration=${SECONDS}`,
      '-c:a',
      'libmp3lame',
      '-b:a',
      '96k',
    ];
    const to = ['-content_type', 'audio/mpeg', '-ice_name', 'Ähre', ...options, '-f', 'mp3', url];
    const ffmpeg = run(SYSTEM_FFMPEG ?? '', ['-hide_banner', '-v', 'error', ...sound, ...to]);
    await sleep(1_500);
    expect(await onAir(channel)).toBe('Ähre');
    await ffmpeg;
    const recording = await recordingOf(baton, channel, await showOf(channel));
    expect(Math.abs(samplesOf(await decode(recording)) - SECONDS * 44_100)).toBeLessThan(3_500);
  }
});

test.skipIf(!existsSync('/usr/bin/curl'))('curl publishes, tells what is on, and is told what is wrong', async () => {
  const token = tokenFor('curl', baton);
  const curl = (...args: string[]) => run('/usr/bin/curl', ['-s', '-w', ' %{http_code}', ...args]);
  const address = `${baton.origin}/ingest/curl`;
  const put = spawn('/usr/bin/curl', [
    '-sf',
    '-u',
    `source:${token}`,
    '-H',
    'content-type: audio/mpeg',
    '-T',
    '-',
    address,
  ]);
  const ended = once(put, 'close');
  const [early, late] = [mp3.payloads.slice(0, -1), mp3.payloads.slice(-1)];
  for (const payload of early) put.stdin.write(payload);
  await sleep(500);
  const query = 'mode=updinfo&mount=%2Fingest%2Fcurl&song=The%20Band%20-%20Caf%E9';
  const told = await curl('-u', `source:${token}`, `${baton.origin}/admin/metadata?${query}`);
  expect(told.stdout).toMatch(/successful.* 200$/s);
  expect((await curl(`${baton.origin}/admin/metadata?${query}`)).stdout).toMatch(/ 401$/);
  for (const payload of late) put.stdin.write(payload);
  put.stdin.end();
  expect((await ended)[0]).toBe(0);
  expect(Buffer.compare(await recordingOf(baton, 'curl', await showOf('curl')), mp3.stream ?? Buffer.alloc(0))).toBe(0);
  const wrong = curl(
    '-u',
    `source:${token}`,
    '-T',
    '/dev/null',
    '-H',
    'content-type: audio/mpeg',
    `${baton.origin}/ingest/other`,
  );
  expect((await wrong).stdout).toMatch(/PUBLISHER_REFUSED.* 403$/s);
  const flv = curl('-u', `source:${token}`, '-T', '/dev/null', '-H', 'content-type: video/x-flv', address);
  expect((await flv).stdout).toMatch(/INGEST_FORMAT.* 415$/s);
  const off = await curl('-u', `source:${token}`, `${baton.origin}/admin/metadata?${query}`);
  expect(off.stdout).toMatch(/OFF_AIR.* 503$/s);
});

test('heads that come in pieces, as some studio software sends them, are read to their end', async () => {
  const stream = mp3.stream ?? new Uint8Array();
  for (const [channel, pieces, body] of [
    ['pieces-source', ['SOURCE', ' /ingest/', 'pieces-source HTTP/1.0\r\n'], stream],
    ['pieces-put', ['PUT /ingest/pieces-put HTTP/1.1\r\n', 'Host: baton\r\n'], stream],
    [
      'pieces-chunks',
      ['PUT /ingest/pieces-chunks HTTP/1.1\r\nHost: baton\r\n', 'Transfer-Encoding: chunked\r\nConnection: close\r\n'],
      Buffer.concat([Buffer.from(`${stream.length.toString(16)}\r\n`), stream, Buffer.from('\r\n0\r\n\r\n')]),
    ],
  ] as const) {
    const { port, hostname } = new URL(baton.origin);
    const socket = connect(Number(port), hostname).setNoDelay().setEncoding('latin1');
    const good = Buffer.from(`source:${tokenFor(channel, baton)}`).toString('base64');
    for (const piece of [...pieces, `Authorization: Basic ${good}\r\nContent-Type: audio/mpeg\r\n\r\n`]) {
      socket.write(piece);
      await sleep(100);
    }
    socket.end(body);
    let said = '';
    for await (const text of socket as AsyncIterable<string>) said += text;
    expect(said, channel).toMatch(/^HTTP\/1.[01] 200 OK/);
    const recording = await recordingOf(baton, channel, await showOf(channel));
    expect(Buffer.compare(recording, stream), channel).toBe(0);
  }
});

test('a source client that is no good is answered and let go', async () => {
  const good = Buffer.from(`source:${tokenFor('raw', baton)}`).toString('base64');
  const say = (head: string, auth = good) => `${head}\r\nAuthorization: Basic ${auth}\r\n\r\n`;
  expect(await answer(say('SOURCE /ingest/raw HTTP/1.0', 'eDp5'))).toMatch(/^HTTP\/1.1 403 .*PUBLISHER_REFUSED/s);
  expect(await answer(say('SOURCE /ingest/Raw HTTP/1.0'))).toMatch(/^HTTP\/1.1 404 /);
  expect(await answer(say('SOURCE /ingest/raw HTTP/1.0\r\nContent-Type: text/html'))).toMatch(/^HTTP\/1.1 415 /);
  expect(await answer(`PUT /ingest/raw HTTP/1.1\r\nx: ${'x'.repeat(20_000)}`)).toMatch(/^HTTP\/1.1 400 /);
  const lie = answer(say('SOURCE /ingest/raw HTTP/1.0\r\nContent-Type: audio/aac'), mp3.stream ?? undefined);
  expect(await lie).toMatch(/^HTTP\/1.0 200 OK\r\n\r\nHTTP\/1.1 415 .*INGEST_FORMAT/s);
});

/** All that the server says. */
async function answer(head: string, body?: Uint8Array): Promise<string> {
  const { port, hostname } = new URL(baton.origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(head);
  if (body !== undefined) socket.write(body);
  let said = '';
  for await (const bytes of socket.setEncoding('latin1') as AsyncIterable<string>) said += bytes;
  return said;
}

/** The name of the station that a listener hears. */
async function onAir(channel: string): Promise<string> {
  const content = {
    kind: 'live',
    options: 'codec.mp3~bitrate.64k',
    source: `ingest://${channel}`,
    name: 'a.mp3',
  } as const;
  const gone = new AbortController();
  const response = await fetch(baton.origin + publicLink(content, baton.keys), { signal: gone.signal });
  expect(response.status).toBe(200);
  const name = response.headers.get('icy-name') ?? '';
  gone.abort();
  return name;
}

/** The newest show of a channel. */
async function showOf(channel: string): Promise<string> {
  const record = await baton.store.get(`ingest/${channel}`);
  return (JSON.parse(Buffer.from(record?.bytes ?? []).toString()) as { show: string }).show;
}
