import { BatonError } from '../errors.ts';
import { type AiffFormat, readAiffChunk, readAiffFormat, readSoundOffset } from '../media/aiff.ts';
import { chunkText } from '../media/chunk-text.ts';
import { readId3 } from '../media/id3.ts';
import { tagsOfTexts } from '../media/id3-tags.ts';
import type { Tags } from '../media/tags.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { PcmCodec } from './codec.ts';
import { capped, type Excerpt, excerpts, MAX_CHUNK, wholeSize } from './excerpt.ts';
import { keptTags, mergedTags } from './kept-tags.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed } from './record.ts';
import { type Sample, TAIL_BYTES } from './sample.ts';

/** What the chunks of a file say. */
interface Chunks {
  readonly format: AiffFormat;
  readonly start: Bytes;
  /** What the header says of the length of the samples; null when it does not. */
  readonly length: Bytes | null;
  readonly tags: Tags;
}

/** A file with more is none. */
const MAX_CHUNKS = 64;

/**
 * What an AIFF or AIFF-C is. As for ffmpeg its length is that of its sound chunk, not what `COMM` counts; where that is
 * nothing or more than there is, all that follows is sound.
 *
 * Throws SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, and what reading does.
 */
export async function probeAiff(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const { format, start, length, tags } = await readChunks(sample, excerpts(sample, signal, meter));
  const { codec, sampleBytes } = codingOf(format);
  const blockBytes = sampleBytes * format.channels;
  const honest = length !== null && (sample.size === null || start + length <= sample.size);
  const end = honest ? start + length : await wholeSize(sample, signal, meter);
  const samples = Math.floor((end - start) / blockBytes);
  if (samples <= 0) throw new BatonError('SOURCE_NO_AUDIO', 'an AIFF without samples');
  return {
    codec,
    decoderConfig: null,
    sampleRate: format.sampleRate,
    channels: format.channels,
    samples,
    skip: 0,
    mp3: null,
    pcm: { audio: { start, end: start + samples * blockBytes }, blockBytes, channelMask: null },
    stream: null,
    tags: keptTags(tags),
  };
}

/** The chunks may stand in any order. Those behind the sound are read when the format is, or as far as the tail goes. */
async function readChunks({ head, size }: Sample, bytesAt: Excerpt): Promise<Chunks> {
  const isCompressed = head[11] === 0x43; // AIFC
  let format: AiffFormat | null = null;
  let sound: Pick<Chunks, 'start' | 'length'> | null = null;
  let tags: Tags = { chapters: [] };
  let at: Bytes = 12;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    if (format !== null && sound !== null && (size === null || at < size - TAIL_BYTES)) break;
    const chunk = readAiffChunk(await bytesAt({ start: at, end: at + 8 }));
    if (chunk === null) break;
    const content = { start: at + 8, end: at + 8 + chunk.size };
    if (chunk.id === 'COMM') format ??= readAiffFormat(await bytesAt(capped(content)), isCompressed);
    else if (chunk.id === 'SSND') sound ??= await soundIn(content, bytesAt);
    else tags = mergedTags(tags, await tagsIn(chunk.id, content, bytesAt));
    at = content.end + (chunk.size & 1);
  }
  if (format === null || sound === null) throw new BatonError('SOURCE_DAMAGED', 'an AIFF without format or sound');
  return { format, ...sound, tags };
}

async function soundIn({ start, end }: ByteRange, bytesAt: Excerpt): Promise<Pick<Chunks, 'start' | 'length'> | null> {
  const offset = readSoundOffset(await bytesAt({ start, end: start + 8 }));
  if (offset === null) return null;
  const length = end - start - offset;
  return { start: start + offset, length: length > 0 && end - start < UNKNOWN_SIZE ? length : null };
}

/** What writers put there that cannot go back. */
const UNKNOWN_SIZE: Bytes = 0xffff_ffff;

async function tagsIn(id: string, content: ByteRange, bytesAt: Excerpt): Promise<Tags> {
  if (content.end - content.start > MAX_CHUNK) return { chapters: [] };
  if (id.toUpperCase() === 'ID3 ') return readId3(await bytesAt(content));
  if (id === 'NAME') return tagsOfTexts(chunkText(await bytesAt(content)));
  return id === 'AUTH' ? tagsOfTexts(undefined, chunkText(await bytesAt(content))) : { chapters: [] };
}

interface Coding {
  readonly codec: PcmCodec;
  readonly sampleBytes: Bytes;
}

const INTEGERS: readonly Coding[] = [
  { codec: 'pcm_s8', sampleBytes: 1 },
  { codec: 'pcm_s16be', sampleBytes: 2 },
  { codec: 'pcm_s24be', sampleBytes: 3 },
  { codec: 'pcm_s32be', sampleBytes: 4 },
];
const LITTLE_ENDIAN: readonly Coding[] = [
  { codec: 'pcm_s8', sampleBytes: 1 },
  { codec: 'pcm_s16le', sampleBytes: 2 },
  { codec: 'pcm_s24le', sampleBytes: 3 },
  { codec: 'pcm_s32le', sampleBytes: 4 },
];
const OTHERS: Readonly<Record<string, Coding>> = {
  'raw ': { codec: 'pcm_u8', sampleBytes: 1 },
  in24: { codec: 'pcm_s24be', sampleBytes: 3 },
  in32: { codec: 'pcm_s32be', sampleBytes: 4 },
  fl32: { codec: 'pcm_f32be', sampleBytes: 4 },
  fl64: { codec: 'pcm_f64be', sampleBytes: 8 },
  ulaw: { codec: 'pcm_mulaw', sampleBytes: 1 },
  alaw: { codec: 'pcm_alaw', sampleBytes: 1 },
};

/** Samples whose bits do not fill their bytes stand at the upper end of them. */
function codingOf({ compression, sampleBits }: AiffFormat): Coding {
  const bytes = Math.ceil(sampleBits / 8);
  const coding =
    compression === 'NONE' || compression === 'twos'
      ? INTEGERS[bytes - 1]
      : compression === 'sowt'
        ? LITTLE_ENDIAN[bytes - 1]
        : OTHERS[compression.toLowerCase()];
  if (coding === undefined) throw new BatonError('CODEC_UNSUPPORTED', `AIFF-C ${compression}, ${sampleBits} bits`);
  return coding;
}
