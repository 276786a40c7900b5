import { BatonError } from '../errors.ts';
import { MAX_HEAD_BYTES, readEbmlHead } from '../media/ebml.ts';
import { readSeekHead } from '../media/matroska-head.ts';
import { ID } from '../media/matroska-ids.ts';
import type { Bytes } from '../units.ts';
import type { Excerpt } from './excerpt.ts';

/** How a Matroska file begins. */
export interface MatroskaOpening {
  /** The contents of what describes the file, by id. */
  readonly parts: ReadonlyMap<number, Uint8Array>;
  /** Where the first cluster begins. */
  readonly start: Bytes;
  /** Where the clusters end, as far as that is known; null when it is not. */
  readonly end: Bytes | null;
}

const WANTED: readonly number[] = [ID.info, ID.tracks, ID.chapters, ID.tags, ID.attachments];
const BEHIND: readonly number[] = [ID.cues, ID.chapters, ID.tags, ID.attachments];
const MAX_PART: Bytes = 512 * 1024;
const MAX_ELEMENTS = 64;

/**
 * Reads what stands in front of the first cluster, and of what stands behind the last one what `isNear` holds for: it
 * costs nothing.
 *
 * Throws SOURCE_DAMAGED.
 */
export async function readMatroskaOpening(
  bytesAt: Excerpt,
  isNear: (start: Bytes) => boolean,
): Promise<MatroskaOpening> {
  const parts = new Map<number, Uint8Array>();
  let seeks = new Map<number, Bytes>();
  let segment: Bytes | null = null;
  let end: Bytes | null = null;
  let at: Bytes = 0;
  for (let count = 0; count < MAX_ELEMENTS; count++) {
    const head = readEbmlHead(await bytesAt({ start: at, end: at + MAX_HEAD_BYTES }), 0);
    if (head === null || head === 'more') break;
    const content = at + head.length;
    if (head.id === ID.segment) {
      segment = content;
      end = head.size === null ? null : content + head.size;
      at = content;
      continue;
    }
    if (head.id === ID.cluster && segment !== null) {
      const later = [...seeks].map(([id, offset]) => ({ id, start: (segment ?? 0) + offset }));
      const behind = later.filter(({ id, start }) => BEHIND.includes(id) && start > at);
      for (const { id, start } of behind) if (isNear(start) && !parts.has(id)) await readPart(id, start);
      return { parts, start: at, end: Math.min(end ?? Infinity, ...behind.map(({ start }) => start)) };
    }
    if (head.size === null) break;
    if (WANTED.includes(head.id) || head.id === ID.seekHead) await readPart(head.id, at);
    if (head.id === ID.seekHead) seeks = readSeekHead(parts.get(ID.seekHead) ?? new Uint8Array());
    at = content + head.size;
  }
  throw new BatonError('SOURCE_DAMAGED', 'no clusters in Matroska');

  async function readPart(id: number, start: Bytes): Promise<void> {
    const head = readEbmlHead(await bytesAt({ start, end: start + MAX_HEAD_BYTES }), 0);
    if (head === null || head === 'more' || head.id !== id || head.size === null || head.size > MAX_PART) return;
    parts.set(id, await bytesAt({ start: start + head.length, end: start + head.length + head.size }));
  }
}
