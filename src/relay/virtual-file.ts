import { BatonError } from '../errors.ts';
import type { Output } from '../encode/output.ts';
import { formatRendition, parseRendition, type Mp3Rendition, type Rendition } from '../grid/rendition.ts';
import { ENCODER_DELAY, encoderPadding, layTimeline, type Timeline } from '../grid/timeline.ts';
import { writeId3 } from '../media/id3-write.ts';
import { infoFrameBytes, writeInfoFrame, type InfoFrame } from '../media/info-frame.ts';
import { DECODER_DELAY } from '../media/mp3.ts';
import type { Tags } from '../media/tags.ts';
import { shortHash, type Mp3Facts, type Source } from '../source/record.ts';
import type { ByteRange, Bytes } from '../units.ts';

/** A file that is made on demand: its head, then frames that are either encoded or the source's own. */
export interface VirtualFile {
  readonly source: Source;
  /** ID3 tag and Info frame. */
  readonly head: Uint8Array;
  readonly frames: EncodedFrames | RelayedFrames;
  /** Of head and frames; null while the length of the source is not known. */
  readonly size: Bytes | null;
  /** Strong, with quotes; null while the length is not known. */
  readonly etag: string | null;
  /** The same rendition of `source` once its length is known. */
  measuredBy(source: Source): VirtualFile;
}

/** Frames on the grid. */
export interface EncodedFrames {
  readonly kind: 'encoded';
  readonly output: Output;
}

/** Frames of the source as they are. */
export interface RelayedFrames {
  readonly kind: 'relayed';
  /** Of the source. */
  readonly range: ByteRange;
}

// Raised when a change in the head or the grid alters bytes that were promised under an ETag.
const LAYOUT = 'baton-file-1';

/** What a link's options make of a source. Throws OPTIONS_INVALID, and as `virtualFile`. */
export type VirtualFiles = (source: Source, options: string) => VirtualFile;

/** Remembers the files of a source for as long as somebody holds the source: players ask for many ranges of one file. */
export function virtualFiles(engineId: string): VirtualFiles {
  const known = new WeakMap<Source, Map<string, VirtualFile>>();
  return (source, options) => {
    const files = known.get(source) ?? new Map<string, VirtualFile>();
    known.set(source, files);
    const wanted = files.get(options) ?? virtualFile(source, parseRendition(options), engineId);
    files.set(options, wanted);
    return wanted;
  };
}

/**
 * What the bytes of this rendition of this source are, without encoding any of them. MP3 of the asked bitrate is
 * relayed. Throws TRIM_OUT_OF_RANGE, and CODEC_UNSUPPORTED for `codec.copy` of anything but MP3.
 */
function virtualFile(source: Source, rendition: Rendition, engineId: string): VirtualFile {
  const isRelayed = rendition.codec === 'copy' || isRelayable(source, rendition);
  const content = isRelayed ? relayedFile(source) : encodedFile(source, rendition, engineId);
  return { ...content, source, measuredBy: (measured) => virtualFile(measured, rendition, engineId) };
}

function isRelayable({ record }: Source, { kbps, channels, startMs, endMs }: Mp3Rendition): boolean {
  return (
    record.mp3?.cbrKbps === kbps && (channels ?? record.channels) === record.channels && startMs === 0 && endMs === null
  );
}

type Content = Omit<VirtualFile, 'source' | 'measuredBy'>;

/** Exact once the frames are counted: at once for constant bitrate, else when the seek index is complete. */
function relayedFile({ record, contents }: Source): Content {
  const { mp3, tags, version, samples, sampleRate, channels } = record;
  if (mp3 === null) throw new BatonError('CODEC_UNSUPPORTED', `codec.copy of ${record.codec}`);
  const frames: RelayedFrames = { kind: 'relayed', range: mp3.audio };
  const tag = writeId3(tags);
  const isConstant = mp3.cbrKbps !== null;
  const counted = isConstant ? { frames: constantFrames(mp3), toc: undefined } : contents;
  if (counted === undefined) return { head: tag, frames, size: null, etag: null };
  const stream = { version: mp3.version, sampleRate, channels: channels === 1 ? 1 : 2 } as const;
  // As padding the decoder's delay takes nothing off: decoders allow for their own.
  const gapless = mp3.delay === null ? null : { delay: mp3.delay, padding: mp3.padding ?? DECODER_DELAY };
  const bytes = mp3.audio.end - mp3.audio.start;
  const info = { ...stream, ...counted, kind: isConstant ? 'Info' : 'Xing', gapless } as const;
  const head = Buffer.concat([tag, infoFrameFor(info, bytes)]);
  return { head, frames, size: head.length + bytes, etag: etagOf(version, samples, 'copy') };
}

const constantFrames = ({ audio, cbrFrameBytes }: Mp3Facts): number =>
  Math.round((audio.end - audio.start) / (cbrFrameBytes ?? NaN));

function encodedFile(source: Source, rendition: Mp3Rendition, engineId: string): Content {
  const timeline = layTimeline(rendition, source.record);
  const key = `chunk/${engineId}/${hash(LAYOUT, source.record.version, formatRendition(rendition))}`;
  const frames: EncodedFrames = { kind: 'encoded', output: { source, timeline, key } };
  const head = Buffer.concat([writeId3(trimmedTags(source.record.tags, rendition)), infoFrame(timeline)]);
  if (timeline.frames === null) return { head, frames, size: null, etag: null };
  const size = head.length + timeline.frames * timeline.frameBytes;
  return {
    head,
    frames,
    size,
    etag: etagOf(source.record.version, timeline.samples, formatRendition(rendition), engineId),
  };
}

/** Without a known length there is nothing to state, and the file begins with its frames. */
function infoFrame({ sampleRate, channels, frames, frameBytes, frameSamples, samples }: Timeline): Uint8Array {
  if (frames === null || samples === null) return new Uint8Array();
  const version = sampleRate === 48_000 ? 1 : 2;
  const gapless = { delay: ENCODER_DELAY, padding: encoderPadding(frames, frameSamples, samples) };
  return infoFrameFor({ kind: 'Info', version, sampleRate, channels, frames, gapless }, frames * frameBytes);
}

/** The Info frame of `audioBytes` of frames; its own bytes count, too. */
function infoFrameFor(info: Omit<InfoFrame, 'bytes'>, audioBytes: Bytes): Uint8Array {
  return writeInfoFrame({ ...info, bytes: infoFrameBytes(info) + audioBytes });
}

/** Chapters on the output's own timeline. */
function trimmedTags(tags: Tags, { startMs, endMs }: Mp3Rendition): Tags {
  const clip = (ms: number): number => Math.max(0, Math.min(ms, endMs ?? Infinity) - startMs);
  const chapters = tags.chapters
    .map((chapter) => ({ ...chapter, startMs: clip(chapter.startMs), endMs: clip(chapter.endMs) }))
    .filter((chapter) => chapter.endMs > chapter.startMs);
  return { ...tags, chapters };
}

const etagOf = (...parts: readonly unknown[]): string => `"${hash(LAYOUT, ...parts)}"`;

const hash = (...parts: readonly unknown[]): string => shortHash(JSON.stringify(parts));
