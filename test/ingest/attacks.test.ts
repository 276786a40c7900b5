import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { readFilmRecords, type FilmPacket, type PicturePart } from '../../src/ingest/film-records.ts';
import type { PacketFormat } from '../../src/ingest/format.ts';
import { writePublisherMessage, type ServerMessage } from '../../src/ingest/message.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { tokenFor } from './on-air.ts';
import { filmPackets, type SentFilm } from './sent-film.ts';
import { mp4Of, packetsOf, streamOf, type Sent } from './sent.ts';
import { writeFilmRecords } from './write-records.ts';

let baton: TestBaton;
let opus: Sent;
let mp3: Sent;

beforeAll(async () => {
  baton = await startBaton({
    allowOrigins: [],
    config: { ingestOrigins: ['https://studio.example'], maxPublishers: 20 },
  });
  [opus, mp3] = await Promise.all([packetsOf('opus', 1), streamOf('mp3', 2)]);
});
afterAll(() => baton.stop());

/** How a connection went. */
interface Went {
  readonly said: ServerMessage[];
  readonly code: number;
}

function open(options: ClientOptions = {}): { socket: WebSocket; went: Promise<Went> } {
  const socket = new WebSocket(`${baton.origin.replace('http', 'ws')}/ingest`, options);
  const said: ServerMessage[] = [];
  socket.on('error', () => undefined);
  socket.on('message', (data) => said.push(JSON.parse((data as Buffer).toString()) as ServerMessage));
  const went = new Promise<Went>((resolve) => socket.once('close', (code) => resolve({ said, code })));
  return { socket, went };
}

const hello = (channel: string, fields: Record<string, unknown> = {}): string =>
  JSON.stringify({
    ...{ type: 'hello', version: 1, token: tokenFor(channel, baton), channel, show: 'show', format: opus.format },
    ...fields,
  });

async function said(...messages: (string | Uint8Array)[]): Promise<Went> {
  const { socket, went } = open();
  await once(socket, 'open');
  const [first, ...more] = messages;
  if (first !== undefined) socket.send(first);
  if (more.length > 0) await once(socket, 'message');
  for (const message of more) socket.send(message);
  return went;
}

const codeOf = ({ said: all }: Went): string | undefined => {
  const last = all.at(-1);
  return last?.type === 'error' ? last.code : undefined;
};

test('pages of other origins are turned away, those that are allowed and programs are not', async () => {
  for (const [origin, status] of [
    ['https://evil.example', 403],
    ['null', 403],
    [`${baton.origin}.evil.example`, 403],
    ['file://', 403],
    ['https://studio.example', 101],
    [baton.origin, 101],
    [undefined, 101],
  ] as const) {
    const { socket, went } = open(origin === undefined ? {} : { headers: { origin } });
    const outcome = Promise.race([
      once(socket, 'open').then(() => 101),
      once(socket, 'unexpected-response').then(([, response]) => (response as { statusCode: number }).statusCode),
    ]);
    expect(await outcome, origin).toBe(status);
    socket.terminate();
    await went;
  }
});

test('other paths and methods take no WebSocket', async () => {
  for (const path of ['/', '/ingest/x', '/live', '/ingestion']) {
    const socket = new WebSocket(baton.origin.replace('http', 'ws') + path);
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode, path).toBe(404);
    socket.terminate();
  }
});

