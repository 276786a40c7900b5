import type { Bytes, Hertz } from '../units.ts';
import { writeId3 } from './id3-write.ts';
import type { Tags } from './tags.ts';

/** 16-bit PCM and what stands before it. */
export interface WavStream {
  readonly sampleRate: Hertz;
  readonly channels: 1 | 2;
  /** Null where it is not known. */
  readonly dataBytes: Bytes | null;
  readonly tags: Tags;
}

const SAMPLE_BYTES: Bytes = 2;
/** Sizes of 32 bits end here; as a size it also says that the size stands elsewhere, or is not known. */
const UNSIZED = 0xffffffff;

/**
 * Everything of a WAV file that stands before its samples: RIFF, or RF64 (EBU Tech 3306) where 32 bits do not hold its
 * size. Title, artist and album stand there for all, and in an ID3 tag with chapters and artwork for those who read that.
 * The samples have an even number of bytes, so that nothing follows them.
 */
export function writeWavHead({ sampleRate, channels, dataBytes, tags }: WavStream): Uint8Array {
  const frameBytes = SAMPLE_BYTES * channels;
  const format = chunk('fmt ', [
    ...[uint16(1), uint16(channels), uint32(sampleRate), uint32(sampleRate * frameBytes)],
    ...[uint16(frameBytes), uint16(8 * SAMPLE_BYTES)],
  ]);
  const said = Buffer.concat([infoList(tags), id3Chunk(tags)]);
  const short = RIFF_BYTES + format.length + said.length + CHUNK_BYTES;
  if (dataBytes === null) return riff('RIFF', UNSIZED, [format, said], UNSIZED);
  const riffBytes = short - CHUNK_BYTES + dataBytes;
  if (riffBytes < UNSIZED) return riff('RIFF', riffBytes, [format, said], dataBytes);
  const sizes = chunk('ds64', [
    ...[uint64(riffBytes + DS64_BYTES), uint64(dataBytes), uint64(dataBytes / frameBytes)],
    uint32(0), // no table of further sizes
  ]);
  return riff('RF64', UNSIZED, [sizes, format, said], UNSIZED);
}

/** Name, size and `WAVE`; the size counts neither itself nor the name. */
const RIFF_BYTES: Bytes = 12;
const CHUNK_BYTES: Bytes = 8;
const DS64_BYTES: Bytes = CHUNK_BYTES + 28;

const riff = (id: string, bytes: Bytes, chunks: readonly Uint8Array[], dataBytes: Bytes): Uint8Array =>
  Buffer.concat([ascii(id), uint32(bytes), ascii('WAVE'), ...chunks, ascii('data'), uint32(dataBytes)]);

function infoList({ title, artist, album }: Tags): Uint8Array {
  const texts = [
    ...(title ? [infoText('INAM', title)] : []),
    ...(artist ? [infoText('IART', artist)] : []),
    ...(album ? [infoText('IPRD', album)] : []),
  ];
  return texts.length === 0 ? new Uint8Array() : chunk('LIST', [ascii('INFO'), ...texts]);
}

/** In UTF-8, as readers take it; a zero would end the text early. */
const infoText = (id: string, text: string): Uint8Array =>
  chunk(id, [new TextEncoder().encode(`${text.replaceAll('\0', ' ')}\0`)]);

function id3Chunk(tags: Tags): Uint8Array {
  const tag = writeId3(tags);
  return tag.length === 0 ? tag : chunk('id3 ', [tag]);
}

/** Chunks begin at even places. */
function chunk(id: string, parts: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(parts);
  return Buffer.concat([ascii(id), uint32(content.length), content, new Uint8Array(content.length % 2)]);
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const uint16 = (value: number): Uint8Array => Uint8Array.of(value & 255, value >> 8);
const uint32 = (value: number): Uint8Array => Uint8Array.from([0, 8, 16, 24], (shift) => (value >>> shift) & 255);
const uint64 = (value: number): Uint8Array =>
  Buffer.concat([uint32(value % 2 ** 32), uint32(Math.floor(value / 2 ** 32))]);
