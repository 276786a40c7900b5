import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { filmDemux } from '../../src/ingest/film-demux.ts';
import type { FilmPacket } from '../../src/ingest/film-records.ts';
import type { IngestFormat, PacketFormat } from '../../src/ingest/format.ts';
import { createWriter, type Writer } from '../../src/ingest/writer.ts';
import type { IntakePart, LivePicture } from '../../src/intake/intake.ts';
import { lengthPrefixed, unitsIn } from '../../src/media/annex-b.ts';
import { NAL, nalType, writeAvcConfig } from '../../src/media/avc.ts';
import { ebmlDouble, ebmlElement, ebmlNumber } from '../../src/media/ebml-write.ts';
import {
  PICTURE_TRACK,
  SOUND_TRACK,
  STREAM_TICKS,
  streamBlock,
  streamCluster,
} from '../../src/media/matroska-stream.ts';
import { segmentHead, TRACK_TYPE, trackEntry } from '../../src/media/matroska.ts';
import { opusHead } from '../../src/media/opus-head.ts';
import { ffmpeg } from '../support/ffmpeg.ts';
import { writeFilmRecords } from './write-records.ts';

const PACKET_MS = 20;
/** 20 ms of silence in Opus. */
const SILENCE = Uint8Array.of(0xf8, 0xff, 0xfe);
const KEY = lengthPrefixed([Uint8Array.of(0x65, 0x88, 0x84)]);
const OTHER = lengthPrefixed([Uint8Array.of(0x41, 0x9a, 0x21)]);

let wide: readonly Uint8Array[];
let tall: readonly Uint8Array[];
let format: PacketFormat;
beforeAll(async () => {
  [wide, tall] = await Promise.all([shot('320x180'), shot('180x320')]);
  const description = Buffer.from(configOf(wide)).toString('base64');
  const video = { codec: 'avc1.42c00c', description, width: 320, height: 180, frameRate: 25 };
  format = { container: 'packets', codec: 'opus', sampleRate: 48_000, channels: 1, description: null, video };
});

test('who joins where no key picture is near hears the sound, and sees from the next key picture on', () => {
  const writer = createWriter(format, 1, null);
  const head = push(writer, [sound(0), picture(0, KEY), picture(5, OTHER)]);
  const later = [push(writer, seconds(0.02, 5)), push(writer, [picture(5_010, OTHER)])];
  const last = push(writer, [picture(5_050, KEY), picture(5_090, OTHER), sound(5_020)]);
  const demux = filmDemux(head, 25);
  const parts = later.flatMap((bytes) => demux.push(bytes));
  expect(packetsIn(parts)).toBeGreaterThan(50); // a cluster of sound is at most 3 s
  expect(picturesIn(parts)).toEqual([]);
  expect(picturesIn(demux.push(last)).map(({ isKey }) => isKey)).toEqual([true, false]);
});

test('a device that is turned and turned back: pictures are decoded with their own sets', () => {
  const shots = [wide, tall, wide];
  const blocks = shots.flatMap((units, at) => [
    streamCluster(at * STREAM_TICKS),
    streamBlock(SOUND_TRACK, 0, true, SILENCE),
    streamBlock(PICTURE_TRACK, 0, true, withStartCodes(units)),
  ]);
  const stream = createWriter({ container: 'webm', video: true }, 1, null).push(Buffer.concat([webmHead(), ...blocks]));
  const widths = filmDemux(null, 25)
    .push(stream)
    .flatMap((part) => (part.kind === 'picture-format' ? part.facts.width : []));
  expect(widths).toEqual([320, 180, 320]);
});

test('beside AAC a picture has its place to the sample, wherever a listener has joined', () => {
  const aac: PacketFormat = { ...format, codec: 'aac', description: 'EYg=' };
  const writer = createWriter(aac, 1, null);
  const frame = (at: number): number => (at * 1024) / 48;
  const heard = Array.from({ length: 60 }, (_, at): FilmPacket => ({ ...sound(frame(at)), bytes: new Uint8Array(40) }));
  const pieces = heard.map((packet, at) => push(writer, [packet, picture(frame(at), at === 0 ? KEY : OTHER)]));
  const places = [0, 7, 20, 41].map((joined) => {
    const demux = filmDemux(joined === 0 ? null : (pieces[0] ?? null), 25);
    const parts = pieces.flatMap((piece, at) => demux.push(piece, at < joined));
    return (picturesIn(parts).at(-1)?.shownAt ?? NaN) + frame(joined) / 1000;
  });
  for (const place of places) expect(place).toBeCloseTo(places[0] ?? 0, 9);
});

