import type { Bytes, Hertz, Milliseconds } from '../units.ts';
import { type ChapterMark, chaptersOf } from './chapter-marks.ts';
import { allIn, ebmlElements, ebmlFloat, ebmlText, ebmlUint, firstIn } from './ebml.ts';
import { tagsOfTexts } from './id3-tags.ts';
import { imageType } from './image-type.ts';
import type { Colour } from './avc.ts';
import { ID } from './matroska-ids.ts';
import type { Artwork, Tags } from './tags.ts';

/** What is said of a whole segment (RFC 9559 5.1.2). */
export interface SegmentInfo {
  readonly tickNs: number;
  /** In ticks. */
  readonly duration: number | null;
  readonly title: string | null;
}

/** An audio track (RFC 9559 5.1.4). */
export interface AudioTrack {
  readonly number: number;
  readonly codecId: string;
  readonly codecPrivate: Uint8Array | null;
  readonly codecDelayNs: number | null;
  readonly isDefault: boolean;
  readonly sampleRate: Hertz;
  /** Where the decoder doubles the rate. */
  readonly outputRate: Hertz | null;
  readonly channels: number;
  readonly bits: number;
  readonly prefix: Uint8Array;
  /** Encrypted, or compressed in a way that is not read. */
  readonly isSealed: boolean;
}

/** A track of pictures (RFC 9559 5.1.4.1.28). */
export interface PictureTrack {
  readonly number: number;
  readonly codecId: string;
  readonly codecPrivate: Uint8Array | null;
  /** Null where it is not said. */
  readonly frameNs: number | null;
  readonly width: number;
  readonly height: number;
  /** Width of a pixel to its height. */
  readonly pixelAspect: readonly [number, number];
  /** Clockwise. */
  readonly rollDegrees: number;
  readonly colour: Colour | null;
  readonly prefix: Uint8Array;
  readonly isSealed: boolean;
}

/** Where decoding may begin, as the Cues of a file list it (RFC 9559 5.1.5). */
export interface Cue {
  readonly ticks: number;
  /** From the start of the segment's content on. */
  readonly cluster: Bytes;
}

const VIDEO = 1;
const AUDIO = 2;
/** Display sizes are pixels, or else in proportion. */
const DISPLAY_UNKNOWN = 4;
const UNSPECIFIED = 2;
const FULL_RANGE = 2;
const HEADER_STRIPPING = 3;
/** It is put before every packet: what packets of sound have in common is a few bytes. */
const MAX_PREFIX: Bytes = 64;
const NS_PER_MS = 1e6;
const DEFAULT_TICK_NS = 1e6;
const DEFAULT_RATE: Hertz = 8000;
/** Tags of tracks and chapters have lower ones (RFC 9559 5.1.8.1.1.1). */
const ALBUM_LEVEL = 50;

export function readSegmentInfo(content: Uint8Array): SegmentInfo {
  const scale = firstIn(content, ID.timestampScale);
  const duration = firstIn(content, ID.duration);
  const title = firstIn(content, ID.title);
  return {
    tickNs: positive(scale && ebmlUint(scale)) ?? DEFAULT_TICK_NS,
    duration: positive(duration && ebmlFloat(duration)),
    title: title ? ebmlText(title) : null,
  };
}

/** Zero says nothing. */
const positive = (value: number | undefined): number | null => (value !== undefined && value > 0 ? value : null);

/** The audio tracks in the content of Tracks, and how many tracks there are of any kind. */
export function readTracks(content: Uint8Array): { audio: AudioTrack[]; count: number } {
  const entries = allIn(content, ID.trackEntry);
  const audio = entries.filter((entry) => uint(entry, ID.trackType, 0) === AUDIO).map(readTrack);
  return { audio, count: entries.length };
}

/** The first track of pictures in the content of Tracks, by preference one that is meant to be shown; null without one. */
export function readPictureTrack(content: Uint8Array): PictureTrack | null {
  const entries = allIn(content, ID.trackEntry).filter((entry) => uint(entry, ID.trackType, 0) === VIDEO);
  const entry = entries.find((one) => uint(one, ID.flagDefault, 1) === 1) ?? entries[0];
  if (entry === undefined) return null;
  const video = firstIn(entry, ID.video) ?? new Uint8Array();
  const [width, height] = [uint(video, ID.pixelWidth, 0), uint(video, ID.pixelHeight, 0)];
  const isProportion = uint(video, ID.displayUnit, 0) !== DISPLAY_UNKNOWN;
  const [shownWidth, shownHeight] = [uint(video, ID.displayWidth, width), uint(video, ID.displayHeight, height)];
  const roll = firstIn(firstIn(video, ID.projection) ?? new Uint8Array(), ID.poseRoll);
  return {
    number: uint(entry, ID.trackNumber, 0),
    codecId: ebmlText(firstIn(entry, ID.codecId) ?? new Uint8Array()),
    codecPrivate: firstIn(entry, ID.codecPrivate)?.slice() ?? null,
    frameNs: positive(uint(entry, ID.defaultDuration, 0)),
    width,
    height,
    pixelAspect:
      isProportion && shownWidth > 0 && shownHeight > 0 ? [shownWidth * height, shownHeight * width] : [1, 1],
    rollDegrees: roll ? -ebmlFloat(roll) : 0,
    colour: colourIn(firstIn(video, ID.colour)),
    ...readEncodings(firstIn(entry, ID.contentEncodings)),
  };
}

