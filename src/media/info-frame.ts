import { BatonError } from '../errors.ts';
import type { Bytes, Frames, Hertz, Samples } from '../units.ts';
import { type Mp3Header, mp3Bitrates, readMp3Header } from './mp3.ts';

/** The stream that an Info frame stands in front of. */
export interface InfoStream {
  readonly version: Mp3Header['version'];
  readonly sampleRate: Hertz;
  readonly channels: 1 | 2;
}

/** What an Info frame states. */
export interface InfoFrame extends InfoStream {
  /** `Info` for constant bitrate, `Xing` for variable. */
  readonly kind: 'Info' | 'Xing';
  /** Audio frames, without this one. */
  readonly frames: Frames;
  /** Of all frames, this one included. */
  readonly bytes: Bytes;
  /**
   * Samples that the encoder put in front and behind, 0 to 4095; the decoder's own delay of 529 is not in it. Null when
   * they are not known: then no encoder is named, and decoders take nothing off.
   */
  readonly gapless: { readonly delay: Samples; readonly padding: Samples } | null;
  /** For each percent of the playing time the place in the file, in 256ths; linear by default. */
  readonly toc?: Uint8Array | undefined;
}

const HEADER_BYTES: Bytes = 4;
/** Magic, flags, frames, bytes and table of contents. */
const XING_BYTES: Bytes = 4 + 4 + 4 + 4 + 100;
const QUALITY_BYTES: Bytes = 4;
/** The part that LAME added: encoder, gains, delay and padding, length, CRCs. */
const LAME_BYTES: Bytes = 36;
const ALL_STATED = 0x0f;
/** LAME sets this bit of the header, and so do the frames that follow. */
const ORIGINAL = 0x04;
/** Decoders heed delay and padding only after LAME, Lavf or Lavc. Nine characters. */
const ENCODER = 'LavcBaton';

/**
 * The silent first frame of an MP3 file which states its length and its encoder's delay and padding, coded at the lowest
 * bitrate whose frame holds that. Decoders then drop delay + 529 samples in front and padding - 529 behind, except that
 * ffmpeg refuses a file with fewer than two frames behind this one.
 *
 * @throws BatonError INTERNAL for a rate that is not one of the MPEG version, or a delay or padding beyond 12 bits
 */
export function writeInfoFrame(info: InfoFrame): Uint8Array {
  const { kind, frames, bytes, gapless, toc = linearToc() } = info;
  if (toc.length !== 100) throw new BatonError('INTERNAL', `Info frame with a TOC of ${toc.length}`);
  const { head, header } = smallestHead(info);
  const frame = new Uint8Array(header.frameBytes);
  const view = new DataView(frame.buffer);
  const xing = HEADER_BYTES + header.sideInfoBytes;
  frame.set(head);
  frame.set(asciiBytes(kind), xing);
  view.setUint32(xing + 4, ALL_STATED);
  view.setUint32(xing + 8, frames);
  view.setUint32(xing + 12, bytes);
  frame.set(toc, xing + 16);

  if (gapless === null) return frame;

  const { delay, padding } = gapless;
  if (!isTwelveBits(delay) || !isTwelveBits(padding)) {
    throw new BatonError('INTERNAL', `Info frame with delay ${delay}, padding ${padding}`);
  }
  const lame = xing + XING_BYTES + QUALITY_BYTES;
  frame.set(asciiBytes(ENCODER), lame);
  view.setUint32(lame + 21, ((delay << 20) | (padding << 8)) >>> 0);
  view.setUint32(lame + 28, bytes);
  view.setUint16(lame + 34, crc16(frame.subarray(0, lame + 34)));
  return frame;
}

/** The Info frame of `audioBytes` of frames; its own bytes count, too. Throws as `writeInfoFrame`. */
export const infoFrameBefore = (audioBytes: Bytes, info: Omit<InfoFrame, 'bytes'>): Uint8Array =>
  writeInfoFrame({ ...info, bytes: infoFrameBytes(info) + audioBytes });

/** The size of what `writeInfoFrame` makes for this stream. */
export const infoFrameBytes = (stream: InfoStream): Bytes => smallestHead(stream).header.frameBytes;

/** CRC-16/ARC, which guards the LAME part of the frame (polynomial 0x8005, reflected, from 0). */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
}

function smallestHead({ version, sampleRate, channels }: InfoStream): { head: Uint8Array; header: Mp3Header } {
  const versionBits = version === 1 ? 3 : version === 2 ? 2 : 0;
  const mode = channels === 1 ? 3 : 1;
  for (const rateBits of [0, 1, 2]) {
    for (const bitrateBits of mp3Bitrates(version).keys()) {
      const third = ((bitrateBits + 1) << 4) | (rateBits << 2);
      const head = Uint8Array.of(0xff, 0xe3 | (versionBits << 3), third, (mode << 6) | ORIGINAL);
      const header = readMp3Header(head, 0);
      if (header?.sampleRate !== sampleRate) break;
      if (header.frameBytes >= contentBytes(header)) return { head, header };
    }
  }
  throw new BatonError('INTERNAL', `no MPEG-${version} layer III at ${sampleRate} Hz`);
}

const contentBytes = (header: Mp3Header): Bytes =>
  HEADER_BYTES + header.sideInfoBytes + XING_BYTES + QUALITY_BYTES + LAME_BYTES;

const linearToc = (): Uint8Array => Uint8Array.from({ length: 100 }, (_, percent) => Math.floor((percent * 256) / 100));

const isTwelveBits = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 4096;

const asciiBytes = (text: string): Uint8Array => new TextEncoder().encode(text);
