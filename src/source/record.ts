import { createHash } from 'node:crypto';
import type { Mp3Header } from '../media/mp3.ts';
import type { Artwork, Tags } from '../media/tags.ts';
import type { ByteRange, Bytes, Frames, Hertz, Kbps, Samples } from '../units.ts';
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
  readonly container: 'mp3' | 'mp4';
  readonly codec: 'mp3' | 'aac';
  /** Base64 of the AudioSpecificConfig (ISO/IEC 14496-3 1.6); null for MP3. */
  readonly decoderConfig: string | null;
  /** Rate and channels of the decoder's output. */
  readonly sampleRate: Hertz;
  readonly channels: number;
  /** Promised length of the presentation; null until the seek index is complete. */
  readonly samples: Samples | null;
  /** Decoded samples before presentation sample 0. */
  readonly skip: Samples;
  readonly mp3: Mp3Facts | null;
  readonly tags: Tags;
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
const FORMAT = 'baton-probe-1';

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
export function leastSamples({ samples, mp3, size, sampleRate, skip }: ProbeRecord): Samples {
  if (samples !== null) return samples;
  if (mp3 === null || size === null) return 0;
  const maxKbps = mp3.version === 1 ? 320 : 160;
  const maxFrame = Math.floor((mp3.frameSamples * 125 * maxKbps) / sampleRate) + 1;
  const frames = Math.floor((mp3.audio.end - mp3.audio.start) / maxFrame);
  return Math.max(0, frames * mp3.frameSamples - skip);
}
