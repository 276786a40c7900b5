import type { Piece } from './movie-bytes.ts';

/** The content of the movie box in an index, which may have been read in several pieces. */
export function moovIn(index: readonly Piece[]): Uint8Array | undefined {
  let left = MOST_TRIES;
  for (const bytes of stretches(index)) {
    for (let at = bytes.indexOf('moov'); at >= 4 && left-- > 0; at = bytes.indexOf('moov', at + 1)) {
      const content = bytes.subarray(at + 4, at - 4 + uint32(bytes, at - 4));
      if (childOf(content, 'mvhd') !== undefined) return content;
    }
  }
  return undefined;
}

/** The letters may stand elsewhere, too. */
const MOST_TRIES = 16;

/** Pieces that follow each other, in one. */
function stretches(index: readonly Piece[]): Buffer[] {
  const sorted = index.toSorted((a, b) => a.start - b.start);
  const runs: Uint8Array[][] = [];
  let end = -1;
  for (const { start, bytes } of sorted) {
    if (start === end) runs.at(-1)?.push(bytes);
    else if (start > end) runs.push([bytes]);
    else continue;
    end = start + bytes.length;
  }
  return runs.map((run) => Buffer.concat(run));
}

/** The content of a track of it. */
export function trackIn(moov: Uint8Array | undefined, trackId: number): Uint8Array | undefined {
  const tracks = [...childBoxes(moov ?? new Uint8Array())].filter(({ type }) => type === 'trak');
  return tracks.find(({ bytes }) => idOf(bytes) === trackId)?.bytes;
}

function idOf(track: Uint8Array): number {
  const header = childOf(track, 'tkhd');
  return header ? uint32(header, header[0] === 1 ? 20 : 12) : 0;
}

/** A box with its content. */
export interface Box {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The boxes in `bytes`; stops at the first one that is not whole. */
export function* childBoxes(bytes: Uint8Array): Generator<Box> {
  for (let at = 0; at + 8 <= bytes.length;) {
    const size = uint32(bytes, at);
    if (size < 8 || at + size > bytes.length) return;
    yield {
      type: Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1'),
      bytes: bytes.subarray(at + 8, at + size),
    };
    at += size;
  }
}

/** The content of the first box of a type in `bytes`. */
export function childOf(bytes: Uint8Array | undefined, type: string): Uint8Array | undefined {
  for (const box of childBoxes(bytes ?? new Uint8Array())) if (box.type === type) return box.bytes;
  return undefined;
}

/** Zero beyond the end. */
export const uint32 = (bytes: Uint8Array, at: number): number =>
  at + 4 > bytes.length ? 0 : new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0);
