import type { Milliseconds } from '../units.ts';
import { type ChapterMark, chaptersOf } from './chapter-marks.ts';
import { tagsOfTexts } from './id3-tags.ts';
import { imageType } from './image-type.ts';
import type { Artwork, Tags } from './tags.ts';

const FRONT_COVER = 3;
const LARGEST_COMMENT = 1_000_000;

/** A picture of FLAC (RFC 9639 8.8) and what it is of. */
export interface TypedPicture extends Artwork {
  readonly type: number;
}

/**
 * What a block of Vorbis comments (Vorbis I specification, 5) says of a sound that lasts `durationMs`. Chapters are
 * CHAPTERxxx comments, artwork is METADATA_BLOCK_PICTURE. What is cut off is left out.
 */
export function readVorbisTags(block: Uint8Array, durationMs: Milliseconds): Tags {
  const texts = new Map<string, string>();
  const chapters = new Map<string, { startMs?: Milliseconds; title?: string }>();
  let picture: TypedPicture | null = null;
  for (const [key, value] of comments(block)) {
    const [, number, isName] = /^CHAPTER(\d{1,4})(NAME)?$/.exec(key) ?? [];
    if (number !== undefined) {
      const startMs = isName === undefined ? timeOf(value) : undefined;
      const mark = isName === undefined ? (startMs === undefined ? {} : { startMs }) : { title: value };
      chapters.set(number, { ...chapters.get(number), ...mark });
    } else if (key === 'METADATA_BLOCK_PICTURE') {
      picture = betterPicture(picture, readFlacPicture(fromBase64(value)));
    } else if (value !== '' && !texts.has(key)) texts.set(key, value);
  }
  const marks: ChapterMark[] = [...chapters.values()].flatMap(({ startMs, title = '' }) =>
    startMs === undefined ? [] : [{ startMs, title }],
  );
  return {
    ...tagsOfTexts(texts.get('TITLE'), texts.get('ARTIST'), texts.get('ALBUM')),
    chapters: chaptersOf(marks, durationMs),
    ...(picture && { artwork: { mime: picture.mime, bytes: picture.bytes } }),
  };
}

/** The value of one comment, `key` in capitals. */
export function vorbisComment(block: Uint8Array, key: string): string | null {
  for (const [name, value] of comments(block)) if (name === key) return value;
  return null;
}

/** The content of a PICTURE block, or null when it holds no JPEG or PNG. */
export function readFlacPicture(block: Uint8Array): TypedPicture | null {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  let at = 4;
  for (let text = 0; text < 2; text++) at += at + 4 <= block.length ? 4 + view.getUint32(at) : 4;
  at += 16; // width, height, depth, colours
  if (at + 4 > block.length) return null;
  const bytes = block.slice(at + 4, at + 4 + view.getUint32(at));
  const mime = imageType(bytes);
  return mime && { type: view.getUint32(0), mime, bytes };
}

/** The front cover wins, else the first. */
export const betterPicture = (one: TypedPicture | null, other: TypedPicture | null): TypedPicture | null =>
  other !== null && (one === null || (one.type !== FRONT_COVER && other.type === FRONT_COVER)) ? other : one;

function* comments(block: Uint8Array): Generator<readonly [key: string, value: string]> {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  const lengthAt = (at: number): number => (at + 4 <= block.length ? view.getUint32(at, true) : Infinity);
  let at = 8 + lengthAt(0);
  for (let count = lengthAt(at - 4); count > 0 && at + 4 <= block.length; count--) {
    const start = at + 4;
    at = start + lengthAt(at);
    if (at > block.length) return;
    if (at - start > LARGEST_COMMENT) continue;
    const [key, ...value] = UTF8.decode(block.subarray(start, at)).split('=');
    yield [(key ?? '').toUpperCase(), value.join('=').trim()];
  }
}

const UTF8 = new TextDecoder();

function timeOf(text: string): Milliseconds | undefined {
  const [, hours, minutes, seconds] = /^(\d+):(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000);
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}
