import { FLAC_INFO_BYTES, readFlacInfo } from './flac.ts';
import { mixableSpeakers } from './speakers.ts';
import { vorbisComment } from './vorbis-tags.ts';

const MASK_COMMENT = 'WAVEFORMATEXTENSIBLE_CHANNEL_MASK';
const LAST_BLOCK = 0x80;
const COMMENTS = 4;

/**
 * What a decoder has to know of a FLAC: its STREAMINFO (the content of the block), and what speakers the channels are for
 * where the comments say that (RFC 9639 8.6.2) and it makes sense.
 */
export function flacHead(info: Uint8Array, comments: Uint8Array | null): Uint8Array {
  const said = Number((comments && vorbisComment(comments, MASK_COMMENT)) ?? NaN);
  const mask = mixableSpeakers(said >>> 0, readFlacInfo(info)?.channels ?? 0);
  const block = mask === null ? [] : commentBlock(`${MASK_COMMENT}=0x${mask.toString(16)}`);
  const isLast = block.length === 0 ? LAST_BLOCK : 0;
  const known = info.subarray(0, FLAC_INFO_BYTES);
  return Uint8Array.of(...ASCII.encode('fLaC'), isLast, 0, 0, known.length, ...known, ...block);
}

/** One comment, and no vendor. */
function commentBlock(text: string): number[] {
  const comment = [...ASCII.encode(text)];
  const content = [0, 0, 0, 0, 1, 0, 0, 0, comment.length, 0, 0, 0, ...comment];
  return [LAST_BLOCK | COMMENTS, 0, 0, content.length, ...content];
}

const ASCII = new TextEncoder();
