import { BatonError } from '../errors.ts';
import type { Rotation } from '../media/fmp4-video.ts';
import { box } from '../media/fmp4-box.ts';
import { readPictureInit } from '../media/fragment-init.ts';
import { readSampleEntry, type PictureCoding } from '../media/picture-entry.ts';
import { childBoxes, childOf, uint32 } from '../source/movie-boxes.ts';
import type { Seconds } from '../units.ts';
import { fragmentIn, readFragmentTable, type FragmentTable } from './fragment-table.ts';
import { readSampleTable, type SampleTable } from './sample-table.ts';

/** The picture track of a movie. */
export interface MovieIndex {
  readonly coding: PictureCoding;
  readonly rotation: Rotation;
  readonly timescale: number;
  /** The composition time of what is shown at 0 of the movie, in ticks; negative where pictures begin later. */
  readonly mediaTime: number;
  /** Where the edit list ends them, on the movie's clock; infinite where it does not. */
  readonly statedEnd: Seconds;
  readonly table: SampleTable;
}

const HANDLERS = { pictures: 'vide', sound: 'soun' } as const;

/**
 * The content of a movie box cut down to what the pictures take (ISO/IEC 14496-12 8.2): its header and the first track of
 * them. Null where there is none.
 */
export function picturesOf(moov: Uint8Array): Uint8Array | null {
  const header = childOf(moov, 'mvhd');
  const track = trackOf(moov, HANDLERS.pictures);
  return header && track ? Buffer.concat([box('mvhd', header), box('trak', track)]) : null;
}

/** Whether samples come in fragments, and not in the movie box itself. */
export function isFragmented(moov: Uint8Array): boolean {
  const stbl = childOf(childOf(childOf(trackOf(moov, HANDLERS.pictures), 'mdia'), 'minf'), 'stbl');
  const sizes = childOf(stbl, 'stsz') ?? childOf(stbl, 'stz2');
  return childOf(moov, 'mvex') !== undefined && (sizes === undefined || uint32(sizes, 8) === 0);
}

/** When the first packet of the sound is due, on the movie's clock; 0 where there is no sound. */
export function soundStart(moov: Uint8Array): Seconds {
  const track = trackOf(moov, HANDLERS.sound);
  if (track === undefined) return 0;
  const { timescale, mediaTime } = clockOf(track, moov);
  const ctts = childOf(childOf(childOf(childOf(track, 'mdia'), 'minf'), 'stbl'), 'ctts');
  return ((ctts && ctts.length >= 16 ? uint32(ctts, 12) | 0 : 0) - mediaTime) / timescale;
}

/** Reads what `picturesOf` gave. Throws SOURCE_DAMAGED, VIDEO_UNSUPPORTED. */
export function readMovieIndex(pictures: Uint8Array): MovieIndex {
  const track = trackOf(pictures, HANDLERS.pictures);
  const stbl = childOf(childOf(childOf(track, 'mdia'), 'minf'), 'stbl');
  if (track === undefined || stbl === undefined) throw new BatonError('SOURCE_DAMAGED', 'no samples of pictures');
  const clock = clockOf(track, pictures);
  const { base, table } = fragmentTableIn(pictures) ?? { base: 0, table: readSampleTable(stbl) };
  return {
    ...{ ...clock, mediaTime: clock.mediaTime - base, table },
    coding: readSampleEntry(childOf(stbl, 'stsd') ?? null),
    rotation: rotationOf(childOf(track, 'tkhd')),
  };
}

/** Null where samples do not come in fragments. */
function fragmentTableIn(pictures: Uint8Array): FragmentTable | null {
  const kept = [...childBoxes(pictures)];
  const head = kept.filter(({ type }) => HEAD.has(type)).map(({ type, bytes }) => box(type, bytes));
  if (!kept.some(({ type }) => type === 'mvex')) return null;
  const track = readPictureInit(box('moov', ...head));
  if (track === null) throw new BatonError('SOURCE_DAMAGED', 'a track that is not described');
  const fragments = kept.filter(({ type }) => type === 'frg0').map(({ bytes }) => fragmentIn(bytes));
  return readFragmentTable(fragments, track);
}

const HEAD: ReadonlySet<string> = new Set(['mvhd', 'trak', 'mvex']);

function trackOf(moov: Uint8Array, handler: string): Uint8Array | undefined {
  const isOf = (track: Uint8Array): boolean => {
    const hdlr = childOf(childOf(track, 'mdia'), 'hdlr');
    return Buffer.from(hdlr?.subarray(8, 12) ?? []).toString('latin1') === handler;
  };
  for (const { type, bytes } of childBoxes(moov)) if (type === 'trak' && isOf(bytes)) return bytes;
  return undefined;
}

function clockOf(track: Uint8Array, moov: Uint8Array): Pick<MovieIndex, 'timescale' | 'mediaTime' | 'statedEnd'> {
  const timescale = timescaleOf(childOf(childOf(track, 'mdia'), 'mdhd'));
  const movieScale = timescaleOf(childOf(moov, 'mvhd'));
  if (timescale === 0 || movieScale === 0) throw new BatonError('SOURCE_DAMAGED', 'a clock that stands still');
  const edits = editsOf(childOf(childOf(track, 'edts'), 'elst'));
  const first = edits.findIndex(({ mediaTime }) => mediaTime >= 0);
  const edit = edits[first];
  if (edit === undefined) return { timescale, mediaTime: 0, statedEnd: Infinity };
  const delay = edits.slice(0, first).reduce((sum, { duration }) => sum + duration, 0) / movieScale;
  const isAll = edits.length > first + 1 || edit.duration === 0;
  return {
    timescale,
    mediaTime: edit.mediaTime - Math.round(delay * timescale),
    statedEnd: isAll ? Infinity : delay + edit.duration / movieScale,
  };
}

/** Of `mvhd` and `mdhd`. */
const timescaleOf = (header: Uint8Array | undefined): number =>
  header === undefined ? 0 : uint32(header, header[0] === 1 ? 20 : 12);

/** Edits of 8.6.6: durations of the movie's clock, times of the track's; -1 shows nothing. */
function editsOf(list: Uint8Array | undefined): readonly { duration: number; mediaTime: number }[] {
  if (list === undefined) return [];
  const isLong = list[0] === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = Math.min(uint32(list, 4), Math.floor((list.length - 8) / entryBytes), MOST_EDITS);
  return Array.from({ length: count }, (_, index) => {
    const at = 8 + index * entryBytes;
    if (!isLong) return { duration: uint32(list, at), mediaTime: uint32(list, at + 4) | 0 };
    const mediaTime = (uint32(list, at + 8) | 0) * 2 ** 32 + uint32(list, at + 12);
    return { duration: uint32(list, at) * 2 ** 32 + uint32(list, at + 4), mediaTime };
  });
}

const MOST_EDITS = 1024;

/** From the first column of the matrix: which way the picture's right side points. */
function rotationOf(tkhd: Uint8Array | undefined): Rotation {
  if (tkhd === undefined) return 0;
  const at = tkhd[0] === 1 ? 52 : 40;
  const [a, b] = [uint32(tkhd, at) | 0, uint32(tkhd, at + 4) | 0];
  if (Math.abs(a) >= Math.abs(b)) return a < 0 ? 180 : 0;
  return b > 0 ? 90 : 270;
}
