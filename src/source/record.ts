import { createHash } from 'node:crypto';
import type { AdtsHeader } from '../media/adts.ts';
import type { Mp3Header } from '../media/mp3.ts';
import type { Artwork, Tags } from '../media/tags.ts';
import type { ByteRange, Bytes, Frames, Hertz, Kbps, Samples } from '../units.ts';
import type { Codec } from './codec.ts';
import type { Pin } from './pin.ts';

/** What is known of one version of a source. A function of its bytes and validators alone, and never changed. */
export interface ProbeRecord {
  readonly version: string;
  /** Null when the origin does not say. */
  readonly size: Bytes | null;
  readonly headHash: string;
  /** Null when the end cannot be read first: no byte ranges, or no size. */
  readonly tailHash: string | null;
  /** Strong ETag, or a Last-Modified that can be relied on. */
  readonly validator: string | null;
  readonly container: 'mp3' | 'mp4' | 'matroska' | 'ogg' | 'flac' | 'wav' | 'adts' | 'aiff' | 'hls';
  readonly codec: Codec;
  /** Base64 of what the decoder has to know before: see `PacketRun`. */
  readonly decoderConfig: string | null;
  /** Rate and channels of the decoder's output. */
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Promised length of the presentation; null until the seek index is complete. */
  readonly samples: Samples | null;
  /** Decoded samples before presentation sample 0. */
  readonly skip: Samples;
  readonly mp3: Mp3Facts | null;
  /** Of WAV and AIFF. */
  readonly pcm: PcmFacts | null;
  /** Of Ogg, FLAC and Matroska. */
  readonly stream: StreamFacts | null;
  /** Of ADTS alone. */
  readonly adts?: AdtsFacts;
  /** Of a playlist of HLS alone. */
  readonly hls?: HlsFacts;
  readonly tags: Tags;
  /** It has pictures perhaps, but no sound that could be played: what stands above says nothing. */
  readonly isSilent?: true;
}

/** Where samples stand that are not coded at all. */
export interface PcmFacts {
  readonly audio: ByteRange;
  /** One sample of every channel. */
  readonly blockBytes: Bytes;
  /** Which speakers the channels are for, as in WAVE_FORMAT_EXTENSIBLE; null where the file does not say. */
  readonly channelMask: number | null;
}

/** Where the packets of a track stand that are found by bisection. */
export interface StreamFacts {
  /** From where its packets begin to where none follows. */
  readonly audio: ByteRange;
  /** Serial number in Ogg (RFC 3533), track number in Matroska; FLAC has none. */
  readonly track: number;
  /** What the container's clock says at the first packet: samples, in Matroska its ticks. */
  readonly origin: number;
  /** Of Matroska: samples in a tick of its clock, and what positions are a multiple of. */
  readonly tickSamples: number;
  readonly grain: Samples;
  /** Base64 of what Matroska stripped from the front of all packets; left away when that is nothing. */
  readonly prefix?: string;
}

/** What is known of the frames of an MP3. */
export interface Mp3Facts extends Pick<Mp3Header, 'version' | 'channelMode' | 'frameSamples'> {
  /** From the first audio frame (a Xing, Info or VBRI frame is none) to the end of the last; `end` may lie too far. */
  readonly audio: ByteRange;
  /** Set when every frame has this rate. */
  readonly cbrKbps: Kbps | null;
  /** Then: how long a frame is on average. */
  readonly cbrFrameBytes: Bytes | null;
  /** From the tag of the encoder; `padding` only where the tag's frame count was verified. */
  readonly delay: Samples | null;
  readonly padding: Samples | null;
  /** What the tag states where that could not be verified; it holds if the index counts as many frames. */
  readonly claim: { readonly frames: Frames; readonly padding: Samples } | null;
}

/** What a probe finds out about the sound. */
export type Probed = Omit<ProbeRecord, 'version' | 'size' | 'headHash' | 'tailHash' | 'validator' | 'container'>;

/** What is known of the frames of an ADTS stream. */
export interface AdtsFacts {
  /** Of the first frame, by which the others are told. */
  readonly header: AdtsHeader;
  /** Spectral band replication: the decoder puts out twice the rate. */
  readonly sbr: boolean;
  /** From the first frame to the end of the last; `end` may lie too far. */
  readonly audio: ByteRange;
  /** Of the decoder's output. */
  readonly frameSamples: Samples;
}

/** What is known of the segments of a playlist. */
export interface HlsFacts {
  /** Tells this version of the playlist from others: see `shapeOf`. */
  readonly shape: string;
  /** What the headers of its frames have in common; segments with others are for another decoder. */
  readonly core: string;
  /** Decoded samples of most packets. */
  readonly frameSamples: Samples;
  /** Base64 of a packet without any sound; null where there is none. */
  readonly silence: string | null;
}