test('a message that is refused changes nothing: the show goes on as if it had not come', () => {
  const [writer, other] = [createWriter(format, 1, null), createWriter(format, 1, null)];
  const bad = records([sound(0), { ...picture(0, KEY), bytes: Buffer.from('a picture of a text') }]);
  const before = JSON.stringify(writer.state());
  expect(() => writer.push(bad)).toThrow();
  expect(JSON.stringify(writer.state())).toBe(before);
  const good = [sound(0), picture(0, KEY), sound(20)];
  expect(push(writer, good)).toEqual(push(other, good));
});

test('WebM goes on with the next cluster after a loss, whatever comes before it', () => {
  for (let seed = 0; seed < 200; seed++) {
    const writer = createWriter({ container: 'webm' }, 1, null);
    writer.push(Buffer.concat([webmHead(), streamCluster(0), streamBlock(SOUND_TRACK, 0, true, SILENCE)]));
    writer.lose();
    expect(writer.push(noise(seed))).toHaveLength(0);
    const cluster = Buffer.concat([streamCluster(STREAM_TICKS), streamBlock(SOUND_TRACK, 0, true, SILENCE)]);
    const cut = seed % 4;
    const pages = [cluster.subarray(0, cut), cluster.subarray(cut)].map((piece) => writer.push(piece));
    expect(Buffer.concat(pages).subarray(-SILENCE.length)).toEqual(Buffer.from(SILENCE));
  }
});

test('a show whose clock does not begin with it may begin with a picture', () => {
  const writer = createWriter(format, 1, null);
  const from = 600_000;
  const stream = push(writer, [picture(from, KEY), sound(from), picture(from + 40, OTHER), sound(from + 20)]);
  const [first, second] = picturesIn(filmDemux(null, 25).push(stream));
  expect(first?.shownAt).toBeCloseTo(0, 3);
  expect(second?.shownAt).toBeCloseTo(0.04, 3);
});

test('the clock of records begins again after five days, and nobody notices', () => {
  const turn = 2 ** 32 / 10;
  const all = [sound(0), picture(0, KEY), ...seconds(0.02, 2), picture(2_000, OTHER), sound(2_020)];
  const written = [0, turn - 1_000].map((from) => {
    const sent = all.map((packet) => ({ ...packet, at: packet.at + from }));
    const writer = createWriter(format, 1, null);
    return Buffer.concat([sent.slice(0, 1), sent.slice(1, 60), sent.slice(60)].map((some) => push(writer, some)));
  });
  expect(written[1]).toEqual(written[0]);
});

test('parameter sets in a picture that are not passed on are refused at once', async () => {
  const units = await shot('320x180', 'yuv422p');
  const writer = createWriter(format, 1, null);
  push(writer, [sound(0), picture(0, KEY)]);
  expect(() => push(writer, [picture(40, lengthPrefixed([...units]))])).toThrow(refused);
});

test('a picture as large as may be comes out again', () => {
  const bytes = new Uint8Array(512 * 1024).fill(1);
  new DataView(bytes.buffer).setUint32(0, bytes.length - 4);
  bytes[4] = 0x65;
  const writer = createWriter(format, 1, null);
  const demux = filmDemux(null, 25);
  const payloads = writeFilmRecords([sound(0), picture(0, bytes)], 32_000);
  const parts = payloads.flatMap((payload) => demux.push(writer.push(payload)));
  expect(picturesIn(parts).map((found) => found.bytes.length)).toEqual([bytes.length]);
});

test('sound that waits for a picture does not fill the store', () => {
  const writer = createWriter({ container: 'webm', video: true }, 1, null);
  const large = Buffer.concat([SILENCE.subarray(0, 1), new Uint8Array(60_000)]);
  const block = streamBlock(SOUND_TRACK, 0, true, large);
  const send = (): void => {
    writer.push(Buffer.concat([webmHead(), streamCluster(0), block]));
    for (let count = 0; count < 10; count++) writer.push(block);
  };
  expect(send).toThrow(refused);
  expect(JSON.stringify(writer.state()).length).toBeLessThan(400_000);
});

