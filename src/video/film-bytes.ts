import { BatonError } from '../errors.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { ByteRange, Bytes } from '../units.ts';

/** The bytes of one version of a source. */
export interface FilmBytes {
  /** Null where nobody knows. */
  readonly size: Bytes | null;
  /** Those of a range, fewer where the source ends before. */
  stream(range: ByteRange, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<Uint8Array, void>;
}

/** Those of a range at once, fewer where the source ends before. */
export async function excerpt(
  bytes: FilmBytes,
  range: ByteRange,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Uint8Array> {
  const end = Math.min(range.end, bytes.size ?? Infinity);
  if (end <= range.start) return new Uint8Array();
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes.stream({ start: range.start, end }, signal, meter)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What lies between two wanted stretches is read along up to this size: asking anew takes longer. */
const GAP: Bytes = 256 * 1024;
/** Each is held whole. */
const LARGEST: Bytes = 32 * 2 ** 20;

/**
 * The bytes of `ranges` one after the other, each as soon as it is there; neighbours are read in one go. Throws
 * SOURCE_DAMAGED where the source ends before, and SOURCE_TOO_LARGE for one above 32 MB.
 */
export async function* eachRange(
  bytes: FilmBytes,
  ranges: readonly ByteRange[],
  signal: AbortSignal,
  meter?: SourceMeter,
): AsyncGenerator<Uint8Array, void> {
  for (let first = 0; first < ranges.length;) {
    let end = first + 1;
    while (end < ranges.length && follows(ranges[end - 1], ranges[end])) end++;
    yield* inOneGo(bytes, ranges.slice(first, end), signal, meter);
    first = end;
  }
}

const follows = (before: ByteRange | undefined, next: ByteRange | undefined): boolean =>
  before !== undefined && next !== undefined && next.start >= before.end && next.start - before.end <= GAP;

async function* inOneGo(
  bytes: FilmBytes,
  ranges: readonly ByteRange[],
  signal: AbortSignal,
  meter?: SourceMeter,
): AsyncGenerator<Uint8Array, void> {
  const start = ranges[0]?.start ?? 0;
  const end = ranges.at(-1)?.end ?? 0;
  const largest = ranges.reduce((most, range) => Math.max(most, range.end - range.start), 0);
  if (largest > LARGEST) throw new BatonError('SOURCE_TOO_LARGE', `a picture of ${largest} bytes`);
  if (end > (bytes.size ?? Infinity))
    throw new BatonError('SOURCE_DAMAGED', `pictures up to ${end} of ${bytes.size ?? 0}`);
  let pieces: Uint8Array[] = [];
  let [at, held, next] = [start, 0, 0];
  for await (const piece of bytes.stream({ start, end }, signal, meter)) {
    pieces.push(piece);
    held += piece.length;
    if (at + held < (ranges[next]?.end ?? Infinity)) continue;
    const all = pieces.length === 1 ? piece : Buffer.concat(pieces);
    for (let range = ranges[next]; range !== undefined && range.end <= at + held; range = ranges[++next])
      yield all.subarray(range.start - at, range.end - at);
    const used = Math.min(held, (ranges[next]?.start ?? Infinity) - at);
    pieces = used < held ? [all.subarray(used)] : [];
    at += used;
    held -= used;
  }
  if (next < ranges.length) throw new BatonError('SOURCE_DAMAGED', 'the source ends within its pictures');
}