/** A source as it is at present: what the rest of Baton passes around. */
export interface Source {
  readonly url: string;
  readonly record: ProbeRecord;
  readonly pin: Pin;
  /** Of an MP3 whose seek index is complete. */
  readonly contents?: Contents;
}

/** What a Xing frame states of the frames that follow it. */
export interface Contents {
  readonly frames: Frames;
  /** For each percent of the playing time the place among the frames' bytes, in 256ths. */
  readonly toc: Uint8Array;
}

/** Largest artwork that is kept. */
export const MAX_ARTWORK: Bytes = 100_000;

// A change in what a record holds gets a new number, so that old records are not taken for new ones.
const FORMAT = 'baton-probe-4';

/** Names a version of a source: the same wherever and whenever the same thing is seen. */
export function versionOf(
  url: string,
  seen: Pick<ProbeRecord, 'size' | 'headHash' | 'tailHash' | 'validator'>,
): string {
  return shortHash(JSON.stringify([FORMAT, url, seen.size, seen.validator, seen.headHash, seen.tailHash]));
}

/** 128 bits of SHA-256, as 32 hexadecimal digits. */
export const shortHash = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex').slice(0, 32);

/** Store keys of what is kept of a version. */
export const probeKey = (version: string): string => `probe/${version}`;
export const indexKey = (version: string): string => `index/${version}`;

/** The record as JSON, the artwork in base64. */
export function encodeRecord(record: ProbeRecord): Uint8Array {
  const { artwork } = record.tags;
  const stored = artwork && { mime: artwork.mime, base64: Buffer.from(artwork.bytes).toString('base64') };
  return Buffer.from(JSON.stringify({ ...record, tags: { ...record.tags, artwork: stored } }));
}

/** The record in `bytes`, or null when they hold none. */
export function decodeRecord(bytes: Uint8Array): ProbeRecord | null {
  try {
    const { tags, ...record } = JSON.parse(Buffer.from(bytes).toString()) as StoredRecord;
    const { artwork, ...texts } = tags;
    const bare: ProbeRecord = { ...record, tags: texts };
    if (artwork === undefined) return bare;
    const picture: Artwork = { mime: artwork.mime, bytes: Buffer.from(artwork.base64, 'base64') };
    return { ...bare, tags: { ...texts, artwork: picture } };
  } catch {
    return null;
  }
}

type StoredRecord = Omit<ProbeRecord, 'tags'> & {
  readonly tags: Omit<Tags, 'artwork'> & {
    readonly artwork?: { readonly mime: Artwork['mime']; readonly base64: string };
  };
};

/** Presentation samples that the source has for certain: all, or as many as its size holds at the highest bitrate. */
export function leastSamples({ samples, mp3, adts, size, sampleRate, channels, skip }: ProbeRecord): Samples {
  if (samples !== null) return samples;
  if (size === null) return 0;
  if (adts !== undefined) return Math.floor(lengthOf(adts.audio) / longestFrame(adts, channels)) * adts.frameSamples;
  if (mp3 === null) return 0;
  const maxKbps = mp3.version === 1 ? 320 : 160;
  const maxFrame = Math.floor((mp3.frameSamples * 125 * maxKbps) / sampleRate) + 1;
  const frames = Math.floor(lengthOf(mp3.audio) / maxFrame);
  return Math.max(0, frames * mp3.frameSamples - skip);
}

const lengthOf = ({ start, end }: ByteRange): Bytes => end - start;

/** 6144 bits a channel and block (ISO/IEC 13818-7 3.2.2). */
const longestFrame = ({ header }: AdtsFacts, channels: number): Bytes =>
  header.headerBytes + 768 * channels * header.blocks;

/** How long a source is that only a complete index tells: samples in a frame, and what may be taken off in the end. */
export interface Counting {
  readonly frameSamples: Samples;
  readonly mostTrimmed: Samples;
}

/** Null where the probe tells the length, or the container has an index of its own. */
export function countingOf({ mp3, adts, hls, skip, isSilent }: ProbeRecord): Counting | null {
  if (isSilent === true) return null;
  if (hls !== undefined) return { frameSamples: hls.frameSamples, mostTrimmed: skip };
  if (adts !== undefined) return { frameSamples: adts.frameSamples, mostTrimmed: 0 };
  return mp3?.cbrKbps === null ? { frameSamples: mp3.frameSamples, mostTrimmed: skip + MAX_PADDING } : null;
}

/** The most that a tag can take off at the end of an MP3: 12 bits. */
const MAX_PADDING: Samples = 4095;
