import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { State } from '../../src/ingest/message.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { decode, ffmpeg } from '../support/ffmpeg.ts';
import type { TestPublisher } from '../support/publisher.ts';
import { publish, recordingOf, tokenFor } from '../ingest/on-air.ts';
import { oggPackets, packetsOf, streamOf } from '../ingest/sent.ts';
import { startPublisher } from '../support/publisher.ts';
import { writePacketRecords } from '../ingest/write-records.ts';

let baton: TestBaton;

beforeAll(async () => {
  baton = await startBaton({ allowOrigins: [] });
});
afterAll(() => baton.stop());

const RATE = 48_000;
const link = (channel: string, options: string, name = 'a.mp3'): string =>
  baton.origin + publicLink({ kind: 'live', options, source: `ingest://${channel}`, name }, baton.keys);

/** Sends in real time, each message when its last sample has been spoken. */
async function speak(publisher: TestPublisher, payloads: readonly Uint8Array[], everyMs: number): Promise<void> {
  const from = performance.now();
  for (const [at, payload] of payloads.entries()) {
    await sleep(Math.max(0, from + (at + 1) * everyMs - performance.now()));
    publisher.send(payload);
  }
}

const isState = (onAir: State['onAir'], listeners?: number) => (message: { type: string }) =>
  message.type === 'state' &&
  (message as State).onAir === onAir &&
  (listeners === undefined || (message as State).listeners === listeners);

test('what is sent is what listeners hear, byte for byte, through cut connections', async () => {
  const seconds = 12;
  const sent = await streamOf('mp3', seconds);
  await using publisher = publish(baton, 'bytes', sent.format);
  const everyMs = (seconds * 1000) / sent.payloads.length;
  const speaking = speak(publisher, sent.payloads, everyMs);
  await publisher.until(isState('live'));
  await sleep(1_500);
  const gone = new AbortController();
  const response = await fetch(link('bytes', 'codec.copy'), { signal: gone.signal });
  expect(response.status).toBe(200);
  const pieces: Uint8Array[] = [];
  const hearing = (async () => {
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
  })().catch(() => undefined);
  await publisher.until(isState('live', 1));
  for (const pause of [1_000, 1_500, 700]) {
    await sleep(pause);
    publisher.cut();
  }
  await speaking;
  const state = await publisher.end();
  await sleep(500);
  gone.abort();
  await hearing;
  const heard = Buffer.concat(pieces);
  const whole = Buffer.from(sent.stream ?? []);
  const at = whole.indexOf(heard.subarray(0, 2_000));
  expect(at).toBeGreaterThanOrEqual(0);
  const most = Math.min(heard.length, whole.length - at);
  expect(most).toBeGreaterThan(6 * 12_000); // of 96 kbit/s
  expect(Buffer.compare(heard.subarray(0, most), whole.subarray(at, at + most))).toBe(0);
  expect(publisher.connections).toBe(4);
  expect(state.recording?.audio).toMatch(/^\/file\//);
  expect(Buffer.compare(await recordingOf(baton, 'bytes'), whole)).toBe(0);
});

test('from the microphone to a listener who has just come it takes less than 2 s', async () => {
  const seconds = 14;
  const beeps = new Int16Array(seconds * RATE);
  for (const [at, hertz] of BEEPS)
    for (let i = 0; i < RATE / 5; i++) beeps[at * RATE + i] = 12_000 * Math.sin((i * hertz * 2 * Math.PI) / RATE);
  const input = ['-f', 's16le', '-ar', String(RATE), '-ac', '1', '-i', 'pipe:0'];
  const ogg = await ffmpeg(
    [...input, '-c:a', 'libopus', '-b:a', '64k', '-f', 'ogg', 'pipe:1'],
    new Uint8Array(beeps.buffer),
  );
  const records = oggPackets(ogg)
    .slice(2)
    .map((bytes) => ({ samples: 960, bytes }));
  const payloads = Array.from({ length: Math.ceil(records.length / 5) }, (_, at) =>
    writePacketRecords(records.slice(at * 5, at * 5 + 5)),
  );
  const format = { container: 'packets', codec: 'opus', sampleRate: RATE, channels: 1, description: null } as const;
  await using publisher = publish(baton, 'near', format);
  await publisher.until((message) => message.type === 'welcome');
  const from = performance.now();
  const speaking = speak(publisher, payloads, 100);
  await sleep(5_300);
  const gone = new AbortController();
  const response = await fetch(link('near', 'codec.mp3~bitrate.128k'), { signal: gone.signal });
  const pieces: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  const hearing = (async () => {
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>)
      pieces.push({ at: performance.now() - from, bytes });
  })().catch(() => undefined);
  await speaking;
  await sleep(1_000);
  gone.abort();
  await hearing;
  const sound = await decode(Buffer.concat(pieces.map(({ bytes }) => bytes)));
  for (const [spokenAt, hertz] of BEEPS.slice(1)) {
    const place = firstTone(sound.data, sound.channels, hertz); // from the beginning of what was heard
    expect(place, `${hertz} Hz`).not.toBeNull();
    let bytes = 0;
    const arrived = pieces.find((piece) => (bytes += piece.bytes.length) >= (place ?? 0) * 16_000)?.at ?? Infinity;
    const startedAt = pieces[0]?.at ?? Infinity;
    const earLag = Math.max(arrived / 1000, startedAt / 1000 + (place ?? 0)) - spokenAt; // who plays from the first byte on
    expect(earLag).toBeLessThan(2);
  }
});

