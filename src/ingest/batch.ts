import type { LiveTitle } from '../intake/intake.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import type { IngestFormat } from './format.ts';
import type { WriterState } from './writer.ts';

/** What was on from a place of the stream on. */
export interface TitleAt extends LiveTitle {
  readonly at: Bytes;
}

/** A stretch of a show as it is stored, under its index; the last one of a show that has ended is an `EndBatch`. */
export type Batch = SoundBatch | EndBatch;

export interface SoundBatch {
  readonly kind: 'sound';
  /** Messages of the publisher, half-open. */
  readonly first: number;
  readonly next: number;
  /** Of the stream before `bytes`. */
  readonly at: Bytes;
  /** Of the batches from the last index on that is a multiple of `BLOCK`, up to this one: how many bytes they hold. */
  readonly sizes: readonly Bytes[];
  /** Unix time. */
  readonly writtenAt: Milliseconds;
  /** What was on at its beginning, and what came then. */
  readonly title: LiveTitle | null;
  readonly titles: readonly TitleAt[];
  readonly format: IngestFormat;
  readonly name: string;
  /** Behind `bytes`. */
  readonly writer: WriterState;
  readonly bytes: Uint8Array;
}

export interface EndBatch {
  readonly kind: 'end';
  /** Messages in all. */
  readonly next: number;
  readonly format: IngestFormat | null;
  /** Of all batches. */
  readonly sizes: readonly Bytes[];
  readonly writtenAt: Milliseconds;
}

/** What was on at the end of a batch. */
export const lastTitle = ({ title, titles }: SoundBatch): LiveTitle | null => titles.at(-1) ?? title;

/** After so many batches `sizes` begins anew, so that all of them are found by reading one in `BLOCK`. */
export const BLOCK = 64;

const LENGTH: Bytes = 4;

/** The length of a JSON text in four bytes, the text, the bytes. */
export function encodeBatch(batch: Batch): Uint8Array {
  const bytes = batch.kind === 'sound' ? batch.bytes : new Uint8Array();
  const text = Buffer.from(JSON.stringify({ ...batch, bytes: undefined }));
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, bytes]);
}

/** Null for what is no batch. */
export function decodeBatch(stored: Uint8Array): Batch | null {
  const buffer = Buffer.from(stored.buffer, stored.byteOffset, stored.length);
  if (buffer.length < LENGTH) return null;
  const end = LENGTH + buffer.readUInt32BE();
  try {
    const head = JSON.parse(buffer.subarray(LENGTH, end).toString()) as Omit<SoundBatch, 'bytes'> | EndBatch;
    return head.kind === 'end' ? head : { ...head, bytes: buffer.subarray(end) };
  } catch {
    return null;
  }
}
