/** Fragments of sound are at most 500 ms, those of a film a few seconds: nothing honest comes near this. */
const LONGEST_BOX = 2 ** 24;

/** A whole box of ISO/IEC 14496-12 section 4.2, header included. */
export interface Box {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Cuts one body into its top-level boxes. */
export interface BoxReader {
  /** The boxes that `chunk` completes. Throws when it is no run of boxes, and from then on at every call. */
  push(chunk: Uint8Array): Box[];
}

/** A reader at the start of a body. It holds at most one box, and never looks for the next after a wrong one. */
export function createBoxReader(): BoxReader {
  let rest = new Uint8Array(0);
  return {
    push(chunk) {
      const all = joined(rest, chunk);
      rest = all;
      const boxes: Box[] = [];
      let at = 0;
      for (let size = sizeAt(all, at); size <= all.length - at; size = sizeAt(all, at)) {
        boxes.push({ type: typeAt(all, at), bytes: all.slice(at, at + size) });
        at += size;
      }
      rest = all.slice(at);
      return boxes;
    },
  };
}

/** `first` and `second` as one. */
export function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Where the first box at `path` begins in `bytes`, a box whose children are boxes; -1 when it is not there. */
export function findBox(bytes: Uint8Array, ...path: readonly string[]): number {
  let [at, end] = [8, bytes.length];
  for (const [depth, type] of path.entries()) {
    while (at + 8 <= end && typeAt(bytes, at) !== type) at += Math.max(8, viewOf(bytes).getUint32(at));
    if (at + 8 > end) return -1;
    end = Math.min(end, at + viewOf(bytes).getUint32(at));
    if (depth < path.length - 1) at += 8;
  }
  return at;
}

/** `bytes` for numbers. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** Of the box at `at`; Infinity while its header is not there. */
function sizeAt(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < 8) return Infinity;
  const size = viewOf(bytes).getUint32(at);
  if (size < 8 || size > LONGEST_BOX) throw new RangeError();
  return size;
}

const typeAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at + 4, at + 8));
