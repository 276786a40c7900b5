import type { Bytes, Samples } from '../units.ts';
import { secondsOfTicks, ticksOfSamples, type Ticks } from './picture-time.ts';

/** When pictures are shown, on the channel: half-open. */
export interface PictureSpan {
  readonly from: Ticks;
  readonly to: Ticks;
}

/** What is known of a chunk of pictures that is stored; no span: it has none to show. */
export interface ShownChunk {
  readonly index: number;
  readonly bytes: Bytes;
  readonly span: PictureSpan | null;
}

/** The newest chunks of a rendition of pictures, as the head keeps them; and what all of them took. */
export interface ShownRecord {
  /** The chunk that `spans` begin with. */
  readonly first: number;
  /** In base64, six bytes a chunk. */
  readonly spans: string;
  /** Bits a second, of the chunk with most. */
  readonly peakBits: number;
  readonly bytes: Bytes;
  readonly ticks: Ticks;
}

/** Of half an hour and more: a head is read all the time. */
const MOST = 1_200;
/** Of a span in base64: when it begins, counted from its chunk, and how long it is, three bytes each. */
const CHARACTERS = 8;
const NONE = 'AAAAAAAA';
/** A chunk of another decoder may begin before its time. */
const BIAS: Ticks = 2 ** 22;

const EMPTY: ShownRecord = { first: 0, spans: '', peakBits: 0, bytes: 0, ticks: 0 };

/** `record` with `chunks`, which follow those in it, and without those before `oldest`. */
export const withShown = (
  record: ShownRecord | undefined,
  chunks: readonly ShownChunk[],
  samples: Samples,
  oldest: number,
): ShownRecord => chunks.reduce((known, chunk) => withOne(known, chunk, samples, oldest), record ?? EMPTY);

/** When the pictures of a chunk are shown; null where it has none, or is not known any more. */
export function shownAt(record: ShownRecord | undefined, index: number, samples: Samples): PictureSpan | null {
  const at = (index - (record?.first ?? 0)) * CHARACTERS;
  const text = at < 0 ? '' : record?.spans.slice(at, at + CHARACTERS);
  if (text === undefined || text === '' || text === NONE) return null;
  const bytes = Buffer.from(text, 'base64');
  const from = startOf(index, samples) + bytes.readUIntBE(0, 3) - BIAS;
  return { from, to: from + bytes.readUIntBE(3, 3) };
}

function withOne(record: ShownRecord, chunk: ShownChunk, samples: Samples, oldest: number): ShownRecord {
  const { index, bytes, span } = chunk;
  const { first, spans, peakBits } = record;
  const end = first + spans.length / CHARACTERS;
  if (spans !== '' && index < end) return record;
  const from = spans === '' || index - end > MOST ? index : first;
  const before = from === index ? '' : spans + NONE.repeat(index - end);
  const all = before + textOf(span, startOf(index, samples));
  const forgotten = Math.min(index - from, Math.max(0, oldest - from, index + 1 - from - MOST));
  const ticks = span === null ? 0 : span.to - span.from;
  return {
    first: from + forgotten,
    spans: all.slice(forgotten * CHARACTERS),
    peakBits: ticks === 0 ? peakBits : Math.max(peakBits, Math.round((bytes * 8) / secondsOfTicks(ticks))),
    bytes: record.bytes + bytes,
    ticks: record.ticks + ticks,
  };
}

const startOf = (index: number, samples: Samples): Ticks => Math.round(ticksOfSamples(index * samples));

function textOf(span: PictureSpan | null, start: Ticks): string {
  if (span === null) return NONE;
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(Math.min(MOST_TICKS, Math.max(0, span.from - start + BIAS)), 0, 3);
  bytes.writeUIntBE(Math.min(MOST_TICKS, Math.max(1, span.to - span.from)), 3, 3);
  return bytes.toString('base64');
}

const MOST_TICKS: Ticks = 2 ** 24 - 1;
