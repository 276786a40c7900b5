import type { Hertz, Milliseconds, Samples } from '../units.ts';
import { flacHead } from './flac-head.ts';
import { readFlacInfo } from './flac.ts';
import { preSkipOf, withoutPreSkip } from './opus-pre-skip.ts';
import type { OggOpening } from './ogg-opening.ts';
import type { Tags } from './tags.ts';
import { betterPicture, readFlacPicture, readVorbisTags, type TypedPicture } from './vorbis-tags.ts';
import { laceHeaders, readVorbisInfo } from './vorbis.ts';

/** What the headers of an Ogg stream say. */
export interface OggSound {
  readonly codec: OggOpening['codec'];
  readonly decoderConfig: Uint8Array;
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Decoded samples that are not to be heard. */
  readonly preSkip: Samples;
  readonly tags: (durationMs: Milliseconds) => Tags;
}

const OPUS_RATE: Hertz = 48_000;
const FLAC_INFO_AT = 17;
const BLOCK_HEADER = 4;
const NO_COMMENTS = Uint8Array.of(3, ...new TextEncoder().encode('vorbis'), ...new Uint8Array(8), 1);

/** Reads the headers; null when they say nothing possible. */
export function oggSound({ codec, headers }: Pick<OggOpening, 'codec' | 'headers'>): OggSound | null {
  return { opus: opusSound, vorbis: vorbisSound, flac: flacSound }[codec](headers);
}

/** RFC 7845 section 5. */
function opusSound([head = new Uint8Array(), comments = new Uint8Array()]: readonly Uint8Array[]): OggSound | null {
  const channels = head[9] ?? 0;
  if (head.length < 19 || channels === 0) return null;
  const preSkip = preSkipOf(head);
  const tags = (durationMs: Milliseconds): Tags => readVorbisTags(comments.subarray(8), durationMs);
  return { codec: 'opus', decoderConfig: withoutPreSkip(head), sampleRate: OPUS_RATE, channels, preSkip, tags };
}

/** Comments are of no use to a decoder, and may hold pictures. */
function vorbisSound(headers: readonly Uint8Array[]): OggSound | null {
  const [head = new Uint8Array(), comments = new Uint8Array(), setup = new Uint8Array()] = headers;
  const info = readVorbisInfo(head);
  if (info === null) return null;
  return {
    codec: 'vorbis',
    decoderConfig: laceHeaders([head, NO_COMMENTS, setup]),
    sampleRate: info.sampleRate,
    channels: info.channels,
    preSkip: 0,
    tags: (durationMs) => readVorbisTags(comments.subarray(7), durationMs),
  };
}

/** RFC 9639 10.1: STREAMINFO in the first packet, one metadata block in each of the others. */
function flacSound([head = new Uint8Array(), ...blocks]: readonly Uint8Array[]): OggSound | null {
  const infoBytes = head.subarray(FLAC_INFO_AT);
  const info = readFlacInfo(infoBytes);
  if (info === null) return null;
  const contents = (type: number): Uint8Array[] =>
    blocks.filter(([first = 0]) => (first & 0x7f) === type).map((block) => block.subarray(BLOCK_HEADER));
  const [comments = null] = contents(4);
  const picture = contents(6).reduce<TypedPicture | null>(
    (best, one) => betterPicture(best, readFlacPicture(one)),
    null,
  );
  return {
    codec: 'flac',
    decoderConfig: flacHead(infoBytes, comments),
    sampleRate: info.sampleRate,
    channels: info.channels,
    preSkip: 0,
    tags: (durationMs) => ({
      ...(comments === null ? { chapters: [] } : readVorbisTags(comments, durationMs)),
      ...(picture && { artwork: { mime: picture.mime, bytes: picture.bytes } }),
    }),
  };
}
