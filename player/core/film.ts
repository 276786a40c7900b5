import type { Fragment } from './fragment.ts';
import type { Init } from './init.ts';

/** Reads the boxes of a framed stream with a picture: each fragment is of one track. */
export interface FilmReader {
  init(moov: Uint8Array<ArrayBuffer>): Init;
  /** Throws a RangeError for what is none. */
  fragment(moof: Uint8Array<ArrayBuffer>, mdat: Uint8Array<ArrayBuffer>): Fragment;
}

/** How far each track has been taken, and under 0 how far all of them have; over all legs of a film. */
export type FilmMemory = Map<number, number>;

/** What has to be known of a track. */
interface Track {
  readonly timescale: number;
  /** Where the presentation begins in it, by its edit list; in its own ticks. */
  readonly begin: number;
  readonly isPicture: boolean;
  /** Of a sample whose fragment does not say. */
  sampleTicks: number;
}

/** Of what a chain counts with: a second of every framed stream. */
const TIMESCALE = 48_000;
/** Twice of what one track may begin behind the end of another. In ticks. */
const UNEVEN = 0.4 * TIMESCALE;

/**
 * A reader at the start of a leg. Fragments stay whole: of the sound those that have been taken are dropped, of the pictures
 * none, for a leg begins with one that stands for itself, and those behind it need it; what is taken twice changes
 * nothing. Loaded with the first film, and a script by itself.
 */
export function createFilmReader(memory: FilmMemory): FilmReader {
  const tracks = new Map<number, Track>();

  function after(id: number, start: number, end: number, from: number): number | null {
    if (memory.get(ALL) !== from) memory.clear();
    const taken = memory.get(id) ?? 0;
    if (end <= taken + ROUNDING && tracks.get(id)?.isPicture !== true) return null;
    memory.set(id, Math.max(taken, end));
    for (const other of tracks.keys()) if (!memory.has(other)) memory.set(other, Math.min(start, end));
    memory.delete(ALL);
    const all = Math.min(...memory.values());
    memory.set(ALL, all);
    return all;
  }

  return {
    init(moov) {
      const top = children(moov, 8, moov.length);
      const traks = top.filter(({ type }) => type === 'trak');
      for (const trak of traks) tracks.set(...readTrack(moov, trak));
      for (const { at, type } of descend(moov, top, 'mvex')) {
        const track = type === 'trex' ? tracks.get(viewOf(moov).getUint32(at + 12)) : undefined;
        if (track !== undefined) track.sampleTicks = viewOf(moov).getUint32(at + 20);
      }
      const decoder = traks.map((trak) => textOf(moov, find(moov, trak, 'mdia', 'minf', 'stbl', 'stsd'))).join();
      return { priming: 0, sampleTicks: UNEVEN, decoder };
    },
    fragment(moof, mdat) {
      const [traf, more] = children(moof, 8, moof.length).filter(({ type }) => type === 'traf');
      if (traf === undefined || more !== undefined) throw new RangeError();
      const { id, start, end } = readTraf(moof, traf, tracks);
      const bytes = new Uint8Array(moof.length + mdat.length);
      bytes.set(moof);
      bytes.set(mdat, moof.length);
      return {
        ...{ bytes, start, end },
        after(from) {
          const all = after(id, start, end, from);
          return all === null ? null : { bytes, start, end: all };
        },
      };
    },
  };
}

const ALL = 0;
/** Of a chain's ticks: less than any sample. */
const ROUNDING = 48;

