import type { Bytes, Hertz, Kbps, Samples } from '../units.ts';

/** What the four bytes at the start of an MPEG audio layer III frame say (ISO/IEC 11172-3 2.4.2.3, 13818-3 2.4.2.3). */
export interface Mp3Header {
  /** 1 and 2 are the standards; 2.5 is the common extension to 8, 11.025 and 12 kHz. */
  readonly version: 1 | 2 | 2.5;
  readonly layer: 3;
  readonly kbps: Kbps;
  readonly sampleRate: Hertz;
  readonly channels: 1 | 2;
  /** 0 stereo, 1 joint stereo, 2 dual channel, 3 mono. */
  readonly channelMode: 0 | 1 | 2 | 3;
  readonly padding: 0 | 1;
  /** Two bytes of CRC follow the header. */
  readonly crc: boolean;
  /** The whole frame, header included. */
  readonly frameBytes: Bytes;
  readonly frameSamples: Samples & (1152 | 576);
  /** Side information after header and CRC; a Xing tag stands behind it. */
  readonly sideInfoBytes: Bytes;
}

/** A whole frame of a stream. */
export interface Mp3Frame {
  readonly header: Mp3Header;
  /** The whole frame. It shares memory with the bytes that were pushed, unless it lay across two pushes. */
  readonly bytes: Uint8Array;
  /** From the first byte pushed. */
  readonly offset: Bytes;
}

/** Takes a stream in pushes of any size. */
export interface Mp3Walker {
  /** The frames that are complete with these bytes. The walker keeps no reference to `bytes`. */
  push(bytes: Uint8Array): Mp3Frame[];
  /** What only the end decides: a last frame that nothing follows. An incomplete frame is dropped. */
  end(): Mp3Frame[];
}

const HEADER_BYTES: Bytes = 4;
/** A padded frame of 320 kbit/s at 32 kHz: no layer III frame is longer. */
export const MAX_FRAME_BYTES: Bytes = 1441;
/** What a layer III decoder puts in front of the sound. */
export const DECODER_DELAY: Samples = 529;
const LOOK_AHEAD: Bytes = MAX_FRAME_BYTES + HEADER_BYTES;

