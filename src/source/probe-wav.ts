import { BatonError } from '../errors.ts';
import { readId3 } from '../media/id3.ts';
import type { Tags } from '../media/tags.ts';
import {
  readDs64,
  readRiffChunk,
  readRiffInfo,
  readWaveFormat,
  UNKNOWN_SIZE,
  WAVE,
  type WaveFormat,
} from '../media/wave.ts';
import type { ByteRange, Bytes } from '../units.ts';
import type { PcmCodec } from './codec.ts';
import { capped, type Excerpt, excerpts, MAX_CHUNK, wholeSize } from './excerpt.ts';
import { keptTags, mergedTags } from './kept-tags.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed } from './record.ts';
import { type Sample, TAIL_BYTES } from './sample.ts';

/** What stands in front of the samples. */
interface Opening {
  readonly format: WaveFormat;
  readonly start: Bytes;
  /** What the header says of their length; null when it does not. */
  readonly length: Bytes | null;
  readonly tags: Tags;
}

/** Before the samples; a file with more is none. */
const MAX_CHUNKS = 64;
const NO_TAGS: Tags = { chapters: [] };

/**
 * What a WAV or RF64 is. Its length is what the header says, unless that is nothing, the mark of a stream, or more than
 * there is: then all that follows is sound.
 *
 * Throws SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, and what reading does.
 */
export async function probeWav(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const bytesAt = excerpts(sample, signal, meter);
  const { format, start, length, tags } = await readOpening(bytesAt);
  const codec = codecOf(format);
  const honest = length !== null && (sample.size === null || start + length <= sample.size);
  const end = honest ? start + length : await wholeSize(sample, signal, meter);
  const samples = Math.floor((end - start) / format.blockBytes);
  if (samples === 0) throw new BatonError('SOURCE_NO_AUDIO', 'a WAV without samples');
  const isWanting = tags.title === undefined && sample.tail !== null;
  const more = isWanting ? await readTags(end + (end & 1), bytesAt, sample.size ?? 0) : NO_TAGS;
  return {
    codec,
    decoderConfig: null,
    sampleRate: format.sampleRate,
    channels: format.channels,
    samples,
    skip: 0,
    mp3: null,
    pcm: {
      audio: { start, end: start + samples * format.blockBytes },
      blockBytes: format.blockBytes,
      channelMask: format.channelMask,
    },
    stream: null,
    tags: keptTags(mergedTags(tags, more)),
  };
}

async function readOpening(bytesAt: Excerpt): Promise<Opening> {
  let format: WaveFormat | null = null;
  let longLength: Bytes | null = null;
  let tags = NO_TAGS;
  let at: Bytes = 12;
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const chunk = readRiffChunk(await bytesAt({ start: at, end: at + 8 }));
    if (chunk === null) break;
    const content = { start: at + 8, end: at + 8 + chunk.size };
    if (chunk.id === 'data') {
      if (format === null) break;
      const stated = chunk.size === UNKNOWN_SIZE ? longLength : chunk.size;
      return { format, start: content.start, length: stated === 0 ? null : stated, tags };
    }
    if (chunk.id === 'fmt ') format = readWaveFormat(await bytesAt(capped(content)));
    else if (chunk.id === 'ds64') longLength = readDs64(await bytesAt(capped(content)));
    else tags = mergedTags(tags, await tagsIn(chunk.id, content, bytesAt));
    at = content.end + (chunk.size & 1);
  }
  throw new BatonError('SOURCE_DAMAGED', 'a WAV without format or samples');
}

/** Of chunks behind the samples, as far as they are in the tail that was read. */
async function readTags(from: Bytes, bytesAt: Excerpt, size: Bytes): Promise<Tags> {
  let tags = NO_TAGS;
  for (let at = from; at >= size - TAIL_BYTES && at + 8 <= size;) {
    const chunk = readRiffChunk(await bytesAt({ start: at, end: at + 8 }));
    if (chunk === null) break;
    const content = { start: at + 8, end: at + 8 + chunk.size };
    tags = mergedTags(tags, await tagsIn(chunk.id, content, bytesAt));
    at = content.end + (chunk.size & 1);
  }
  return tags;
}

async function tagsIn(id: string, content: ByteRange, bytesAt: Excerpt): Promise<Tags> {
  if (content.end - content.start > MAX_CHUNK) return NO_TAGS;
  if (id === 'LIST') return readRiffInfo(await bytesAt(content)) ?? NO_TAGS;
  return id.toLowerCase() === 'id3 ' ? readId3(await bytesAt(content)) : NO_TAGS;
}

/** By format tag, then by the bytes of a sample. */
const CODECS: Readonly<Record<number, Readonly<Record<number, PcmCodec>>>> = {
  [WAVE.pcm]: { 1: 'pcm_u8', 2: 'pcm_s16le', 3: 'pcm_s24le', 4: 'pcm_s32le' },
  [WAVE.float]: { 4: 'pcm_f32le', 8: 'pcm_f64le' },
  [WAVE.alaw]: { 1: 'pcm_alaw' },
  [WAVE.mulaw]: { 1: 'pcm_mulaw' },
};

function codecOf({ tag, sampleBytes }: WaveFormat): PcmCodec {
  const codec = CODECS[tag]?.[sampleBytes];
  if (codec === undefined) throw new BatonError('CODEC_UNSUPPORTED', `wave format ${tag}, ${sampleBytes} bytes`);
  return codec;
}
