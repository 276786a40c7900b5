import { randomNumbers } from './signal.ts';

// An own small reading of MPEG audio headers, so that fixtures do not depend on the code they test.

export interface FrameFacts {
  readonly version: 1 | 2 | 2.5;
  readonly kbps: number;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  readonly size: number;
  readonly samples: 1152 | 576;
  /** Where a Xing, Info or LAME tag lies: after the header and the side information. */
  readonly tagAt: number;
}

const KBPS_1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const KBPS_2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

/** The header of a layer III frame; throws where there is none. */
export function frameFacts(bytes: Uint8Array, at = 0): FrameFacts {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = bytes.subarray(at, at + 4);
  const version = ([2.5, null, 2, 1] as const)[(b1 >> 3) & 3];
  const rate = [44100, 48000, 32000][(b2 >> 2) & 3];
  if (b0 !== 0xff || (b1 & 0xe6) !== 0xe2 || version == null || rate === undefined)
    throw new Error(`no frame at ${at}`);
  const kbps = (version === 1 ? KBPS_1 : KBPS_2)[b2 >> 4] ?? 0;
  const sampleRate = version === 1 ? rate : version === 2 ? rate / 2 : rate / 4;
  const samples = version === 1 ? 1152 : 576;
  const size = Math.floor((samples * 125 * kbps) / sampleRate) + ((b2 >> 1) & 1);
  const channels = b3 >> 6 === 3 ? 1 : 2;
  const sideInfo = version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  return { version, kbps, sampleRate, channels, size, samples, tagAt: 4 + sideInfo };
}

/** The frames of a clean MP3; an ID3v2 tag in front is left away, anything else that is no frame throws. */
export function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let at = text(bytes, 0, 3) === 'ID3' ? 10 + synchsafe(bytes, 6) : 0;
  while (at < bytes.length) {
    const { size } = frameFacts(bytes, at);
    frames.push(bytes.subarray(at, at + size));
    at += size;
  }
  return frames;
}

export const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

/** A copy of an MP3 that begins with a Xing or Info frame, whose frame and byte counts are multiplied by `factor`. */
export function withWrongXing(bytes: Uint8Array, factor: number): Buffer {
  const copy = Buffer.from(bytes);
  const at = frameFacts(copy).tagAt;
  if (!/^(Xing|Info)$/.test(text(copy, at, at + 4))) throw new Error('no Xing or Info frame');
  copy.writeUInt32BE(Math.round(copy.readUInt32BE(at + 8) * factor), at + 8);
  copy.writeUInt32BE(Math.round(copy.readUInt32BE(at + 12) * factor), at + 12);
  return copy;
}

/** The frame with Fraunhofer's VBRI header that would stand before `frames`: 100 entries of 16 bits. */
export function vbriFrame(frames: readonly Uint8Array[]): Buffer {
  const audio = Buffer.concat(frames);
  const perEntry = Math.ceil(frames.length / 100);
  const entries = Array.from({ length: 100 }, (_, i) =>
    frames.slice(i * perEntry, (i + 1) * perEntry).reduce((sum, frame) => sum + frame.length, 0),
  );
  const scale = Math.ceil(Math.max(...entries) / 65535);
  // 128 kbit/s, whatever the frames have: the header's own rate says nothing.
  const header = Uint8Array.of(0xff, audio[1] ?? 0, ((audio[2] ?? 0) & 0x0c) | 0x90, audio[3] ?? 0);
  const frame = Buffer.alloc(frameFacts(header).size);
  frame.set(header);
  frame.write('VBRI', 36, 'latin1');
  [1, 1105, 75].forEach((value, i) => frame.writeUInt16BE(value, 40 + 2 * i));
  frame.writeUInt32BE(audio.length + frame.length, 46);
  frame.writeUInt32BE(frames.length, 50);
  [100, scale, 2, perEntry].forEach((value, i) => frame.writeUInt16BE(value, 54 + 2 * i));
  entries.forEach((bytes, i) => frame.writeUInt16BE(Math.round(bytes / scale), 62 + 2 * i));
  return frame;
}

/** An ID3v2.4 tag with a title, and zeros up to `size` bytes in all. */
export function id3v2(title: string, size = 0): Buffer {
  const body = join(Uint8Array.of(3), Buffer.from(title));
  const frame = join(Buffer.from('TIT2'), synchsafeBytes(body.length), Uint8Array.of(0, 0), body);
  const tag = Buffer.alloc(Math.max(size, 10 + frame.length));
  tag.set(join(Buffer.from('ID3'), Uint8Array.of(4, 0, 0), synchsafeBytes(tag.length - 10), frame));
  return tag;
}

/** The 128 bytes of an ID3v1 tag. */
export function id3v1(title: string): Buffer {
  const tag = Buffer.alloc(128);
  tag.write(`TAG${title.slice(0, 30)}`, 'latin1');
  return tag;
}

/** An APEv2 tag with header and footer, as ReplayGain scanners append it. */
export function apeV2(items: Readonly<Record<string, string>>): Buffer {
  const body = join(
    ...Object.entries(items).map(([key, value]) => {
      const item = Buffer.from(`\0\0\0\0\0\0\0\0${key}\0${value}`);
      item.writeUInt32LE(Buffer.byteLength(value), 0);
      return item;
    }),
  );
  const edge = (flags: number) => {
    const bytes = Buffer.alloc(32);
    bytes.write('APETAGEX', 'latin1');
    [2000, body.length + 32, Object.keys(items).length, flags].forEach((v, i) => bytes.writeUInt32LE(v, 8 + 4 * i));
    return bytes;
  };
  return join(edge(0xa0000000), body, edge(0x80000000));
}

/** Noise; where `likeFrame` is given, with that frame's header every 97 bytes: false syncs that lead nowhere. */
export function junk(size: number, seed: number, likeFrame?: Uint8Array): Uint8Array {
  const random = randomNumbers(seed);
  const bytes = Buffer.alloc(size).map(() => Math.floor(random() * 255)); // 255 (0xff) itself only in false syncs
  if (likeFrame) for (let at = 5; at + 4 < size; at += 97) bytes.set(likeFrame.subarray(0, 4), at);
  return bytes;
}

const text = (bytes: Uint8Array, from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString('latin1');

const synchsafe = (bytes: Uint8Array, at: number) =>
  bytes.subarray(at, at + 4).reduce((value, byte) => value * 128 + byte, 0);

const synchsafeBytes = (value: number) =>
  Uint8Array.of(value >> 21, (value >> 14) & 127, (value >> 7) & 127, value & 127);