const KBPS: Readonly<Record<1 | 2, readonly Kbps[]>> = {
  1: [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  2: [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};

/** Every legal header by the 12 bits that matter, so that reading one allocates nothing. */
const HEADERS: readonly (Mp3Header | null)[] = Array.from({ length: 4096 }, (_, bits) => decodeHeader(bits));

/**
 * The layer III frame header at `offset`, or null when there is none: no sync word, another layer, free format, reserved
 * bitrate, rate or version, or fewer than four bytes. The reserved emphasis is let through, as decoders do.
 */
export function readMp3Header(bytes: Uint8Array, offset: number): Mp3Header | null {
  if (bytes[offset] !== 0xff) return null;
  const second = bytes[offset + 1] ?? 0;
  const third = bytes[offset + 2] ?? 0;
  const fourth = bytes[offset + 3];
  if ((second & 0xe6) !== 0xe2 || fourth === undefined) return null;
  return HEADERS[((second & 0x18) << 7) | ((second & 1) << 9) | ((third & 0xfe) << 1) | (fourth >> 6)] ?? null;
}

/** True when two frames can belong to one stream: same sample rate, hence same MPEG version. */
export const sameStream = (a: Mp3Header, b: Mp3Header): boolean => a.sampleRate === b.sampleRate;

/** The layer III bitrates of an MPEG version, lowest first. */
export function mp3Bitrates(version: Mp3Header['version']): readonly Kbps[] {
  return KBPS[version === 1 ? 1 : 2];
}

/**
 * Splits a byte stream into frames, whatever the pushes look like.
 *
 * In sync, a header of the same stream is taken at its word. Where none follows a frame (a tag, junk, a cut), the next
 * header counts that another one of the same stream follows right after its frame, or that the stream ends there.
 *
 * @param first the stream that is wanted. Without it, the first confirmed frame decides.
 * @param from where the bytes start: at a `frame` (in sync from the first byte), or `anywhere`. Default: `frame` when
 *   `first` is given.
 */
export function mp3Walker(first?: Mp3Header, from: 'frame' | 'anywhere' = first ? 'frame' : 'anywhere'): Mp3Walker {
  let stream = first;
  let inSync = first !== undefined && from === 'frame';
  const carry = new Uint8Array(2 * LOOK_AHEAD);
  let held = 0;
  let pushed: Bytes = 0;

  /** Takes the frames that start before `stop`; gives the position where the next one is to be looked for. */
  function walk(bytes: Uint8Array, start: number, stop: number, ended: boolean, take: Take): number {
    let at = start;
    while (at < stop) {
      if (!inSync) at = bytes.indexOf(0xff, at);
      if (at < 0) return bytes.length;
      if (at + HEADER_BYTES > bytes.length) return at;

      const header = readMp3Header(bytes, at);
      const fits = header !== null && (stream === undefined || sameStream(header, stream));
      if (!fits) {
        if (!inSync) at++;
        inSync = false;
        continue;
      }
      const next = at + header.frameBytes;
      if (inSync) {
        if (next > bytes.length) return at;
      } else {
        if (!ended && next + HEADER_BYTES > bytes.length) return at;
        const follower = readMp3Header(bytes, next);
        const confirmed = follower ? sameStream(header, follower) : ended && next === bytes.length;
        if (!confirmed) {
          at++;
          continue;
        }
        inSync = true;
        stream ??= header;
      }
      take(header, at, next);
      at = next;
    }
    return at;
  }

  function push(bytes: Uint8Array): Mp3Frame[] {
    const frames: Mp3Frame[] = [];
    const seam = pushed - held;
    let at = 0;
    if (held > 0) {
      const window = carry.subarray(0, held + Math.min(bytes.length, LOOK_AHEAD));
      carry.set(bytes.subarray(0, window.length - held), held);
      const stoppedAt = walk(window, 0, held, false, (header, start, end) =>
        frames.push({ header, bytes: window.slice(start, end), offset: seam + start }),
      );
      if (stoppedAt < held) {
        // Only a push shorter than the look-ahead leaves the carry undecided, so it is all in the window.
        carry.copyWithin(0, stoppedAt, window.length);
        held = window.length - stoppedAt;
        pushed += bytes.length;
        return frames;
      }
      at = stoppedAt - held;
    }
    at = walk(bytes, at, bytes.length, false, (header, start, end) =>
      frames.push({ header, bytes: bytes.subarray(start, end), offset: pushed + start }),
    );
    held = bytes.length - at;
    carry.set(bytes.subarray(bytes.length - held));
    pushed += bytes.length;
    return frames;
  }

  function end(): Mp3Frame[] {
    const frames: Mp3Frame[] = [];
    const rest = carry.subarray(0, held);
    walk(rest, 0, held, true, (header, start, stop) =>
      frames.push({ header, bytes: rest.slice(start, stop), offset: pushed - held + start }),
    );
    held = 0;
    return frames;
  }

  return { push, end };
}

type Take = (header: Mp3Header, start: number, end: number) => void;

/** `bits`: version (2), no CRC (1), bitrate (4), rate (2), padding (1), channel mode (2). */
function decodeHeader(bits: number): Mp3Header | null {
  const version = ([2.5, null, 2, 1] as const)[bits >> 10] ?? null;
  const baseRate = [44_100, 48_000, 32_000][(bits >> 3) & 3];
  if (version === null || baseRate === undefined) return null;
  const kbps = mp3Bitrates(version)[((bits >> 5) & 15) - 1];
  if (kbps === undefined) return null;

  const channelMode = (bits & 3) as Mp3Header['channelMode'];
  const channels = channelMode === 3 ? 1 : 2;
  const padding = ((bits >> 2) & 1) as 0 | 1;
  const crc = ((bits >> 9) & 1) === 0;
  const sampleRate = baseRate / (version === 1 ? 1 : version === 2 ? 2 : 4);
  const frameSamples = version === 1 ? 1152 : 576;
  const frameBytes = Math.floor((frameSamples * 125 * kbps) / sampleRate) + padding;
  const sideInfoBytes = version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  const shape = { version, layer: 3, sampleRate, channels, channelMode, frameSamples, sideInfoBytes } as const;
  return Object.freeze({ ...shape, kbps, padding, crc, frameBytes });
}
