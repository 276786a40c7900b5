import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import { takeAll } from './take.ts';

/** A stretch of a source that is in memory. */
export interface Piece {
  readonly start: Bytes;
  readonly bytes: Uint8Array;
}

/** On whose behalf bytes are read, and how many of them are wanted in a row. */
export interface Errand {
  readonly signal: AbortSignal;
  readonly meter: SourceMeter | undefined;
  ahead: Bytes;
}

/** What mediabunny reads from: it asks for one packet at a time and knows of no signal. */
export interface MovieBytes {
  readonly size: Bytes;
  /** As mediabunny's CustomSource wants it. */
  read(start: Bytes, end: Bytes): Promise<Uint8Array>;
  /** Runs `use`; what is read meanwhile is read for `errand`. One at a time. */
  during<T>(errand: Errand, use: () => Promise<T>): Promise<T>;
  /** What was read up to the call of `keepNoMore`: the index of the file. */
  readonly kept: readonly Piece[];
  keepNoMore(): void;
}

/** An index beyond this size is no index. */
const MAX_READ: Bytes = 64 * 2 ** 20;
/** Gaps between packets that are read through, and how far then. */
const GAP: Bytes = 128 * 1024;

/** Reads through `read`, but takes from `known` what is there. */
export function movieBytes(size: Bytes, read: ReadBytes, known: readonly Piece[]): MovieBytes {
  const kept: Piece[] = [];
  let keeping = true;
  let errand: Errand | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  let lastEnd: Bytes = -Infinity;

  async function readBytes(start: Bytes, end: Bytes): Promise<Uint8Array> {
    const bytes = slice(known, start, end) ?? (await fetch(start, end));
    if (keeping) kept.push({ start, bytes });
    return bytes;
  }

  async function fetch(start: Bytes, end: Bytes): Promise<Uint8Array> {
    if (errand === null) throw new BatonError('INTERNAL', 'a movie was read on nobody’s behalf');
    if (end - start > MAX_READ) throw new BatonError('SOURCE_TOO_LARGE', `an index of ${end - start} bytes`);
    const { signal, meter, ahead } = errand;
    const isNear = start >= lastEnd && start - lastEnd < GAP;
    const stop = Math.min(size, Math.max(end, start + ahead, isNear && ahead > 0 ? start + GAP : 0));
    const bytes = await takeAll(read({ start, end: stop }, signal, meter));
    if (bytes.length < end - start) throw new BatonError('SOURCE_CUT', `${bytes.length} bytes at ${start}`);
    lastEnd = stop;
    return bytes.subarray(0, end - start);
  }

  function during<T>(next: Errand, use: () => Promise<T>): Promise<T> {
    const mine = turn.then(async () => {
      next.signal.throwIfAborted();
      errand = next;
      return await use();
    });
    turn = mine.then(
      () => (errand = null),
      () => (errand = null),
    );
    return mine;
  }

  return { size, read: readBytes, during, kept, keepNoMore: () => void (keeping = false) };
}

function slice(pieces: readonly Piece[], start: Bytes, end: Bytes): Uint8Array | null {
  const piece = pieces.find((one) => one.start <= start && end <= one.start + one.bytes.length);
  return piece ? piece.bytes.subarray(start - piece.start, end - piece.start) : null;
}

const FORMAT = 2;

/** Pieces as bytes: format, then for each its start and length (64 bits each) and itself. */
export function encodePieces(pieces: readonly Piece[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(FORMAT)];
  for (const { start, bytes } of pieces) {
    const head = Buffer.alloc(16);
    head.writeBigUInt64BE(BigInt(start));
    head.writeBigUInt64BE(BigInt(bytes.length), 8);
    parts.push(head, bytes);
  }
  return Buffer.concat(parts);
}

/** The pieces in `bytes`; none when they hold something else. */
export function decodePieces(bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  if (bytes[0] !== FORMAT) return pieces;
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 1; at + 16 <= bytes.length;) {
    const length = Number(view.readBigUInt64BE(at + 8));
    pieces.push({ start: Number(view.readBigUInt64BE(at)), bytes: bytes.subarray(at + 16, at + 16 + length) });
    at += 16 + length;
  }
  return pieces;
}
