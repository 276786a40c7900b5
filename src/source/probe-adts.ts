import { adtsWalker } from '../media/adts.ts';
import { readId3v1, trailingTagBytes } from '../media/id3.ts';
import type { Bytes, Frames } from '../units.ts';
import { adtsCoding } from './adts-coding.ts';
import { type AdtsOpening, findAdtsOpening } from './adts-start.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed } from './record.ts';
import { type Sample, UNKNOWN_END } from './sample.ts';

/**
 * What a bare AAC stream is, from its first bytes and its last ones. Its frames are of any length and nothing counts
 * them, so `samples` is null unless the source was seen whole. A stream that changes its rate or channels is heard as
 * far as it is like its first frame.
 *
 * Throws SOURCE_DAMAGED or SOURCE_NOT_MEDIA when no frames are found, CODEC_UNSUPPORTED for profiles other than LC, and
 * what reading does.
 */
export async function probeAdts(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const { opening, tags } = await findAdtsOpening(sample, signal, meter);
  const { header } = opening[0];
  const { decoderConfig, sbr, sampleRate, channels, frameSamples } = adtsCoding(header, opening);
  const { frames, audio } = await extentOf(sample, opening);
  return {
    codec: 'aac',
    decoderConfig: Buffer.from(decoderConfig).toString('base64'),
    ...{ sampleRate, channels },
    samples: frames === null ? null : frames * frameSamples,
    skip: 0,
    mp3: null,
    pcm: null,
    stream: null,
    adts: { header, sbr, audio, frameSamples },
    tags: tags.title === undefined ? { ...readId3v1((await sample.tail) ?? new Uint8Array()), ...tags } : tags,
  };
}

async function extentOf(
  { head, size, ...sample }: Sample,
  [first]: AdtsOpening,
): Promise<{ frames: Frames | null; audio: { start: Bytes; end: Bytes } }> {
  const start = first.offset;
  const tail = await sample.tail;
  const end = size === null ? UNKNOWN_END : size - (tail === null ? 0 : trailingTagBytes(tail));
  if (size !== head.length) return { frames: null, audio: { start, end: Math.max(start, end) } };
  const walker = adtsWalker(first.header);
  const frames = [...walker.push(head.subarray(start, end)), ...walker.end()];
  const last = frames.at(-1);
  return {
    frames: frames.length,
    audio: { start, end: last === undefined ? start : start + last.offset + last.bytes.length },
  };
}
