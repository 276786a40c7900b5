import { BatonError } from '../errors.ts';
import type { Artwork, Chapter, Tags } from './tags.ts';

const UTF8 = 3;
const LATIN1 = 0;
const FRONT_COVER = 3;
const ORDERED = 0x01;
const TOP_LEVEL = 0x02;
const NO_OFFSET = 0xffffffff;
const LATEST_MS = 0xfffffffe;
/** A CTOC counts its entries in one byte. */
const ENTRIES_PER_TABLE = 255;
const SYNCSAFE_LIMIT = 2 ** 28;

/**
 * An ID3v2.4 tag in UTF-8 without padding; equal tags give equal bytes, empty ones no bytes at all.
 *
 * @throws BatonError INTERNAL when it would be larger than the format allows (256 MiB)
 */
export function writeId3(tags: Tags): Uint8Array {
  const { title, artist, album, chapters, artwork } = tags;
  const body = concat([
    ...(title ? [textFrame('TIT2', title)] : []),
    ...(artist ? [textFrame('TPE1', artist)] : []),
    ...(album ? [textFrame('TALB', album)] : []),
    ...contentsFrames(chapters.length),
    ...chapters.map(chapterFrame),
    ...(artwork ? [pictureFrame(artwork)] : []),
  ]);
  return body.length === 0 ? body : concat([ascii('ID3'), [4, 0, 0], syncsafe(body.length), body]);
}

const textFrame = (id: string, text: string): Uint8Array => frame(id, [[UTF8], utf8(text)]);

/** ID3v2 Chapter Frame Addendum 3.2. One table of all chapters, or one of tables when there are too many. */
function contentsFrames(chapters: number): Uint8Array[] {
  if (chapters === 0) return [];
  const ids = Array.from({ length: Math.min(chapters, ENTRIES_PER_TABLE ** 2) }, (_, index) => chapterId(index));
  if (ids.length <= ENTRIES_PER_TABLE) return [contentsFrame('toc', TOP_LEVEL | ORDERED, ids)];
  const tables = Array.from({ length: Math.ceil(ids.length / ENTRIES_PER_TABLE) }, (_, table) =>
    ids.slice(table * ENTRIES_PER_TABLE, (table + 1) * ENTRIES_PER_TABLE),
  );
  const name = (table: number): string => `toc${table}`;
  const top = contentsFrame('toc', TOP_LEVEL | ORDERED, [...tables.keys()].map(name));
  return [top, ...tables.map((entries, table) => contentsFrame(name(table), ORDERED, entries))];
}

const contentsFrame = (id: string, flags: number, entries: readonly string[]): Uint8Array =>
  frame('CTOC', [zeroEnded(id), [flags, entries.length], ...entries.map(zeroEnded)]);

const chapterFrame = ({ startMs, endMs, title }: Chapter, index: number): Uint8Array =>
  frame('CHAP', [
    zeroEnded(chapterId(index)),
    ...[time(startMs), time(endMs), NO_OFFSET, NO_OFFSET].map(uint32),
    textFrame('TIT2', title),
  ]);

const pictureFrame = ({ mime, bytes }: Artwork): Uint8Array =>
  frame('APIC', [[LATIN1], zeroEnded(mime), [FRONT_COVER], zeroEnded(''), bytes]);

function frame(id: string, parts: readonly Part[]): Uint8Array {
  const content = concat(parts);
  return concat([ascii(id), syncsafe(content.length), [0, 0], content]);
}

type Part = Uint8Array | readonly number[];

const chapterId = (index: number): string => `chp${index}`;

const time = (ms: number): number => Math.max(0, Math.min(LATEST_MS, Math.round(ms)));

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

const zeroEnded = (text: string): Uint8Array => ascii(`${text}\0`);

/** A zero would end the text early. */
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text.replaceAll('\0', ' '));

const uint32 = (value: number): readonly number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);

function syncsafe(value: number): readonly number[] {
  if (value >= SYNCSAFE_LIMIT) throw new BatonError('INTERNAL', `an ID3 frame of ${value} bytes`);
  return [21, 14, 7, 0].map((shift) => (value >> shift) & 127);
}

function concat(parts: readonly Part[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
