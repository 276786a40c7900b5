import { BatonError } from '../errors.ts';
import { type FlacInfo, readFlacHeader, readFlacInfo } from '../media/flac.ts';
import { flacDemux, type FlacStart } from '../media/flac-demux.ts';
import { flacHead } from '../media/flac-head.ts';
import { id3Size, readId3, trailingTagBytes } from '../media/id3.ts';
import type { Tags } from '../media/tags.ts';
import { betterPicture, readFlacPicture, readVorbisTags, type TypedPicture } from '../media/vorbis-tags.ts';
import type { Bytes, Samples } from '../units.ts';
import { type Excerpt, excerpts, wholeSize } from './excerpt.ts';
import { keptTags, mergedTags } from './kept-tags.ts';
import type { SourceMeter } from './reader.ts';
import { MAX_ARTWORK, type Probed } from './record.ts';
import { type Sample, TAIL_BYTES, UNKNOWN_END } from './sample.ts';

/** The metadata blocks of a FLAC (RFC 9639 section 8). */
interface Blocks {
  readonly info: FlacInfo;
  readonly infoBytes: Uint8Array;
  readonly comments: Uint8Array | null;
  readonly picture: TypedPicture | null;
  readonly start: Bytes;
}

const BLOCK = { info: 0, comments: 4, picture: 6 } as const;
const MAX_BLOCKS = 128;
const MAX_BLOCK_READ: Bytes = 256 * 1024;
/** How far from the end a frame is looked for. */
const MAX_END_READ: Bytes = 2 ** 20;

/**
 * What a native FLAC is. Its length is where the last frame ends; where that cannot be read, what STREAMINFO says.
 *
 * Throws SOURCE_DAMAGED and what reading does.
 */
export async function probeFlac(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const bytesAt = excerpts(sample, signal, meter);
  const tagBytes = id3Size(sample.head) ?? 0;
  const { info, infoBytes, comments, picture, start } = await readBlocks(tagBytes, bytesAt);
  const first = readFlacHeader(await bytesAt({ start, end: start + 17 }), 0, info);
  if (first === null) throw new BatonError('SOURCE_DAMAGED', 'no FLAC frame behind the metadata');

  const isLengthNeeded = sample.tail !== null || info.samples === null;
  const size = isLengthNeeded ? await wholeSize(sample, signal, meter) : (sample.size ?? UNKNOWN_END);
  const tail = isLengthNeeded ? await bytesAt({ start: Math.max(start, size - TAIL_BYTES), end: size }) : null;
  const end = size - (tail === null ? 0 : trailingTagBytes(tail));
  const place = { start, origin: first.at };
  const counted = isLengthNeeded ? await lastSample(info, place, end, bytesAt) : null;
  const samples = counted ?? info.samples;
  if (samples === null) throw new BatonError('SOURCE_DAMAGED', 'no FLAC frame at the end');
  const durationMs = (samples * 1000) / info.sampleRate;
  const said: Tags = comments === null ? { chapters: [] } : readVorbisTags(comments, durationMs);
  const tags = picture === null ? said : { ...said, artwork: { mime: picture.mime, bytes: picture.bytes } };
  return {
    codec: 'flac',
    decoderConfig: Buffer.from(flacHead(infoBytes, comments)).toString('base64'),
    sampleRate: info.sampleRate,
    channels: info.channels,
    samples,
    skip: 0,
    mp3: null,
    pcm: null,
    stream: { audio: { start, end }, track: 0, origin: first.at, tickSamples: 1, grain: 1 },
    tags: keptTags(mergedTags(tags, tagBytes > 0 ? readId3(sample.head) : { chapters: [] })),
  };
}

async function readBlocks(tagBytes: Bytes, bytesAt: Excerpt): Promise<Blocks> {
  let infoBytes: Uint8Array | null = null;
  let comments: Uint8Array | null = null;
  let picture: TypedPicture | null = null;
  let at = tagBytes + 4;
  for (let count = 0; count < MAX_BLOCKS; count++) {
    const [type, ...length] = await bytesAt({ start: at, end: at + 4 });
    if (type === undefined || length.length < 3) break;
    const size = length.reduce((value, byte) => value * 256 + byte, 0);
    const content = { start: at + 4, end: at + 4 + Math.min(size, MAX_BLOCK_READ) };
    const kind = type & 0x7f;
    if (kind === BLOCK.info) infoBytes = await bytesAt(content);
    if (kind === BLOCK.comments) comments = await bytesAt(content);
    if (kind === BLOCK.picture && size < MAX_ARTWORK + 1000)
      picture = betterPicture(picture, readFlacPicture(await bytesAt(content)));
    at += 4 + size;
    if (type < 0x80) continue;
    const info = infoBytes && readFlacInfo(infoBytes);
    if (infoBytes === null || info === null) break;
    return { info, infoBytes, comments, picture, start: at };
  }
  throw new BatonError('SOURCE_DAMAGED', 'no STREAMINFO');
}

/** Where the last frame before `end` ends. */
async function lastSample(info: FlacInfo, first: FlacStart, end: Bytes, bytesAt: Excerpt): Promise<Samples | null> {
  for (let reach = TAIL_BYTES; ; reach *= 4) {
    const start = Math.max(first.start, end - reach);
    const demuxer = flacDemux(info, first)(start);
    const last = [...demuxer.push(await bytesAt({ start, end })), ...demuxer.end()].at(-1);
    if (last) return last.at + last.samples;
    if (start === first.start || reach >= MAX_END_READ) return null;
  }
}
