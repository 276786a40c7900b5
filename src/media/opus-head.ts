import type { Samples } from '../units.ts';
import { packetPages } from './ogg-packet.ts';
import type { Tags } from './tags.ts';
import { writeVorbisComment } from './vorbis-comment.ts';

/** What the header of an Ogg Opus stream states. */
export interface OpusStream {
  readonly channels: 1 | 2;
  /** Samples at 48 kHz that a decoder drops in front. */
  readonly preSkip: Samples;
  readonly tags: Tags;
  readonly serial: number;
}

/** The pages in front of the audio: OpusHead, then OpusTags (RFC 7845 section 5). */
export function opusHeaderPages({ channels, preSkip, tags, serial }: OpusStream): readonly Uint8Array[] {
  const opusTags = Buffer.concat([MAGIC_TAGS, writeVorbisComment(tags)]);
  return [...packetPages(opusHead(channels, preSkip), serial, 0), ...packetPages(opusTags, serial, 1)];
}

/** Mono or stereo without a mapping table, at the gain of the source. */
export function opusHead(channels: 1 | 2, preSkip: Samples): Uint8Array {
  const head = new Uint8Array(19);
  const view = new DataView(head.buffer);
  head.set(MAGIC_HEAD);
  head[8] = 1;
  head[9] = channels;
  view.setUint16(10, preSkip, true);
  view.setUint32(12, 48_000, true);
  return head;
}

const MAGIC_HEAD = new TextEncoder().encode('OpusHead');
const MAGIC_TAGS = new TextEncoder().encode('OpusTags');
