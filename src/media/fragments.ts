import type { Bytes, Hertz, Seconds } from '../units.ts';
import { boxAt, boxesIn, fourCharacters, int32, uint32, uint64 } from './box-read.ts';

/** What of a track's initialization section its fragments are read with. */
export interface FragmentClock {
  readonly id: number;
  /** Ticks of its time stamps in a second. */
  readonly timescale: Hertz;
  /** What a fragment need not say of its samples. */
  readonly defaults: FragmentDefaults;
}

/** As in a `trex` (ISO/IEC 14496-12 8.8.3). */
export interface FragmentDefaults {
  readonly duration: number;
  readonly size: number;
  readonly flags: number;
}

/** A sample of a track, which is a coded packet. */
export interface FragmentSample {
  readonly bytes: Uint8Array;
  /** Decoding time. */
  readonly at: Seconds;
  /** As the fragment says. */
  readonly duration: Seconds;
  /** From when it is decoded to when it is presented. */
  readonly shift: Seconds;
  /** Whether decoding may begin with it. */
  readonly isSync: boolean;
}

/** More in one segment are a mistake. */
const MOST_SAMPLES = 100_000;

/** What may still be taken of a segment. */
interface Budget {
  samples: number;
  bytes: Bytes;
}

/**
 * The samples of `track` in a segment of fragmented MP4 (ISO/IEC 14496-12 8.8), which may be several fragments. What lies
 * outside the segment is left out; where it is the beginning of one (`isCut`), so is the rest of the sample it ends in.
 * Samples may lie in the same bytes: together they are no longer than the segment, and what is beyond is left out, too.
 */
export function readFragments(segment: Uint8Array, track: FragmentClock, isCut = false): FragmentSample[] {
  const samples: FragmentSample[] = [];
  const budget: Budget = { samples: MOST_SAMPLES, bytes: segment.length };
  for (const { type, content, start } of boxesIn(segment)) {
    if (type !== 'moof') continue;
    for (const { type: inner, content: traf } of boxesIn(content))
      if (inner === 'traf')
        for (const sample of samplesOf(traf, start, segment, track, budget, isCut)) samples.push(sample);
  }
  return samples;
}

/** sample_is_non_sync_sample (8.8.3.1). */
const NOT_SYNC = 0x10000;

/** Whether these bytes begin a segment of fragmented MP4. */
export const isFragment = (bytes: Uint8Array): boolean => STARTS.has(fourCharacters(bytes, 4));

const STARTS: ReadonlySet<string> = new Set(['styp', 'ftyp', 'moof', 'moov', 'sidx', 'emsg', 'prft', 'free', 'skip']);

function* samplesOf(
  traf: Uint8Array,
  moofStart: Bytes,
  segment: Uint8Array,
  track: FragmentClock,
  budget: Budget,
  isCut: boolean,
): Generator<FragmentSample, void> {
  // A base in the file counts for nothing where each segment is one.
  for (const { offset, size, ticks, duration, shift, isSync } of entriesOf(traf, moofStart, track, 0, false)) {
    if (offset < 0 || size === 0) break;
    if ((isCut ? offset : offset + size - 1) >= segment.length) break;
    const own = segment.subarray(offset, offset + size);
    if (--budget.samples < 0 || (budget.bytes -= own.length) < 0) break;
    const bytes = new Uint8Array(own); // without the rest of the segment
    const [at, lasting] = [ticks / track.timescale, duration / track.timescale];
    yield { bytes, at, duration: lasting, shift: shift / track.timescale, isSync };
  }
}

/** Where a sample stands, and when it is due, in ticks of its track. */
export interface FragmentEntry {
  readonly offset: Bytes;
  readonly size: Bytes;
  /** Decoding time. */
  readonly ticks: number;
  readonly duration: number;
  /** From when it is decoded to when it is presented. */
  readonly shift: number;
  readonly isSync: boolean;
}

/**
 * The samples of `track` that a `traf` of the `moof` at `moofStart` lists; nothing where it is of another track. Where it does
 * not say when they begin, that is at `from`. `hasBase`: a place that it states in the file counts.
 */
export function* entriesOf(
  traf: Uint8Array,
  moofStart: Bytes,
  track: FragmentClock,
  from: number,
  hasBase: boolean,
): Generator<FragmentEntry, void> {
  const header = boxAt(traf, 'tfhd');
  if (header === null || uint32(header, 4) !== track.id) return;
  const stated = readHeader(header);
  const time = boxAt(traf, 'tfdt');
  const base = hasBase && (uint32(header, 0) & 0x1) !== 0 ? uint64(header, 8) : moofStart;
  let ticks = time === null ? from : time[0] === 1 ? uint64(time, 4) : uint32(time, 4);
  let offset = base;
  for (const { type, content: run } of boxesIn(traf)) {
    if (type !== 'trun') continue;
    const flags = uint32(run, 0);
    const count = uint32(run, 4);
    let field = 8;
    const next = (): number => uint32(run, (field += 4) - 4);
    if ((flags & 0x1) !== 0) {
      offset = base + int32(run, field);
      field += 4;
    }
    const firstFlags = (flags & 0x4) !== 0 ? next() : null;
    const fields = [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length;
    for (let index = 0; index < count && field + 4 * fields <= run.length; index++) {
      const duration = (flags & 0x100) !== 0 ? next() : (stated.duration ?? track.defaults.duration);
      const size = (flags & 0x200) !== 0 ? next() : (stated.size ?? track.defaults.size);
      const own = (flags & 0x400) !== 0 ? next() : (stated.flags ?? track.defaults.flags);
      const isSync = ((index === 0 ? (firstFlags ?? own) : own) & NOT_SYNC) === 0;
      // Version 0 has unsigned ones, in which many a writer puts negative ones.
      const shift = (flags & 0x800) !== 0 ? next() | 0 : 0;
      yield { offset, size, ticks, duration, shift, isSync };
      offset += size;
      ticks += duration;
    }
  }
}

/** What a fragment says of all of its samples (8.8.7). */
function readHeader(header: Uint8Array): Partial<FragmentDefaults> {
  const flags = uint32(header, 0);
  let at = 8 + (flags & 0x1 ? 8 : 0) + (flags & 0x2 ? 4 : 0);
  const field = (flag: number): number | undefined => {
    if ((flags & flag) === 0) return undefined;
    at += 4;
    return uint32(header, at - 4);
  };
  const duration = field(0x8);
  const size = field(0x10);
  const sample = field(0x20);
  return {
    ...(duration !== undefined && { duration }),
    ...(size !== undefined && { size }),
    ...(sample !== undefined && { flags: sample }),
  };
}
