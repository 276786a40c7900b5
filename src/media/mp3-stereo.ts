import type { Bytes } from '../units.ts';
import { bitReader, bitWriter, type WriteBits } from './bits.ts';
import { mp3Bitrates, type Mp3Header, readMp3Header } from './mp3.ts';

/** Takes the frames of a stream one by one, and gives as many, one frame later. */
export interface StereoFrames {
  push(frame: Uint8Array): Uint8Array[];
  end(): Uint8Array[];
}

/**
 * Makes stereo frames of mono ones, with the very same sound on both sides; frames of two channels pass as they are.
 * A decoder then never meets a change of channels, wherever an advertisement was cut in.
 *
 * Joint stereo codes the sum and the difference of the sides (ISO/IEC 11172-3 2.4.3.4.9.2). So the mono granules become
 * the sum, a little louder (two steps of the global gain are the factor of the square root of two that decoders take
 * off), and the difference is empty: the main data stay bit for bit, only the side information is written anew. A frame
 * carries its own main data, at the least bitrate that holds it; what exceeds the largest frame goes into the one
 * before. Where a frame leans on others that were not given, or fits nowhere, a silent one stands for it.
 */
export function stereoFrames(): StereoFrames {
  let reservoir: Uint8Array = NOTHING;
  let held: Content | null = null;

  const release = (next: Content | null): Uint8Array[] => {
    const frames = held === null ? [] : [writeFrame(held)];
    held = next;
    return frames;
  };
  return {
    push: (frame) => {
      const header = readMp3Header(frame, 0);
      if (header === null) return [...release(null), frame];
      const sideEnd = HEADER_BYTES + (header.crc ? CRC_BYTES : 0) + header.sideInfoBytes;
      const known = Buffer.concat([reservoir, frame.subarray(sideEnd)]);
      const before = reservoir.length;
      reservoir = known.subarray(Math.max(0, known.length - RESERVOIR_BYTES));
      if (header.channels === 2) return [...release(null), frame];
      const own = readContent(frame, header, sideEnd, known, before);
      const excess = Math.max(0, own.main.length - capacityOf(own));
      const lender = held;
      if (excess === 0) return release(own);
      if (lender === null || lender.main.length + excess > capacityOf(lender)) return release(silenceLike(own));
      lender.lent = own.main.subarray(0, excess);
      return release({ ...own, begin: excess, main: own.main.subarray(excess) });
    },
    end: () => release(null),
  };
}

const HEADER_BYTES: Bytes = 4;
const CRC_BYTES: Bytes = 2;
/** How far back a frame may lean: nine bits. */
const RESERVOIR_BYTES: Bytes = 511;
/** Louder by the square root of two. */
const GAIN_STEPS = 2;
const NOTHING = new Uint8Array(0);

/** Lengths in bits; MPEG-2 has one granule in a frame, and longer scale factor fields. */
interface Layout {
  readonly granules: 1 | 2;
  readonly mainDataBegin: number;
  readonly privateMono: number;
  readonly privateStereo: number;
  readonly shares: number;
  readonly scalefactors: number;
  /** Preflag, scale and table at the end of a granule. */
  readonly flags: number;
  readonly stereoBytes: Bytes;
}

const MPEG1: Layout = {
  ...{ granules: 2, mainDataBegin: 9, privateMono: 5, privateStereo: 3, shares: 4, scalefactors: 4, flags: 3 },
  stereoBytes: 32,
};
const MPEG2: Layout = {
  ...{ granules: 1, mainDataBegin: 8, privateMono: 1, privateStereo: 2, shares: 0, scalefactors: 9, flags: 2 },
  stereoBytes: 17,
};

interface Granule {
  readonly mainBits: number;
  readonly bigValues: number;
  readonly gain: number;
  readonly scalefactors: number;
  /** Window switching and what follows it; block types must be the same on both sides. */
  readonly window: number;
  readonly flags: number;
}

const WINDOW_BITS = 23;
const QUIET: Granule = { mainBits: 0, bigValues: 0, gain: 0, scalefactors: 0, window: 0, flags: 0 };

