import { BatonError } from '../errors.ts';
import { readId3 } from '../media/id3.ts';
import type { Tags } from '../media/tags.ts';
import type { Bytes } from '../units.ts';
import { oversizedFrame, withoutFrame } from './id3-gap.ts';
import { tagsEnd } from './tags-end.ts';
import type { SourceMeter } from './reader.ts';
import { MAX_ARTWORK } from './record.ts';
import { type Sample, UNKNOWN_END } from './sample.ts';
import { takeAll } from './take.ts';

const OPENING: Bytes = 48 * 1024;
const LEAST_OPENING: Bytes = 16 * 1024;
/** Some writers leave room for tags, full of zeros, after the tag. */
const MAX_OPENINGS = 6;
const MAX_TAGS_READ: Bytes = MAX_ARTWORK + 64 * 1024;
/** Of a larger tag, behind its artwork. */
const MAX_REST: Bytes = 64 * 1024;

/** What somebody looks for: in `bytes`, which stand at `offset` of the source and may end with it. */
export type LookFor<T> = (bytes: Uint8Array, offset: Bytes, isWhole: boolean) => T | null;

/**
 * What `look` finds behind the ID3v2 tags at the start. Tags of up to 164 kB are read whole; of larger ones only what
 * stands before and behind their artwork.
 *
 * Throws SOURCE_DAMAGED, or SOURCE_NOT_MEDIA where not even a tag is.
 *
 * @param overlap what one look may miss at its end, and the next one sees again
 */
export async function behindTags<T>(
  sample: Sample,
  look: LookFor<T>,
  overlap: Bytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<{ found: T; tags: Tags }> {
  const size = sample.size ?? UNKNOWN_END;
  const { tags, audio, ...window } = await passTags(sample, signal, meter);
  let { bytes, offset } = window;
  let start = audio;
  for (let tries = 0; tries < MAX_OPENINGS && start < size; tries++) {
    const found = look(bytes.subarray(start - offset), start, offset + bytes.length >= size);
    if (found !== null) return { found, tags };
    start = Math.max(start, offset + bytes.length - overlap);
    offset = start;
    bytes = await read(sample, start, start + OPENING, signal, meter);
  }
  throw new BatonError(audio > 0 ? 'SOURCE_DAMAGED' : 'SOURCE_NOT_MEDIA', `no frames up to ${start}`);
}

/** The tags at the start, where they end, and the bytes known from `offset` on. */
interface Passed {
  readonly tags: Tags;
  readonly audio: Bytes;
  readonly bytes: Uint8Array;
  readonly offset: Bytes;
}

async function passTags(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Passed> {
  const { head } = sample;
  const end = tagsEnd(head);
  const readOn = (from: Bytes): Promise<Uint8Array> => read(sample, from, end + OPENING, signal, meter);
  const passed = (bytes: Uint8Array, offset: Bytes, tag: Uint8Array): Passed => {
    const audio = end + tagsEnd(bytes.subarray(end - offset));
    return { bytes, offset, audio, tags: withSmallArtwork(readId3(tag)) };
  };
  const isInHead = end <= head.length - LEAST_OPENING || head.length === sample.size;
  if (isInHead) return passed(head, 0, head);
  if (end <= MAX_TAGS_READ) {
    const bytes = Buffer.concat([head, await readOn(head.length)]);
    return passed(bytes, 0, bytes);
  }
  const gap = oversizedFrame(head);
  if (gap === null || gap.end >= end || end - gap.end > MAX_REST) return passed(await readOn(end), end, head);
  const bytes = await readOn(gap.end);
  return passed(bytes, gap.end, withoutFrame(head, gap, bytes.subarray(0, end - gap.end)));
}

function read(sample: Sample, start: Bytes, end: Bytes, signal: AbortSignal, meter?: SourceMeter): Promise<Uint8Array> {
  const stop = Math.min(end, sample.size ?? UNKNOWN_END);
  if (start >= stop) return Promise.resolve(new Uint8Array());
  return takeAll(sample.read({ start, end: stop }, signal, meter));
}

function withSmallArtwork({ artwork, ...texts }: Tags): Tags {
  return artwork === undefined || artwork.bytes.length > MAX_ARTWORK ? texts : { ...texts, artwork };
}