test('a token of another channel, an old one, an altered one, and none are refused', async () => {
  const token = tokenFor('tokens', baton);
  const refused = [
    ['another channel', tokenFor('other', baton), 'PUBLISHER_REFUSED'],
    ['altered', token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A'), 'PUBLISHER_REFUSED'],
    ['none', '', 'PUBLISHER_REFUSED'],
    ['expired', tokenFor('tokens', baton, -1), 'PUBLISHER_EXPIRED'],
  ] as const;
  for (const [what, bad, code] of refused) {
    const went = await said(hello('tokens', { token: bad }));
    expect([codeOf(went), went.code], what).toEqual([code, 1008]);
  }
});

test('what the protocol does not have ends the connection with its name', async () => {
  const data = (number: number) =>
    writePublisherMessage({ type: 'data', number, payload: opus.payloads[0] ?? Buffer.of() });
  const cases: readonly (readonly [string, string, ...(string | Uint8Array)[]])[] = [
    ['no JSON', 'INGEST_INVALID', 'hello?'],
    ['data first', 'INGEST_INVALID', data(0)],
    ['hello twice', 'INGEST_INVALID', hello('rules'), hello('rules')],
    ['a number left out', 'INGEST_INVALID', hello('rules'), data(1)],
    ['an end too early', 'INGEST_INVALID', hello('rules'), '{"type":"end","next":7}'],
    ['half a packet', 'INGEST_INVALID', hello('rules'), Uint8Array.of(1, 0, 0, 0, 0, 3, 0xc0, 0, 9, 1)],
  ];
  for (const [what, code, ...messages] of cases) {
    const went = await said(...messages);
    expect([codeOf(went), went.code], what).toEqual([code, 1008]);
  }
});

test('lies about the codec are told to the publisher', async () => {
  const payload = mp3.payloads[0] ?? Buffer.of();
  const noise = Buffer.alloc(30_000, 'All work and no play makes no sound. ');
  const lies: readonly (readonly [string, unknown, Uint8Array[]])[] = [
    ['MP3 as WebM', { container: 'webm' }, [payload]],
    ['MP3 as AAC', { container: 'adts' }, [...mp3.payloads]],
    ['text as MP3', { container: 'mp3' }, [noise, noise, noise]],
    ['text as MP4', { container: 'mp4', codec: 'aac' }, [noise]],
    ['Opus as AAC in MP4', { container: 'mp4', codec: 'aac' }, [...(await mp4Of('opus', 1)).payloads]],
    ['text as Ogg', { container: 'ogg' }, [noise, noise, noise]],
    ['packets that are longer than they say', opus.format, [Uint8Array.of(0x0b, 0xb8, 0, 2, 0xfc, 0)]],
    ['AAC that is Opus', { ...opus.format, codec: 'aac', description: 'T3B1c0hlYWQ=' }, []],
  ];
  for (const [at, [what, format, payloads]] of lies.entries()) {
    const messages = payloads.map((bytes, number) => writePublisherMessage({ type: 'data', number, payload: bytes }));
    const went = await said(hello(`lies-${at}`, { format }), ...messages);
    expect([codeOf(went), went.code], what).toEqual(['INGEST_FORMAT', 1008]);
  }
});

test('lies about pictures are told to the publisher', async () => {
  const film = await filmPackets('opus', 1);
  const format = film.format as PacketFormat;
  const { video } = format;
  const said64 = (bytes: number[]): string => Buffer.from(bytes).toString('base64');
  const picture = { track: 'pictures', bytes: Uint8Array.of(0, 0, 0, 2, 0x41, 0x9a), at: 0, isKey: false } as const;
  const payloadOf = (...packets: FilmPacket[]): Uint8Array => writeFilmRecords(packets, 32_000)[0] ?? Buffer.of();
  const lies: readonly (readonly [string, unknown, Uint8Array[], string])[] = [
    ['VP8', { ...format, video: { ...video, codec: 'vp8' } }, [], 'INGEST_FORMAT'],
    ['another size', { ...format, video: { ...video, width: 1280 } }, [], 'INGEST_FORMAT'],
    ['no configuration', { ...format, video: { ...video, description: said64([1, 66, 0, 30]) } }, [], 'INGEST_FORMAT'],
    [
      'a configuration of noise',
      { ...format, video: { ...video, description: 'QUFBQUFBQUFBQUFB' } },
      [],
      'INGEST_FORMAT',
    ],
    ['endless pictures a second', { ...format, video: { ...video, frameRate: 1e9 } }, [], 'INGEST_FORMAT'],
    ['pictures in MP3', { container: 'mp3', video: true }, [], 'INGEST_FORMAT'],
    ['a key that is none', format, [payloadOf({ ...picture, isKey: true })], 'INGEST_FORMAT'],
    ['text', format, [payloadOf({ ...picture, bytes: Buffer.from('a picture of a text') })], 'INGEST_FORMAT'],
    ['backwards', format, [payloadOf({ ...picture, at: 50 }, { ...picture, at: 10 })], 'INGEST_FORMAT'],
    ['a size beyond the message', format, [Uint8Array.of(1, 255, 255, 0, 0, 0, 0, 9)], 'INGEST_INVALID'],
    [
      'a picture that nothing begins',
      format,
      [...film.payloads.slice(0, 8), Uint8Array.of(5, 0, 1, 0, 0, 0, 0, 9)],
      'INGEST_INVALID',
    ],
    ['a picture without end', format, endless(), 'INGEST_INVALID'],
    ['tomorrow', format, [...film.payloads, payloadOf({ ...key(film), at: 86_400_000 })], 'INGEST_FORMAT'],
    [
      'WebM without pictures',
      { container: 'webm', video: true },
      [...(await streamOf('webm', 1)).payloads],
      'INGEST_FORMAT',
    ],
  ];
  for (const [at, [what, lie, payloads, code]] of lies.entries()) {
    const messages = payloads.map((bytes, number) => writePublisherMessage({ type: 'data', number, payload: bytes }));
    const went = await said(hello(`pictures-${at}`, { format: lie }), ...messages);
    expect([codeOf(went), went.code], what).toEqual([code, 1008]);
  }

  function endless(): Uint8Array[] {
    const piece = Buffer.alloc(30_000);
    return Array.from({ length: 20 }, (_, at) =>
      Buffer.concat([Uint8Array.of(at === 0 ? 9 : 13, 117, 48, 0, 0, 0, 0), piece]),
    );
  }

  function key({ payloads }: SentFilm): FilmPacket {
    let part: PicturePart | null = null;
    for (const payload of payloads) {
      const read = readFilmRecords(payload, part, false);
      const found = read.packets.find(({ isKey, track }) => isKey && track === 'pictures');
      if (found !== undefined) return found;
      ({ part } = read);
    }
    throw new Error('no key picture');
  }
});

test('a flood ends with its name, and what came before it is kept', async () => {
  const { socket, went } = open();
  await once(socket, 'open');
  socket.send(hello('flood', { format: { container: 'mp3' } }));
  await once(socket, 'message');
  const stream = Buffer.concat([...mp3.payloads]).subarray(0, 20_000);
  for (let number = 0; number < 600 && socket.readyState === WebSocket.OPEN; number++) {
    socket.send(writePublisherMessage({ type: 'data', number, payload: stream }));
    if (number % 20 === 0) await sleep(1);
  }
  const outcome = await went;
  expect([codeOf(outcome), outcome.code]).toEqual(['INGEST_FLOOD', 1008]);
});

test('a stream in pieces of one byte is a flood, too: each takes hundreds of bytes to be kept', async () => {
  const { socket, went } = open();
  await once(socket, 'open');
  socket.send(hello('crumbs', { format: { container: 'mp3' } }));
  await once(socket, 'message');
  const stream = Buffer.concat([...mp3.payloads]);
  for (let number = 0; number < 12_000 && socket.readyState === WebSocket.OPEN; number++) {
    socket.send(writePublisherMessage({ type: 'data', number, payload: stream.subarray(number, number + 1) }));
    if (number % 500 === 0) await sleep(1);
  }
  socket.send('{"type":"end","next":12000}');
  const outcome = await went;
  expect([codeOf(outcome), outcome.code]).toEqual(['INGEST_FLOOD', 1008]);
});

test('who never speaks is let go after five seconds', async () => {
  const { socket, went } = open();
  await once(socket, 'open');
  const from = performance.now();
  const outcome = await went;
  expect([codeOf(outcome), outcome.code]).toEqual(['INGEST_SILENT', 1008]);
  expect(performance.now() - from).toBeLessThan(7_500);
});

test('more publishers than there is room for are told so', async () => {
  const all = Array.from({ length: 20 }, () => open());
  await Promise.all(all.map(({ socket }) => once(socket, 'open')));
  const late = open();
  const [, response] = (await once(late.socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(503);
  for (const { socket } of [...all, late]) socket.terminate();
});

/** A WebSocket without the good manners of a library. */
async function raw(): Promise<{ socket: Socket; closed: Promise<number | null> }> {
  const { hostname, port, host } = new URL(baton.origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const key = 'AAAAAAAAAAAAAAAAAAAAAA==';
  const head = ['GET /ingest HTTP/1.1', `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket'];
  socket.write([...head, 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`, '', ''].join('\r\n'));
  const pieces: Buffer[] = [];
  socket.on('data', (bytes) => pieces.push(bytes));
  const closed = new Promise<number | null>((resolve) => {
    socket.once('close', () => {
      const all = Buffer.concat(pieces);
      const at = all.lastIndexOf(Buffer.of(0x88)); // the frame that closes
      resolve(at < 0 || at + 4 > all.length ? null : all.readUInt16BE(at + 2));
    });
  });
  while (!Buffer.concat(pieces).includes('\r\n\r\n')) await once(socket, 'data');
  return { socket, closed };
}

const masked = (first: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.of(first, 0x80 | payload.length), Buffer.alloc(4), payload]);

const frames: readonly (readonly [string, number, (socket: Socket) => void])[] = [
  ['a frame without a mask', 1002, (socket) => socket.write(Buffer.of(0x81, 1, 0x61))],
  ['a reserved bit', 1002, (socket) => socket.write(masked(0xc1, Buffer.from('a')))],
  ['an unknown opcode', 1002, (socket) => socket.write(masked(0x83, Buffer.from('a')))],
  ['text that is no UTF-8', 1007, (socket) => socket.write(masked(0x81, Buffer.of(0xff, 0xfe)))],
  ['a frame of a megabyte', 1009, (socket) => socket.write(Buffer.of(0x82, 0xff, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0))],
  [
    '20,000 empty fragments',
    1008,
    (socket) => {
      socket.write(masked(0x01, Buffer.alloc(0)));
      socket.write(Buffer.concat(Array.from({ length: 20_000 }, () => masked(0x00, Buffer.alloc(0)))));
    },
  ],
];

test.each(frames)('%s closes the connection with %i', async (_, code, attack) => {
  const { socket, closed } = await raw();
  attack(socket);
  expect(await closed).toBe(code);
});

test('who reads nothing is cut before much has been kept for them', async () => {
  const { socket, closed } = await raw();
  socket.pause();
  const ping = masked(0x81, Buffer.from('{"type":"ping"}'));
  const text = hello('slow');
  const head = Buffer.of(0x81, 0x80 | 126, text.length >> 8, text.length & 255, 0, 0, 0, 0);
  socket.write(Buffer.concat([head, Buffer.from(text)]));
  await sleep(300);
  const before = process.memoryUsage().rss;
  const many = Buffer.concat(Array.from({ length: 1_000 }, () => ping));
  const until = performance.now() + 8_000;
  while (!socket.destroyed && socket.writable && performance.now() < until) {
    if (!socket.write(many))
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed, sleep(100)]);
  }
  expect(socket.destroyed || !socket.writable).toBe(true); // cut, while it still sends
  socket.resume();
  await closed;
  expect(process.memoryUsage().rss - before).toBeLessThan(20 * 2 ** 20);
});
