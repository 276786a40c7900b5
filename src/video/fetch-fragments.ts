import { BatonError } from '../errors.ts';
import { boxAt, boxesIn, fourCharacters, uint32, uint64 } from '../media/box-read.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Bytes } from '../units.ts';
import { excerpt, type FilmBytes } from './film-bytes.ts';
import { inTurns } from './in-turns.ts';

/** A fragment, without what it describes. */
export interface Fragment {
  readonly start: Bytes;
  /** The content of its `moof`. */
  readonly moof: Uint8Array;
}

const PAGE: Bytes = 16 * 1024;
const BOX_HEAD: Bytes = 16;
const LARGEST_MOOF: Bytes = 4 * 2 ** 20;
const LARGEST_INDEX: Bytes = 64 * 2 ** 20;
/** Two to a fragment: of a second, these are eight hours. */
const MOST_BOXES = 60_000;
const MFRO_BYTES: Bytes = 16;
/** Stretches that are read at once. */
const AT_ONCE = 6;

/**
 * The fragments of a movie (ISO/IEC 14496-12 8.8.4), in order: from box to box, in several stretches at once where a `sidx` or
 * an `mfra` tells where some begin. Throws SOURCE_TOO_LARGE, and what reading does.
 */
export async function fetchFragments(
  bytes: FilmBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<readonly Fragment[]> {
  const budget = { boxes: MOST_BOXES, bytes: LARGEST_INDEX };
  const places = await placesIn(bytes, signal, meter);
  const stretches = places.map((start, index) => ({ start, end: places[index + 1] ?? Infinity }));
  const read = async (index: number, stop: AbortSignal): Promise<Fragment[]> => {
    const { start, end } = stretches[index] ?? { start: 0, end: 0 };
    return await walk(bytes, start, end, budget, stop, meter);
  };
  return (await inTurns(stretches.length, AT_ONCE, read, signal)).flat();
}

interface Budget {
  boxes: number;
  bytes: Bytes;
}

/** The fragments that begin in [from, end), up to what is no box any more. */
async function walk(
  bytes: FilmBytes,
  from: Bytes,
  end: Bytes,
  budget: Budget,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Fragment[]> {
  const fragments: Fragment[] = [];
  let page: { readonly start: Bytes; readonly bytes: Uint8Array } = { start: from, bytes: new Uint8Array() };
  for (let at = from; at < end && at < (bytes.size ?? Infinity);) {
    if (at < page.start || at + BOX_HEAD > page.start + page.bytes.length)
      page = { start: at, bytes: await excerpt(bytes, { start: at, end: at + PAGE }, signal, meter) };
    const head = page.bytes.subarray(at - page.start);
    const { size, headBytes, type } = headOf(head);
    if (head.length < BOX_HEAD / 2 || size < headBytes) break;
    if (--budget.boxes < 0) throw new BatonError('SOURCE_TOO_LARGE', 'fragments without end');
    if (type === 'moof') {
      budget.bytes -= size;
      if (size > LARGEST_MOOF || budget.bytes < 0)
        throw new BatonError('SOURCE_TOO_LARGE', `fragments of ${size} bytes`);
      const whole = size <= head.length ? head : await excerpt(bytes, { start: at, end: at + size }, signal, meter);
      if (whole.length < size) break;
      fragments.push({ start: at, moof: new Uint8Array(whole.subarray(headBytes, size)) });
    }
    at += size;
  }
  return fragments;
}

function headOf(head: Uint8Array): { readonly size: Bytes; readonly headBytes: Bytes; readonly type: string } {
  const short = uint32(head, 0);
  const size = short === 1 ? uint64(head, 8) : short === 0 ? Infinity : short;
  return { size, headBytes: short === 1 ? BOX_HEAD : BOX_HEAD / 2, type: fourCharacters(head, 4) };
}

/** Where the file, and some of its fragments, begin. What is listed is believed only where a fragment is. */
async function placesIn(bytes: FilmBytes, signal: AbortSignal, meter?: SourceMeter): Promise<readonly Bytes[]> {
  const opening = await excerpt(bytes, { start: 0, end: 4 * PAGE }, signal, meter);
  const listed = [...indexedBySidx(opening), ...(await listedByMfra(bytes, signal, meter))];
  const sorted = [...new Set(listed)].toSorted((a, b) => a - b).filter((at) => at > 0);
  const spread = sorted.filter((_, index) => index % Math.ceil(sorted.length / MOST_PLACES) === 0);
  const real: Bytes[] = [0];
  for (const at of spread) {
    const head = await excerpt(bytes, { start: at, end: at + BOX_HEAD }, signal, meter);
    if (BEGINNINGS.has(headOf(head).type)) real.push(at);
  }
  return real;
}

/** More stretches gain nothing. */
const MOST_PLACES = 24;
const BEGINNINGS: ReadonlySet<string> = new Set(['moof', 'styp', 'emsg', 'prft']);

/** Subsegments of 8.16.3, which follow each other behind the box. */
function* indexedBySidx(opening: Uint8Array): Generator<Bytes, void> {
  for (const { type, content, offset } of boxesIn(opening)) {
    if (type !== 'sidx') continue;
    const isLong = content[0] === 1;
    const fields = isLong ? 28 : 20;
    const skipped = isLong ? uint64(content, 20) : uint32(content, 16);
    let at = offset + content.length + skipped;
    for (let row = fields + 4; row + 12 <= content.length; row += 12) {
      yield at;
      at += uint32(content, row) & 0x7fff_ffff;
    }
  }
}

/** Places of fragments with key pictures (8.8.9), listed at the end of the file. */
async function listedByMfra(bytes: FilmBytes, signal: AbortSignal, meter?: SourceMeter): Promise<readonly Bytes[]> {
  const { size } = bytes;
  if (size === null || size < MFRO_BYTES) return [];
  const last = await excerpt(bytes, { start: size - MFRO_BYTES, end: size }, signal, meter);
  const length = uint32(last, 12);
  if (fourCharacters(last, 4) !== 'mfro' || length > LARGEST_MOOF || length > size) return [];
  const mfra = boxAt(await excerpt(bytes, { start: size - length, end: size }, signal, meter), 'mfra');
  const places: Bytes[] = [];
  for (const { type, content } of boxesIn(mfra ?? new Uint8Array())) {
    if (type !== 'tfra') continue;
    const isLong = content[0] === 1;
    const sizes = uint32(content, 8);
    const rest = ((sizes >> 4) & 3) + ((sizes >> 2) & 3) + (sizes & 3) + 3;
    for (let at = 16; at + (isLong ? 16 : 8) + rest <= content.length; at += (isLong ? 16 : 8) + rest)
      places.push(isLong ? uint64(content, at + 8) : uint32(content, at + 4));
  }
  return places;
}
