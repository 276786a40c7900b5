import { expect, test } from 'vitest';
import { createBoxReader, findBox } from '../../player/core/boxes.ts';
import { readFragment, withoutStart } from '../../player/core/fragment.ts';
import { readInit } from '../../player/core/init.ts';
import { readEvent } from '../../player/core/stream-event.ts';
import { emsg } from '../../src/media/emsg.ts';
import { box } from '../../src/media/fmp4-box.ts';
import { fragment, initSegment } from '../../src/media/fmp4.ts';
import type { Track } from '../../src/media/fmp4.ts';
import { decode } from '../support/ffmpeg.ts';
import { chirpPcm } from './chirp.ts';
import { framedAudio } from './framed-origin.ts';

const TRACK: Track = { codec: 'aac', channels: 1, priming: 1024, kbps: 128, frameSamples: 1024, duration: 48_000 };

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
const frame = (size: number, value: number): Uint8Array => new Uint8Array(size).fill(value);
const EVENT = { type: 'position', time: 1.5, token: 'abc' };
const BODY = joined(
  initSegment(TRACK),
  emsg({ id: 0, time: 0, data: EVENT }),
  fragment({ sequence: 1, decodeTime: 2 ** 33, frames: [frame(90, 1), frame(40, 2), frame(7, 3)] }, TRACK),
);

test.each([1, 3, 7, 1000, BODY.length])('boxes come out whole from chunks of %i bytes', (size) => {
  const reader = createBoxReader();
  const boxes = [];
  for (let at = 0; at < BODY.length; at += size) boxes.push(...reader.push(BODY.subarray(at, at + size)));
  expect(boxes.map(({ type }) => type)).toEqual(['ftyp', 'moov', 'emsg', 'moof', 'mdat']);
  expect(joined(...boxes.map(({ bytes }) => bytes))).toEqual(BODY);
});

test('half a box is no box', () => {
  expect(
    createBoxReader()
      .push(BODY.subarray(0, -1))
      .map(({ type }) => type),
  ).not.toContain('mdat');
});

test.each([
  ['a page of HTML', new TextEncoder().encode('<!doctype html>')],
  ['a size of 0', new Uint8Array(16)],
  ['a box of a gigabyte', Uint8Array.of(0x40, 0, 0, 0, 109, 100, 97, 116)],
])('%s is refused, and stays refused', (_, bytes) => {
  const reader = createBoxReader();
  expect(() => reader.push(bytes)).toThrow(RangeError);
  expect(() => reader.push(BODY)).toThrow(RangeError);
});

test('an init segment tells its priming, the length of its samples, and which decoder it wants', () => {
  const moovOf = (track: Track): Uint8Array => createBoxReader().push(initSegment(track))[1]?.bytes ?? new Uint8Array();
  expect(readInit(moovOf(TRACK))).toMatchObject({ priming: 1024, sampleTicks: 1024 });
  const decoders = [TRACK, { ...TRACK, duration: 96_000 }, { ...TRACK, channels: 2 as const }].map(
    (track) => readInit(moovOf(track)).decoder,
  );
  expect(decoders[1]).toBe(decoders[0]);
  expect(decoders[2]).not.toBe(decoders[0]);
});

test('a fragment tells its times, also those of a shorter last sample', () => {
  const at = (lastSamples?: number): { start: number; end: number } => {
    const more = lastSamples === undefined ? {} : { lastSamples };
    const frames = [frame(9, 1), frame(9, 2)];
    const bytes = fragment({ sequence: 1, decodeTime: 2 ** 33, frames, ...more }, TRACK);
    const [moof, mdat] = createBoxReader().push(bytes);
    const { start, end } = readFragment(moof?.bytes ?? bytes, mdat?.bytes ?? bytes, 1024);
    return { start, end };
  };
  expect(at()).toEqual({ start: 2 ** 33, end: 2 ** 33 + 2048 });
  expect(at(100)).toEqual({ start: 2 ** 33, end: 2 ** 33 + 1124 });
});