/** What a stereo frame is to hold. */
interface Content {
  /** Of the mono frame; the last three bytes of its header are kept but for bitrate and mode. */
  readonly head: Uint8Array;
  readonly version: Mp3Header['version'];
  readonly layout: Layout;
  /** Scale factors that the second granule shares with the first. */
  readonly shares: number;
  readonly granules: readonly Granule[];
  readonly main: Uint8Array;
  /** Bytes of its main data that the frame before holds. */
  readonly begin: Bytes;
  /** Main data of the next frame. */
  lent: Uint8Array;
}

/** `known` are main data up to the end of this frame; the first `before` bytes are of the frames before it. */
function readContent(frame: Uint8Array, header: Mp3Header, sideEnd: Bytes, known: Uint8Array, before: Bytes): Content {
  const layout = header.version === 1 ? MPEG1 : MPEG2;
  const read = bitReader(frame.subarray(sideEnd - header.sideInfoBytes, sideEnd));
  const start = before - read(layout.mainDataBegin);
  read(layout.privateMono);
  const shares = read(layout.shares);
  const granules = Array.from({ length: layout.granules }, () => ({
    ...{ mainBits: read(12), bigValues: read(9), gain: read(8) },
    ...{ scalefactors: read(layout.scalefactors), window: read(WINDOW_BITS), flags: read(layout.flags) },
  }));
  const length = Math.ceil(granules.reduce((sum, { mainBits }) => sum + mainBits, 0) / 8);
  const head = frame.subarray(0, HEADER_BYTES);
  const main = known.subarray(Math.max(0, start), Math.max(0, start) + length);
  const content = { head, version: header.version, layout, shares, granules, main, begin: 0, lent: NOTHING };
  return start >= 0 && main.length === length ? content : silenceLike(content);
}

const silenceLike = (content: Content): Content => ({
  ...content,
  granules: content.granules.map(() => QUIET),
  main: NOTHING,
});

function writeFrame(content: Content): Uint8Array {
  const { head, version, layout, shares, granules, main, begin, lent } = content;
  const index = mp3Bitrates(version).findIndex((_, n) => roomAt(content, n) >= main.length + lent.length);
  const frame = new Uint8Array(HEADER_BYTES + layout.stereoBytes + roomAt(content, index));
  frame.set(stereoHead(head, index));
  const write = bitWriter(frame, HEADER_BYTES);
  write(begin, layout.mainDataBegin);
  write(0, layout.privateStereo);
  write(shares, layout.shares);
  write(0, layout.shares);
  for (const granule of granules) {
    writeGranule(write, layout, { ...granule, gain: Math.min(255, granule.gain + GAIN_STEPS) });
    writeGranule(write, layout, { ...QUIET, window: granule.window });
  }
  frame.set(main, HEADER_BYTES + layout.stereoBytes);
  frame.set(lent, frame.length - lent.length); // what the next frame leans on is the end of this one
  return frame;
}

function writeGranule(write: WriteBits, layout: Layout, granule: Granule): void {
  write(granule.mainBits, 12);
  write(granule.bigValues, 9);
  write(granule.gain, 8);
  write(granule.scalefactors, layout.scalefactors);
  write(granule.window, WINDOW_BITS);
  write(granule.flags, layout.flags);
}

/** Main data that the largest frame holds. */
const capacityOf = (content: Content): Bytes => roomAt(content, mp3Bitrates(content.version).length - 1);

/** Main data that a frame of the bitrate with this index holds. */
const roomAt = ({ head, layout }: Content, index: number): Bytes =>
  (readMp3Header(stereoHead(head, index), 0)?.frameBytes ?? 0) - HEADER_BYTES - layout.stereoBytes;

/** No CRC, no padding; sum and difference. */
const stereoHead = (head: Uint8Array, index: number): Uint8Array =>
  Uint8Array.of(
    0xff,
    (head[1] ?? 0) | 0x01,
    ((index + 1) << 4) | ((head[2] ?? 0) & 0x0c),
    0x60 | ((head[3] ?? 0) & 0x0f),
  );
