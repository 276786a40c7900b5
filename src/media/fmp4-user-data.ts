import type { Bytes, Milliseconds, Samples } from '../units.ts';
import { ascii, box, fullBox, u64, zeros, type Part } from './fmp4-box.ts';
import type { Chapter, Tags } from './tags.ts';

/** What a file says of itself. */
export interface UserData {
  readonly tags: Tags;
  readonly gapless: Gapless | null;
}

/** What an encoder has put around the sound. */
export interface Gapless {
  readonly priming: Samples;
  readonly padding: Samples;
  readonly samples: Samples;
}

/**
 * A user data box with title, artist, album and cover as iTunes writes them, and chapters as Nero does, at most 255 of
 * them. By a comment of iTunes ffmpeg, and all that is built on it, drops the priming of AAC: the edit list of a
 * fragmented file it heeds for AAC only as a shift in time.
 */
export function userData({ tags, gapless }: UserData): Uint8Array {
  const { title, artist, album, artwork, chapters } = tags;
  const items = [
    ...(gapless ? [gaplessComment(gapless)] : []), // first, since ffmpeg takes a cover for a track, and this for the last track's
    ...(title ? [item('\xa9nam', TYPE.utf8, utf8(title))] : []),
    ...(artist ? [item('\xa9ART', TYPE.utf8, utf8(artist))] : []),
    ...(album ? [item('\xa9alb', TYPE.utf8, utf8(album))] : []),
    ...(artwork ? [item('covr', TYPE[artwork.mime], artwork.bytes)] : []),
  ];
  const handler = fullBox('hdlr', 0, 0, zeros(4), ascii('mdirappl'), zeros(9));
  const meta = items.length === 0 ? [] : [fullBox('meta', 0, 0, handler, box('ilst', ...items))];
  return box('udta', ...meta, ...(chapters.length === 0 ? [] : [chapterList(chapters)]));
}

/** Well-known types of data (QuickTime File Format, table 3-5). */
const TYPE = { utf8: 1, 'image/jpeg': 13, 'image/png': 14 } as const;

const item = (name: string, type: number, content: Part): Uint8Array =>
  box(name, fullBox('data', 0, type, zeros(4), content));

/** Priming, padding and length, in hexadecimal. */
function gaplessComment({ priming, padding, samples }: Gapless): Uint8Array {
  const words = [hex(0), hex(priming), hex(padding), hex(samples, 16), ...Array.from({ length: 8 }, () => hex(0))];
  return box(
    '----',
    fullBox('mean', 0, 0, ascii('com.apple.iTunes')),
    fullBox('name', 0, 0, ascii('iTunSMPB')),
    fullBox('data', 0, TYPE.utf8, zeros(4), ascii(words.map((word) => ` ${word}`).join(''))),
  );
}

const hex = (value: number, digits = 8): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** A byte counts the chapters, and one the bytes of a title. */
const MOST = 255;
const TICKS_PER_MS = 10_000;

function chapterList(chapters: readonly Chapter[]): Uint8Array {
  const listed = chapters.slice(0, MOST);
  const entries = listed.flatMap(({ startMs, title }) => {
    const text = cut(utf8(title), MOST);
    return [ticks(startMs), [text.length], text];
  });
  return fullBox('chpl', 1, 0, zeros(4), [listed.length], ...entries);
}

const ticks = (ms: Milliseconds): Part => u64(Math.round(ms) * TICKS_PER_MS);

/** A zero would end a text early. */
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text.replaceAll('\0', ' '));

/** As many whole characters as fit. */
function cut(text: Uint8Array, most: Bytes): Uint8Array {
  let end = Math.min(text.length, most);
  while (end < text.length && ((text[end] ?? 0) & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}