test.each([
  ['a time of 130 bytes', webmWith(ebmlElement([0xe7], new Uint8Array(130).fill(255)))],
  ['ticks of an hour', Buffer.concat([infoWith([0x34, 0x63, 0x0b, 0x8a, 0, 0]), streamCluster(0)])],
])('WebM with %s is refused', (_, bytes) => {
  for (const container of [{ container: 'webm' }, { container: 'webm', video: true }] satisfies IngestFormat[])
    expect(() => createWriter(container, 1, null).push(bytes)).toThrow(refused);
});

const refused = expect.objectContaining({ code: 'INGEST_FORMAT' }) as Error;

const sound = (at: number): FilmPacket => ({ track: 'sound', bytes: SILENCE, at, isKey: true });
const picture = (at: number, bytes: Uint8Array): FilmPacket => ({
  ...{ track: 'pictures', bytes, at, isKey: bytes !== OTHER },
});
const seconds = (from: number, to: number): FilmPacket[] =>
  Array.from({ length: Math.round(((to - from) * 1000) / PACKET_MS) }, (_, at) => sound(from * 1000 + at * PACKET_MS));

const records = (packets: readonly FilmPacket[]): Uint8Array => {
  const [payload = Buffer.of(), ...more] = writeFilmRecords(packets, 32_000);
  expect(more).toEqual([]);
  return payload;
};
const push = (writer: Writer, packets: readonly FilmPacket[]): Buffer => Buffer.from(writer.push(records(packets)));

const picturesIn = (parts: readonly IntakePart[]): LivePicture[] =>
  parts.flatMap((part) => (part.kind === 'pictures' ? part.pictures : []));
const packetsIn = (parts: readonly IntakePart[]): number =>
  parts.flatMap((part) => (part.kind === 'packets' ? part.packets : [])).length;

/** The NAL units of one picture, parameter sets in front. */
async function shot(size: string, pixels = 'yuv420p'): Promise<Uint8Array[]> {
  const source = `testsrc2=size=${size}:rate=25:duration=0.04`;
  const coder = ['-c:v', 'libx264', '-pix_fmt', pixels, '-f', 'h264', 'pipe:1'];
  return [...unitsIn(await ffmpeg(['-f', 'lavfi', '-i', source, ...coder]))].map(({ unit }) => unit);
}

function configOf(units: readonly Uint8Array[]): Uint8Array {
  const [sequences, pictures] = [NAL.sps, NAL.pps].map((type) => units.filter((unit) => nalType(unit) === type));
  return writeAvcConfig(sequences ?? [], pictures ?? []);
}

const withStartCodes = (units: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat(units.flatMap((unit) => [Uint8Array.of(0, 0, 0, 1), unit]));

/** As browsers write it, without a configuration of H.264. */
function webmHead(): Uint8Array {
  const audio = ebmlElement([0xe1], ebmlElement([0xb5], ebmlDouble(48_000)), ebmlElement([0x9f], ebmlNumber(1)));
  const video = ebmlElement([0xe0], ebmlElement([0xb0], ebmlNumber(320)), ebmlElement([0xba], ebmlNumber(180)));
  return segmentHead(
    1e9 / STREAM_TICKS,
    trackEntry(SOUND_TRACK, TRACK_TYPE.sound, 'A_OPUS', opusHead(1, 312), audio),
    trackEntry(PICTURE_TRACK, TRACK_TYPE.pictures, 'V_MPEG4/ISO/AVC', undefined, video),
  );
}

function webmWith(element: Uint8Array): Uint8Array {
  return Buffer.concat([webmHead(), streamCluster(0), element, streamBlock(SOUND_TRACK, 0, true, SILENCE)]);
}

/** A segment with ticks of so many nanoseconds. */
function infoWith(scale: readonly number[]): Uint8Array {
  const info = ebmlElement([0x15, 0x49, 0xa9, 0x66], ebmlElement([0x2a, 0xd7, 0xb1], scale));
  return Buffer.concat([webmHead(), info]);
}

/** Bytes without order, the same each time. */
const noise = (seed: number): Uint8Array =>
  Buffer.concat(Array.from({ length: 8 }, (_, at) => createHash('sha256').update(`${seed}/${at}`).digest()));