function colourIn(content: Uint8Array | undefined): Colour | null {
  if (content === undefined) return null;
  return {
    primaries: uint(content, ID.primaries, UNSPECIFIED),
    transfer: uint(content, ID.transferCharacteristics, UNSPECIFIED),
    matrix: uint(content, ID.matrixCoefficients, UNSPECIFIED),
    isFullRange: uint(content, ID.range, 0) === FULL_RANGE,
  };
}

/** The cues of a track in the content of Cues, in order. */
export function readCues(content: Uint8Array, track: number): Cue[] {
  const cues: Cue[] = [];
  for (const point of ebmlElements(content)) {
    if (point.id !== ID.cuePoint) continue;
    const positions = allIn(point.content, ID.cueTrackPositions).find((one) => uint(one, ID.cueTrack, 0) === track);
    const cluster = positions ? uint(positions, ID.cueClusterPosition, -1) : -1;
    if (cluster >= 0) cues.push({ ticks: uint(point.content, ID.cueTime, 0), cluster });
  }
  return cues.toSorted((a, b) => a.ticks - b.ticks);
}

/** Where elements stand that a SeekHead lists: offsets from the start of the segment's content, by id. */
export function readSeekHead(content: Uint8Array): Map<number, Bytes> {
  const entries = allIn(content, ID.seek).map(
    (entry) => [uint(entry, ID.seekId, 0), uint(entry, ID.seekPosition, 0)] as const,
  );
  return new Map(entries);
}

/** The chapters of the first edition. */
export function readMatroskaChapters(content: Uint8Array, durationMs: Milliseconds): Tags['chapters'] {
  const edition = firstIn(content, ID.editionEntry) ?? new Uint8Array();
  const marks = allIn(edition, ID.chapterAtom).map((atom): ChapterMark => {
    const end = firstIn(atom, ID.chapterTimeEnd);
    const display = firstIn(atom, ID.chapterDisplay) ?? new Uint8Array();
    return {
      startMs: Math.round(uint(atom, ID.chapterTimeStart, 0) / NS_PER_MS),
      title: ebmlText(firstIn(display, ID.chapString) ?? new Uint8Array()),
      ...(end && { endMs: ebmlUint(end) / NS_PER_MS }),
    };
  });
  return chaptersOf(marks, durationMs);
}

/** Title, artist and album in the content of Tags, where they are about the whole. */
export function readMatroskaTags(content: Uint8Array): Tags {
  const texts = new Map<string, string>();
  for (const tag of allIn(content, ID.tag)) {
    const targets = firstIn(tag, ID.targets) ?? new Uint8Array();
    if (uint(targets, ID.tagTrackUid, 0) !== 0 || uint(targets, ID.targetTypeValue, ALBUM_LEVEL) < ALBUM_LEVEL)
      continue;
    for (const simple of allIn(tag, ID.simpleTag)) {
      const name = ebmlText(firstIn(simple, ID.tagName) ?? new Uint8Array()).toUpperCase();
      const text = ebmlText(firstIn(simple, ID.tagString) ?? new Uint8Array()).trim();
      if (!texts.has(name)) texts.set(name, text);
    }
  }
  return tagsOfTexts(texts.get('TITLE'), texts.get('ARTIST'), texts.get('ALBUM'));
}

/** The first attached picture. */
export function readAttachedPicture(content: Uint8Array): Artwork | null {
  for (const file of allIn(content, ID.attachedFile)) {
    const bytes = firstIn(file, ID.fileData);
    const mime = bytes && imageType(bytes);
    if (bytes && mime) return { mime, bytes: bytes.slice() };
  }
  return null;
}

function readTrack(entry: Uint8Array): AudioTrack {
  const audio = firstIn(entry, ID.audio) ?? new Uint8Array();
  const delay = firstIn(entry, ID.codecDelay);
  const rate = firstIn(audio, ID.samplingFrequency);
  const output = firstIn(audio, ID.outputSamplingFrequency);
  return {
    number: uint(entry, ID.trackNumber, 0),
    codecId: ebmlText(firstIn(entry, ID.codecId) ?? new Uint8Array()),
    codecPrivate: firstIn(entry, ID.codecPrivate)?.slice() ?? null,
    codecDelayNs: delay ? ebmlUint(delay) : null,
    isDefault: uint(entry, ID.flagDefault, 1) === 1,
    sampleRate: rate ? Math.round(ebmlFloat(rate)) : DEFAULT_RATE,
    outputRate: output ? Math.round(ebmlFloat(output)) : null,
    channels: uint(audio, ID.channels, 1),
    bits: uint(audio, ID.bitDepth, 0),
    ...readEncodings(firstIn(entry, ID.contentEncodings)),
  };
}

function readEncodings(content: Uint8Array | undefined): Pick<AudioTrack, 'prefix' | 'isSealed'> {
  const encodings = content ? allIn(content, ID.contentEncoding) : [];
  const [compression = null] = encodings.map((encoding) => firstIn(encoding, ID.contentCompression) ?? null);
  const settings = compression && firstIn(compression, ID.contentCompSettings);
  const isStripped =
    compression !== null &&
    uint(compression, ID.contentCompAlgo, 0) === HEADER_STRIPPING &&
    (settings?.length ?? 0) <= MAX_PREFIX;
  return {
    prefix: (isStripped ? settings?.slice() : undefined) ?? new Uint8Array(),
    isSealed: encodings.length > (isStripped ? 1 : 0),
  };
}

function uint(parent: Uint8Array, id: number, otherwise: number): number {
  for (const element of ebmlElements(parent)) if (element.id === id) return ebmlUint(element.content);
  return otherwise;
}
