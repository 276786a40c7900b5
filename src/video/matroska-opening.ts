import { BatonError } from '../errors.ts';
import { MAX_HEAD_BYTES, readEbmlHead } from '../media/ebml.ts';
import { readSeekHead } from '../media/matroska-head.ts';
import { ID } from '../media/matroska-ids.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Bytes } from '../units.ts';
import { excerpt, type FilmBytes } from './film-bytes.ts';

/** How a Matroska file begins, as far as its pictures go. */
export interface FilmOpening {
  readonly info: Uint8Array;
  readonly tracks: Uint8Array;
  /** Empty where there are none. */
  readonly cues: Uint8Array;
  /** Where the content of the segment begins, from which positions count. */
  readonly segment: Bytes;
  /** Where the first cluster begins, and where clusters end as far as that is known. */
  readonly start: Bytes;
  readonly end: Bytes;
}

const PAGE: Bytes = 64 * 1024;
const MOST_ELEMENTS = 64;
/** Hours of cues, one for each second. */
const LARGEST_PART: Bytes = 8 * 2 ** 20;

/** Reads what stands in front of the first cluster, and the cues wherever they are. Throws SOURCE_DAMAGED. */
export async function readFilmOpening(
  bytes: FilmBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<FilmOpening> {
  let page = { start: 0, bytes: new Uint8Array() };
  const at = async (start: Bytes, length: Bytes): Promise<Uint8Array> => {
    if (start < page.start || start + length > page.start + page.bytes.length) {
      const read = await excerpt(bytes, { start, end: start + Math.max(PAGE, length) }, signal, meter);
      page = { start, bytes: Uint8Array.from(read) };
    }
    return page.bytes.subarray(start - page.start, start - page.start + length);
  };
  const contentAt = async (start: Bytes, id: number): Promise<Uint8Array> => {
    const head = readEbmlHead(await at(start, MAX_HEAD_BYTES), 0);
    if (head === null || head === 'more' || head.id !== id || head.size === null || head.size > LARGEST_PART)
      return NOTHING;
    return (await at(start + head.length, head.size)).slice();
  };

  const parts = new Map<number, Uint8Array>();
  let segment: Bytes | null = null;
  let end = bytes.size ?? Infinity;
  let position: Bytes = 0;
  for (let count = 0; count < MOST_ELEMENTS; count++) {
    const head = readEbmlHead(await at(position, MAX_HEAD_BYTES), 0);
    if (head === null || head === 'more') break;
    if (head.id === ID.cluster && segment !== null) {
      const cuesAt = readSeekHead(parts.get(ID.seekHead) ?? NOTHING).get(ID.cues);
      const cues = parts.get(ID.cues) ?? (cuesAt === undefined ? NOTHING : await contentAt(segment + cuesAt, ID.cues));
      const [info, tracks] = [parts.get(ID.info) ?? NOTHING, parts.get(ID.tracks) ?? NOTHING];
      if (cuesAt !== undefined && segment + cuesAt > position) end = Math.min(end, segment + cuesAt);
      return { info, tracks, cues, segment, start: position, end };
    }
    if (head.id === ID.segment) {
      segment = position + head.length;
      position = segment;
      if (head.size !== null) end = Math.min(end, segment + head.size);
      continue;
    }
    if (head.size === null) break;
    if (WANTED.includes(head.id)) parts.set(head.id, await contentAt(position, head.id));
    position += head.length + head.size;
  }
  throw new BatonError('SOURCE_DAMAGED', 'no clusters in Matroska');
}

const WANTED: readonly number[] = [ID.seekHead, ID.info, ID.tracks, ID.cues];
const NOTHING = new Uint8Array();