const BEEPS = [
  [2, 500],
  [7, 1_000],
  [11, 2_000],
] as const;

/** Where a tone begins, in seconds. */
function firstTone(data: Int16Array, channels: number, hertz: number): number | null {
  const window = 480;
  for (let at = 0; (at + window) * channels < data.length; at += window / 4) {
    let [re, im, all] = [0, 0, 0];
    for (let i = 0; i < window; i++) {
      const value = data[(at + i) * channels] ?? 0;
      const angle = (2 * Math.PI * hertz * i) / RATE;
      [re, im, all] = [re + value * Math.cos(angle), im + value * Math.sin(angle), all + value * value];
    }
    if (all / window > 1_000 ** 2 && (re * re + im * im) / (all * window) > 0.3) return at / RATE;
  }
  return null;
}

test.concurrent(
  'the newest publisher with a token takes over, the old one is told, and its show is a recording',
  async () => {
    const sent = await packetsOf('opus', 3);
    await using first = publish(baton, 'over', sent.format, 'first');
    for (const payload of sent.payloads) first.send(payload);
    await first.until(isState('live'));
    await using second = publish(baton, 'over', sent.format, 'second');
    await second.until((message) => message.type === 'welcome');
    expect((await first.until((message) => message.type === 'error')) as unknown).toMatchObject({
      code: 'PUBLISHER_REPLACED',
      retryAfterSeconds: null,
    });
    expect(oggPackets(await recordingOf(baton, 'over', 'first')).length - 2).toBe(sent.packets?.length); // headers
    await using third = startPublisher({
      origin: baton.origin,
      token: tokenFor('over', baton, -5),
      channel: 'over',
      show: 'third',
      format: sent.format,
    });
    await third.until((message) => message.type === 'error');
    for (const payload of sent.payloads) second.send(payload);
    expect((await second.end()).onAir).toBe('ended');
    expect(second.last('error')).toBeUndefined();
  },
);

test.concurrent('a channel is off air, on standby when nothing comes, and tells what is on', async () => {
  const off = await fetch(link('still', 'codec.mp3~bitrate.64k'));
  expect([off.status, ((await off.json()) as { code: string }).code]).toEqual([503, 'OFF_AIR']);
  expect(Number(off.headers.get('retry-after'))).toBeGreaterThan(0);
  const sent = await packetsOf('opus', 6);
  await using publisher = publish(baton, 'still', sent.format);
  await publisher.until(isState('ready'));
  publisher.title('Song', 'Band');
  const gone = new AbortController();
  const asking = fetch(link('still', 'codec.mp3~bitrate.128k'), {
    headers: { 'icy-metadata': '1' },
    signal: gone.signal,
  });
  await speak(publisher, sent.payloads, 100);
  const response = await asking;
  const heard: Uint8Array[] = [];
  const hearing = (async () => {
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) heard.push(bytes);
  })().catch(() => undefined);
  await publisher.until(isState('live', 1));
  await publisher.until(isState('standby'), 6_000);
  publisher.send(sent.payloads[0] ?? Buffer.of());
  await publisher.until(isState('live'));
  const unfinished = {
    kind: 'file',
    options: 'codec.mp3~bitrate.64k',
    source: 'ingest://still/show',
    name: 'a.mp3',
  } as const;
  const early = await fetch(baton.origin + publicLink(unfinished, baton.keys));
  expect([early.status, ((await early.json()) as { code: string }).code]).toEqual([503, 'SHOW_UNFINISHED']);
  await publisher.end();
  gone.abort();
  await hearing;
  expect(Buffer.concat(heard).includes("StreamTitle='Band - Song'")).toBe(true);
});

test.concurrent('a process that shares the store plays the channel as it is stored', async () => {
  await using other = await startBaton({ allowOrigins: [], store: baton.store, keys: baton.keys });
  const sent = await streamOf('mp3', 8);
  await using publisher = publish(baton, 'elsewhere', sent.format);
  const speaking = speak(publisher, sent.payloads, 8_000 / sent.payloads.length);
  await publisher.until((message) => message.type === 'ack' && message.next > 0);
  const gone = new AbortController();
  const response = await fetch(link('elsewhere', 'codec.copy').replace(baton.origin, other.origin), {
    signal: gone.signal,
  });
  expect(response.status).toBe(200);
  const pieces: Uint8Array[] = [];
  const hearing = (async () => {
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
  })().catch(() => undefined);
  await speaking;
  await publisher.end();
  await sleep(1_000);
  gone.abort();
  await hearing;
  const [heard, whole] = [Buffer.concat(pieces), Buffer.from(sent.stream ?? [])];
  const at = whole.indexOf(heard.subarray(0, 2_000));
  expect(at).toBeGreaterThanOrEqual(0);
  const most = Math.min(heard.length, whole.length - at);
  expect(most).toBeGreaterThan(4 * 12_000);
  expect(Buffer.compare(heard.subarray(0, most), whole.subarray(at, at + most))).toBe(0);
});
