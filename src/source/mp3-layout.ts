import { MP3_FRAMES, type Mp3Frame, type Mp3Header } from '../media/mp3.ts';
import { readVbri, readXing } from '../media/xing.ts';
import type { Bytes, Frames, Samples } from '../units.ts';
import { frameRun } from './frame-run.ts';

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

/**
 * The opening in `bytes`, which stand at `offset` of the source; null when no run of three frames starts there, or of as
 * many as there are when the source ends with `bytes`.
 */
export function readOpening(bytes: Uint8Array, offset: Bytes, isWhole: boolean): Mp3Opening | null {
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const frames = frameRun(MP3_FRAMES, bytes, at, offset, isWhole);
    const [first] = frames;
    if (first === undefined) continue;
    const tag = lengthTag(first.bytes);
    const audio = tag === null ? frames : frames.slice(1);
    const start = tag === null ? first.offset : first.offset + first.bytes.length;
    return { first, tag, start, headers: audio.map(({ header }) => header) };
  }
  return null;
}

/** A tag that states neither frames nor bytes leaves its frame an audio frame, as it does for ffmpeg. */
function lengthTag(frame: Uint8Array): LengthTag | null {
  const xing = readXing(frame);
  if (xing !== null) return xing.frames !== null || xing.bytes !== null ? xing : null;
  const vbri = readVbri(frame);
  return vbri && { ...vbri, delay: null, padding: null };
}