test('what was taken already is cut off a fragment, and nothing else changes', () => {
  const [moof, mdat] = createBoxReader().push(BODY).slice(-2);
  if (moof === undefined || mdat === undefined) throw new Error('no fragment');
  const whole = readFragment(moof.bytes, mdat.bytes, 1024);
  expect(withoutStart(whole, 2 ** 33, 1024)).toBe(whole);
  expect(withoutStart(whole, 2 ** 33 + 3072, 1024)).toBeNull();
  expect(withoutStart(whole, 2 ** 33 + 5, 1024)).toBe(whole); // clocks are rounded
  const expected = fragment({ sequence: 1, decodeTime: 2 ** 33 + 2048, frames: [frame(7, 3)] }, TRACK);
  const rest = withoutStart(whole, 2 ** 33 + 2048, 1024);
  expect(rest).toMatchObject({ start: 2 ** 33 + 2048, end: 2 ** 33 + 3072 });
  expect(Buffer.from(rest?.bytes ?? [])).toEqual(Buffer.from(expected));
});

test('ffmpeg decodes overlapping fragments, cut where they meet, to the sound without a seam', async () => {
  const { frames } = await framedAudio({ seconds: 4 }, 'aac');
  const cutAt = (from: number, to: number, taken: number): Uint8Array => {
    const bytes = fragment({ sequence: from + 1, decodeTime: from * 1024, frames: frames.slice(from, to) }, TRACK);
    const [moof, mdat] = createBoxReader().push(bytes);
    const whole = readFragment(moof?.bytes ?? bytes, mdat?.bytes ?? bytes, 1024);
    return withoutStart(whole, taken * 1024, 1024)?.bytes ?? new Uint8Array();
  };
  const init = initSegment({ ...TRACK, duration: null });
  const laid = joined(init, cutAt(0, 60, 0), cutAt(40, 100, 60), cutAt(99, 150, 100));
  const plain = joined(init, fragment({ sequence: 1, decodeTime: 0, frames: frames.slice(0, 150) }, TRACK));
  const [a, b] = await Promise.all([decode(laid), decode(plain)]);
  expect(a.data.length).toBeGreaterThan(chirpPcm({ seconds: 4 }, 0, 140 * 1024).length);
  expect(Buffer.from(a.data.buffer).equals(Buffer.from(b.data.buffer))).toBe(true);
});

const message = (data: unknown): Uint8Array => emsg({ id: 3, time: 48_000, data });

test('events are read, and what they leave away is null', () => {
  expect(readEvent(message(EVENT))).toMatchObject(EVENT);
  const start = { type: 'start', time: 0, frame: 0, codec: 'Opus', bitrate: 1, version: 'v', duration: null };
  expect(readEvent(message(start))).toMatchObject({ ...start, legSeconds: null });
  expect(readEvent(message({ type: 'end', reason: 'eos', time: 3 }))).toMatchObject({ token: null });
  const chapters = [{ start: 0, end: 1, title: 'One' }, { start: 'x' }];
  expect(readEvent(message({ type: 'metadata', title: 7, artist: 'A', chapters }))).toEqual({
    ...{ type: 'metadata', artist: 'A' },
    chapters: chapters.slice(0, 1),
  });
});

test.each([
  ['an unknown type', message({ type: 'weather', time: 1 })],
  ['a type of the language', message({ type: 'constructor' })],
  ['no object', message('start')],
  ['a position without a token', message({ type: 'position', time: 1 })],
  ['an end of a leg without a token', message({ type: 'end', reason: 'leg', time: 1 })],
  ['broken JSON', joined(message({}).subarray(0, -1))],
  ['version 0', box('emsg', new Uint8Array(60))],
  ['another scheme', Uint8Array.from(Buffer.from(message(EVENT).map((byte) => (byte === 0x62 ? 0x63 : byte))))],
  ['next to nothing', new Uint8Array(12)],
])('%s is no event', (_, bytes) => {
  expect(readEvent(bytes)).toBeNull();
});

test('a box is found in a box, or not', () => {
  const bytes = box('moof', box('mfhd'), box('traf', box('tfhd'), box('trun', [1])));
  expect(findBox(bytes, 'traf', 'trun')).toBe(8 + 8 + 8 + 8);
  expect(findBox(bytes, 'trak')).toBe(-1);
});
