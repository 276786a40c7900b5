import { id3Size } from '../media/id3.ts';
import { type Mp3Frame, type Mp3Header, mp3Walker, readMp3Header, sameStream } from '../media/mp3.ts';
import { readVbri, readXing } from '../media/xing.ts';
import type { Bytes, Frames, Samples } from '../units.ts';

/** How an MP3 starts, offsets from the first byte of the source. */
export interface Mp3Opening {
  /** Of the first frame, which may be none of audio. */
  readonly first: Mp3Frame;
  /** What its Xing, Info or VBRI tag states; null without one. */
  readonly tag: LengthTag | null;
  /** Where the first audio frame starts. */
  readonly start: Bytes;
  /** The headers of the audio frames that follow it without a gap. */
  readonly headers: readonly Mp3Header[];
}

/** What the encoder stated; null where it did not. */
export interface LengthTag {
  readonly frames: Frames | null;
  readonly bytes: Bytes | null;
  readonly delay: Samples | null;
  readonly padding: Samples | null;
}

/** Where ID3v2 tags at the start end; more than one is rare but seen. Beyond `bytes` when they do not end in them. */
export function tagsEnd(bytes: Uint8Array): Bytes {
  let end: Bytes = 0;
  for (let size = id3Size(bytes); size !== null; size = id3Size(bytes.subarray(end))) end += size;
  return end;
}

/**
 * The opening in `bytes`, which stand at `offset` of the source; null when no run of three frames starts there, or of as
 * many as there are when the source ends with `bytes`.
 */
export function readOpening(bytes: Uint8Array, offset: Bytes, isWhole: boolean): Mp3Opening | null {
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    if (!startsRun(bytes, at, isWhole)) continue;
    const frames = framesFrom(bytes, at, offset, isWhole);
    const [first] = frames;
    if (first === undefined) continue;
    const tag = lengthTag(first.bytes);
    const audio = tag === null ? frames : frames.slice(1);
    const start = tag === null ? first.offset : first.offset + first.bytes.length;
    return { first, tag, start, headers: audio.map(({ header }) => header) };
  }
  return null;
}

const RUN: Frames = 3;

function startsRun(bytes: Uint8Array, at: number, isWhole: boolean): boolean {
  const first = readMp3Header(bytes, at);
  let header = first;
  for (let count = 1; first !== null && header !== null; count++) {
    if (count === RUN) return true;
    at += header.frameBytes;
    if (isWhole && at >= bytes.length) return at === bytes.length;
    header = readMp3Header(bytes, at);
    if (header !== null && !sameStream(first, header)) return false;
  }
  return false;
}

function framesFrom(bytes: Uint8Array, at: number, offset: Bytes, isWhole: boolean): Mp3Frame[] {
  const header = readMp3Header(bytes, at);
  if (header === null) return [];
  const walker = mp3Walker(header);
  const frames = walker.push(bytes.subarray(at));
  if (isWhole) frames.push(...walker.end());
  const gap = frames.findIndex((frame, i) => i > 0 && frame.offset !== endOf(frames[i - 1]));
  const run = gap < 0 ? frames : frames.slice(0, gap);
  return run.map((frame) => ({ ...frame, offset: offset + at + frame.offset }));
}

const endOf = (frame: Mp3Frame | undefined): Bytes => (frame ? frame.offset + frame.bytes.length : 0);

/** A tag that states neither frames nor bytes leaves its frame an audio frame, as it does for ffmpeg. */
function lengthTag(frame: Uint8Array): LengthTag | null {
  const xing = readXing(frame);
  if (xing !== null) return xing.frames !== null || xing.bytes !== null ? xing : null;
  const vbri = readVbri(frame);
  return vbri && { ...vbri, delay: null, padding: null };
}
