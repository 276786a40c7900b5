import { expect, test } from 'vitest';
import { tsDemuxer } from '../../src/media/mpeg-ts.ts';
import { tsPictures } from '../../src/media/ts-pictures.ts';
import { readPictures } from '../../src/source/hls-pictures.ts';
import { readSound } from '../../src/source/hls-sound.ts';

const [MAP, MEDIA] = [0x100, 0x200];
const AAC = { type: 0x0f, id: 0xc0 } as const;
const H264 = { type: 0x1b, id: 0xe0 } as const;
const ROOM = 184;

/** A packet of a transport stream, its payload behind as much stuffing as it takes. */
function packet(pid: number, isStart: boolean, counter: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(188, 0xff);
  bytes.set([0x47, (isStart ? 0x40 : 0) | (pid >> 8), pid & 0xff, 0x10 | (counter & 15)]);
  const stuffing = ROOM - payload.length;
  if (stuffing > 0) bytes.set([bytes.readUInt8(3) | 0x20, stuffing - 1, 0].slice(0, stuffing > 1 ? 3 : 2), 3);
  bytes.set(payload, 188 - payload.length);
  return bytes;
}

const pidBytes = (pid: number): number[] => [0xe0 | (pid >> 8), pid & 0xff];
const association = Uint8Array.from([0, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, ...pidBytes(MAP), 0, 0, 0, 0]);
const mapOf = (type: number, pid: number): Uint8Array =>
  Uint8Array.from([
    0,
    2,
    0xb0,
    18,
    0,
    1,
    0xc1,
    0,
    0,
    ...pidBytes(pid),
    0xf0,
    0,
    type,
    ...pidBytes(pid),
    0xf0,
    0,
    0,
    0,
    0,
    0,
  ]);

/** The head of a PES packet with a time stamp, in a whole packet. */
const begins = (id: number): Buffer =>
  Buffer.concat([Uint8Array.of(0, 0, 1, id, 0, 0, 0x80, 0x80, 5, 0x21, 0, 1, 0, 1), Buffer.alloc(ROOM - 14, 0x55)]);

/** A transport stream of one PES packet with these contents. */
const streamOf = ({ type, id }: typeof AAC | typeof H264, contents: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    packet(0, true, 0, association),
    packet(MAP, true, 0, mapOf(type, MEDIA)),
    packet(MEDIA, true, 0, begins(id)),
    ...contents.map((content, index) => packet(MEDIA, false, index + 1, content)),
  ]);

const codeOf = (thrown: unknown): unknown => (thrown as { code?: unknown }).code;

test('a programme map that moves its stream with each packet takes no longer for what has come before', () => {
  const half = 11_000;
  for (const media of [AAC, H264]) {
    const sound = streamOf(media, Array<Uint8Array>(half).fill(Buffer.alloc(ROOM, 0x55)));
    const maps = Array.from({ length: half }, (_, index) =>
      packet(MAP, true, index + 1, mapOf(media.type, MEDIA + (index % 2))),
    );
    const segment = Buffer.concat([sound, ...maps]);
    const before = process.cpuUsage();
    const demuxer = tsDemuxer();
    if (media === AAC) demuxer.push(segment);
    const { bytes } = media === AAC ? demuxer.end() : tsPictures(segment);
    const { user, system } = process.cpuUsage(before);
    const seconds = (user + system) / 1e6;
    expect(bytes.length).toBe((half + 1) * ROOM - 14);
    expect(seconds).toBeLessThan(4); // where all is copied each time: 30
  }
});

test('a segment of frames of two bytes each, more than any has, is damaged: what they take is a hundred times as much', async () => {
  const frame = Uint8Array.of(0xff, 0xf1, 0x4c, 0x80, 1, 0x3f, 0xfc, 0x21, 0x10); // nine bytes with its head
  const segment = Buffer.concat(Array<Uint8Array>(100_100).fill(frame));
  const context = { track: null, carry: new Uint8Array(), known: null };
  expect(await readSound(segment, context).catch(codeOf)).toBe('SOURCE_DAMAGED');
  expect((await readSound(segment.subarray(0, 90_000), context)).packets.length).toBe(10_000);
});

test('so are pictures of NAL units of one byte each', () => {
  const units = Buffer.concat(Array<Uint8Array>(ROOM / 4).fill(Uint8Array.of(0, 0, 1, 0x67)));
  const segment = streamOf(H264, Array<Uint8Array>(4_400).fill(units));
  let thrown: unknown = null;
  try {
    readPictures(segment, { track: null, near: null, known: null });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: 'SOURCE_DAMAGED', detail: 'more than 200000 units' });
});
