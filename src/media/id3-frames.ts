/** One frame of an ID3v2 tag, in plain bytes. */
export interface Id3Frame {
  /** Four characters, three in ID3v2.2. */
  readonly id: string;
  readonly content: Uint8Array;
}

/** How the frames of a tag are laid out. */
export interface Id3Layout {
  readonly major: 2 | 3 | 4;
  /** The tag's header says that every frame is unsynchronised (ID3v2.4 section 5; only 2.4 does it frame by frame). */
  readonly unsynchronised: boolean;
}

const MAX_FRAMES = 5000;
const UNSYNCHRONISED = 0x02;
const LENGTH_GIVEN = 0x01;

/**
 * The frames in the body of a tag or of a CHAP frame, in file order: at most 5000, whole ones only; compressed and
 * encrypted ones are passed over.
 */
export function* id3Frames(body: Uint8Array, layout: Id3Layout): Generator<Id3Frame> {
  const headBytes = layout.major === 2 ? 6 : 10;
  let at = 0;
  for (let count = 0; count < MAX_FRAMES && at + headBytes <= body.length; count++) {
    const id = String.fromCharCode(...body.subarray(at, at + (layout.major === 2 ? 3 : 4)));
    if (!/^[A-Z0-9]{3,4}$/.test(id)) return; // padding, or no tag any more
    const start = at + headBytes;
    const end = start + frameSize(body, at, layout.major);
    if (end > body.length) return;
    const content = plainContent(body.subarray(start, end), body[at + 9] ?? 0, layout);
    if (content) yield { id, content };
    at = end;
  }
}

/** Takes the 0x00 out that unsynchronisation put after each 0xFF (ID3v2.4 section 6.1). */
export function resynchronise(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length;) {
    const mark = bytes.indexOf(0xff, at);
    const end = mark < 0 ? bytes.length : mark + 1;
    plain.set(bytes.subarray(at, end), length);
    length += end - at;
    at = bytes[end] === 0 && mark >= 0 ? end + 1 : end;
  }
  return plain.subarray(0, length);
}

/** 28 bits in four bytes (ID3v2.4 section 6.2), or null where a byte has its top bit set. */
export function syncsafe(bytes: Uint8Array, at: number): number | null {
  const [a = 255, b = 255, c = 255, d = 255] = bytes.subarray(at, at + 4);
  return (a | b | c | d) & 0x80 ? null : (a << 21) | (b << 14) | (c << 7) | d;
}

function frameSize(body: Uint8Array, at: number, major: Id3Layout['major']): number {
  if (major === 2) return uint(body, at + 3, 3);
  const plain = uint(body, at + 4, 4);
  if (major === 3) return plain;
  const safe = syncsafe(body, at + 4);
  if (safe === null) return plain;
  // Some writers of 2.4 (old iTunes) state plain sizes: believe the one after which a frame or padding follows.
  return safe !== plain && !startsFrame(body, at + 10 + safe) && startsFrame(body, at + 10 + plain) ? plain : safe;
}

const startsFrame = (body: Uint8Array, at: number): boolean =>
  at === body.length ||
  (at < body.length && /^([A-Z0-9]{4}|\0{1,4})$/.test(String.fromCharCode(...body.subarray(at, at + 4))));

/** A frame's content without what its format flags put in front; null when it is compressed or encrypted. */
function plainContent(stored: Uint8Array, flags: number, { major, unsynchronised }: Id3Layout): Uint8Array | null {
  if (major === 2) return stored;
  if (flags & (major === 3 ? 0xc0 : 0x0c)) return null;
  if (major === 3) return stored.subarray(flags & 0x20 ? 1 : 0);
  const content = stored.subarray((flags & 0x40 ? 1 : 0) + (flags & LENGTH_GIVEN ? 4 : 0));
  return unsynchronised || flags & UNSYNCHRONISED ? resynchronise(content) : content;
}

function uint(bytes: Uint8Array, at: number, size: number): number {
  return bytes.subarray(at, at + size).reduce((value, byte) => value * 256 + byte, 0);
}
