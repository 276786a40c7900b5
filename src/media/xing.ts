import type { Bytes, Frames, Samples } from '../units.ts';
import { readMp3Header } from './mp3.ts';

/** What a Xing or Info frame states. */
export interface XingTag {
  /** LAME and its relatives write `Info` for constant and `Xing` for variable bitrate. */
  readonly kind: 'Xing' | 'Info';
  /** Audio frames after this one; null when not stated. */
  readonly frames: Frames | null;
  /** Of the audio, this frame included; null when not stated. */
  readonly bytes: Bytes | null;
  /** The nine characters that name the encoder; empty when there are none. */
  readonly encoder: string;
  /** Samples the encoder put in front and behind; null unless `encoder` starts with LAME, Lavf or Lavc. */
  readonly delay: Samples | null;
  readonly padding: Samples | null;
}

const FRAMES_STATED = 1;
const BYTES_STATED = 2;
const TOC_STATED = 4;
const QUALITY_STATED = 8;

/** The Xing or Info tag of a file's first frame (with the extension of LAME), or null. A cut frame gives what is there. */
export function readXing(frame: Uint8Array): XingTag | null {
  const start = tagOffset(frame);
  const kind = start === null ? null : fourCharacters(frame, start);
  if (start === null || (kind !== 'Xing' && kind !== 'Info')) return null;

  const flags = uint32(frame, start + 4) ?? 0;
  let at = start + 8;
  const field = (flag: number, size: number): number | null => {
    if ((flags & flag) === 0) return null;
    at += size;
    const value = uint32(frame, at - size);
    return value === 0 ? null : value; // an encoder that could not seek back
  };
  const frames = field(FRAMES_STATED, 4);
  const bytes = field(BYTES_STATED, 4);
  field(TOC_STATED, 100);
  field(QUALITY_STATED, 4);
  const encoder = printable(frame.subarray(at, at + 9));
  const isTrimmed = /^(LAME|Lavf|Lavc)/.test(encoder) && at + 24 <= frame.length;
  return { kind, frames, bytes, encoder, ...(isTrimmed ? readTrims(frame, at + 21) : { delay: null, padding: null }) };
}

/** The VBRI tag of a file's first frame (Fraunhofer encoders), or null. */
export function readVbri(frame: Uint8Array): { readonly frames: Frames; readonly bytes: Bytes } | null {
  const start = 36; // always behind 32 bytes, whatever the side information is
  if (readMp3Header(frame, 0) === null || fourCharacters(frame, start) !== 'VBRI') return null;
  const bytes = uint32(frame, start + 10);
  const frames = uint32(frame, start + 14);
  return frames && bytes ? { frames, bytes } : null;
}

/** Most encoders leave the CRC out when they place the tag, a few do not. */
function tagOffset(frame: Uint8Array): number | null {
  const header = readMp3Header(frame, 0);
  if (header === null) return null;
  const start = 4 + header.sideInfoBytes;
  return header.crc && /^(Xing|Info)$/.test(fourCharacters(frame, start + 2)) ? start + 2 : start;
}

/** Twelve bits each. */
function readTrims(frame: Uint8Array, at: number): { delay: Samples; padding: Samples } {
  const [high = 0, middle = 0, low = 0] = frame.subarray(at, at + 3);
  return { delay: (high << 4) | (middle >> 4), padding: ((middle & 15) << 8) | low };
}

const fourCharacters = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));

const printable = (bytes: Uint8Array): string =>
  String.fromCharCode(...bytes.filter((byte) => byte >= 32 && byte < 127));

function uint32(bytes: Uint8Array, at: number): number | null {
  if (at + 4 > bytes.length) return null;
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
}
