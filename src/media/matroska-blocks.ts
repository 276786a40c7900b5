import { ebmlInt, firstIn, readVint } from './ebml.ts';
import { ID } from './matroska-ids.ts';

/** The frames of one block. */
export interface MatroskaBlock {
  readonly track: number;
  /** Ticks after the timestamp of its cluster. */
  readonly ticks: number;
  readonly frames: readonly Uint8Array[];
  /** Nothing before it is needed to decode it. */
  readonly isKey: boolean;
  /** How much of its end is not to be heard, in nanoseconds. */
  readonly discardNs: number;
}

const KEY = 0x80;
const LACING = { none: 0, xiph: 1, fixed: 2, ebml: 3 } as const;

/** A SimpleBlock, or the Block in a BlockGroup (RFC 9559 section 10); null when it is damaged. */
export function readMatroskaBlock(id: number, content: Uint8Array): MatroskaBlock | null {
  if (id === ID.simpleBlock) return blockIn(content, null, 0);
  const block = firstIn(content, ID.block);
  const padding = firstIn(content, ID.discardPadding);
  const isKey = firstIn(content, ID.referenceBlock) === undefined;
  return block ? blockIn(block, isKey, padding ? ebmlInt(padding) : 0) : null;
}

/** The track that a block belongs to, from its first bytes; null when that is not to be seen. */
export function blockTrack(content: Uint8Array): number | null {
  const track = readVint(content, 0);
  return track === null || track === 'more' ? null : track.value;
}

/** `isKey` is null where the block itself says so. */
function blockIn(content: Uint8Array, isKey: boolean | null, discardNs: number): MatroskaBlock | null {
  const track = readVint(content, 0);
  if (track === null || track === 'more' || track.value === null || content.length < track.length + 3) return null;
  const view = new DataView(content.buffer, content.byteOffset + track.length, 3);
  const flags = view.getUint8(2);
  const frames = unlaced(content.subarray(track.length + 3), (flags >> 1) & 3);
  const ticks = view.getInt16(0);
  return frames && { track: track.value, ticks, frames, isKey: isKey ?? (flags & KEY) !== 0, discardNs };
}

/** RFC 9559 section 10.3. */
function unlaced(data: Uint8Array, lacing: number): Uint8Array[] | null {
  if (lacing === LACING.none) return [data];
  const count = (data[0] ?? 0) + 1;
  if (lacing === LACING.fixed) {
    const size = (data.length - 1) / count;
    return Number.isInteger(size) && size > 0 ? cut(data, 1, Array<number>(count).fill(size)) : null;
  }
  const laces = lacing === LACING.xiph ? xiphSizes(data, count - 1) : ebmlSizes(data, count - 1);
  if (laces === null) return null;
  const rest = data.length - laces.end - laces.sizes.reduce((sum, size) => sum + size, 0);
  return rest < 0 ? null : cut(data, laces.end, [...laces.sizes, rest]);
}

interface Laces {
  readonly sizes: number[];
  readonly end: number;
}

function xiphSizes(data: Uint8Array, count: number): Laces | null {
  const sizes: number[] = [];
  let at = 1;
  while (sizes.length < count) {
    let size = 0;
    while (data[at] === 255) size += data[at++] ?? 0;
    if (at >= data.length) return null;
    sizes.push(size + (data[at++] ?? 0));
  }
  return { sizes, end: at };
}

/** The first size, then differences, which are shifted to be positive. */
function ebmlSizes(data: Uint8Array, count: number): Laces | null {
  const sizes: number[] = [];
  let at = 1;
  while (sizes.length < count) {
    const vint = readVint(data, at);
    if (vint === null || vint === 'more' || vint.value === null) return null;
    const last = sizes.at(-1);
    const size = last === undefined ? vint.value : last + vint.value - (2 ** (7 * vint.length - 1) - 1);
    if (size < 0) return null;
    sizes.push(size);
    at += vint.length;
  }
  return { sizes, end: at };
}

/** Without empty ones, of which a few bytes may claim hundreds. */
function cut(data: Uint8Array, start: number, sizes: readonly number[]): Uint8Array[] {
  let at = start;
  return sizes.filter((size) => size > 0).map((size) => data.subarray(at, (at += size)));
}