/** A box in its parent; half-open, header included. */
interface Place {
  readonly type: string;
  readonly at: number;
  readonly end: number;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

function children(bytes: Uint8Array, from: number, to: number): Place[] {
  const found: Place[] = [];
  for (let at = from; at + 8 <= to;) {
    const size = viewOf(bytes).getUint32(at);
    if (size < 8 || at + size > to) throw new RangeError();
    found.push({ type: String.fromCharCode(...bytes.subarray(at + 4, at + 8)), at, end: at + size });
    at += size;
  }
  return found;
}

const descend = (bytes: Uint8Array, places: readonly Place[], type: string): Place[] =>
  places.filter((place) => place.type === type).flatMap(({ at, end }) => children(bytes, at + 8, end));

function find(bytes: Uint8Array, { at, end }: Place, ...path: readonly string[]): Place | null {
  let inside = children(bytes, at + 8, end);
  for (const type of path.slice(0, -1)) inside = descend(bytes, inside, type);
  return inside.find(({ type }) => type === path.at(-1)) ?? null;
}

const textOf = (bytes: Uint8Array, place: Place | null): string =>
  place === null ? '' : String.fromCharCode(...bytes.subarray(place.at, place.end));

function readTrack(moov: Uint8Array, trak: Place): [id: number, track: Track] {
  const view = viewOf(moov);
  const [tkhd, mdhd] = [find(moov, trak, 'tkhd'), find(moov, trak, 'mdia', 'mdhd')];
  if (tkhd === null || mdhd === null) throw new RangeError();
  const id = view.getUint32(tkhd.at + (moov[tkhd.at + 8] === 1 ? 28 : 20));
  const timescale = view.getUint32(mdhd.at + (moov[mdhd.at + 8] === 1 ? 28 : 20));
  const [elst, hdlr] = [find(moov, trak, 'edts', 'elst'), find(moov, trak, 'mdia', 'hdlr')];
  const isPicture = hdlr !== null && textOf(moov, hdlr).slice(16, 20) === 'vide';
  return [id, { timescale, isPicture, begin: elst === null ? 0 : beginOf(view, elst.at), sampleTicks: 0 }];
}

/** Of the first edit that is no pause (ISO/IEC 14496-12 section 8.6.6). */
function beginOf(view: DataView, at: number): number {
  const isLong = view.getUint8(at + 8) === 1;
  for (let i = 0, edit = at + 16; i < view.getUint32(at + 12); i++, edit += isLong ? 20 : 12) {
    const time = isLong ? Number(view.getBigInt64(edit + 8)) : view.getInt32(edit + 4);
    if (time >= 0) return time;
  }
  return 0;
}

/** The samples of one track in a fragment, as ticks of the presentation (sections 8.8.7, 8.8.8 and 8.8.12). */
function readTraf(
  moof: Uint8Array,
  traf: Place,
  tracks: ReadonlyMap<number, Track>,
): { id: number; start: number; end: number } {
  const view = viewOf(moof);
  const inside = children(moof, traf.at + 8, traf.end);
  const [tfhd, tfdt] = [inside.find(({ type }) => type === 'tfhd'), inside.find(({ type }) => type === 'tfdt')];
  if (tfhd === undefined || tfdt === undefined) throw new RangeError();
  const id = view.getUint32(tfhd.at + 12);
  const track = tracks.get(id);
  if (track === undefined) throw new RangeError();
  const kind = view.getUint32(tfhd.at + 8);
  const durationAt = tfhd.at + 16 + (kind & 1 ? 8 : 0) + (kind & 2 ? 4 : 0);
  const usual = kind & 8 ? view.getUint32(durationAt) : track.sampleTicks;
  const time = moof[tfdt.at + 8] === 1 ? Number(view.getBigUint64(tfdt.at + 12)) : view.getUint32(tfdt.at + 12);
  let [ticks, offset]: [number, number | null] = [0, null];
  for (const { at } of inside.filter(({ type }) => type === 'trun')) {
    const flags = view.getUint32(at + 8);
    let entry = at + 16 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);
    for (let i = 0; i < view.getUint32(at + 12); i++) {
      ticks += flags & 0x100 ? view.getUint32(entry) : usual;
      const own = (flags & 0x100 ? 4 : 0) + (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0);
      offset ??= flags & 0x800 ? view.getInt32(entry + own) : 0;
      entry += own + (flags & 0x800 ? 4 : 0);
    }
  }
  const seconds = (time + (offset ?? 0) - track.begin) / track.timescale;
  return { id, start: seconds * TIMESCALE, end: (seconds + ticks / track.timescale) * TIMESCALE };
}
