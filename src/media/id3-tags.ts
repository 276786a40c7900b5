import { type Id3Frame, type Id3Layout, id3Frames } from './id3-frames.ts';
import { readId3String } from './id3-text.ts';
import { imageType } from './image-type.ts';
import type { Artwork, Chapter, Tags } from './tags.ts';

const MAX_CHAPTERS = 1000;
const UNKNOWN_TIME = 0xffffffff;
const FRONT_COVER = 3;

/** ID3v2.2 has its own names. */
const LONG_IDS: Readonly<Record<string, string>> = { TT2: 'TIT2', TP1: 'TPE1', TAL: 'TALB', PIC: 'APIC' };

/** What the frames of one ID3v2 tag say: of each text the first, chapters by start, the front cover if there is one. */
export function tagsOfFrames(frames: Iterable<Id3Frame>, layout: Id3Layout): Tags {
  const texts = new Map<string, string>();
  const chapters: Chapter[] = [];
  let picture: Picture | null = null;
  for (const { id: storedId, content } of frames) {
    const id = LONG_IDS[storedId] ?? storedId;
    if (id === 'TIT2' || id === 'TPE1' || id === 'TALB') {
      const text = readText(content);
      if (text && !texts.has(id)) texts.set(id, text);
    } else if (id === 'CHAP' && chapters.length < MAX_CHAPTERS) {
      const chapter = readChapter(content, layout);
      if (chapter) chapters.push(chapter);
    } else if (id === 'APIC' && picture?.type !== FRONT_COVER) {
      const next = readPicture(content, storedId === 'PIC');
      if (next && (!picture || next.type === FRONT_COVER)) picture = next;
    }
  }
  chapters.sort((a, b) => a.startMs - b.startMs);
  const tags = tagsOfTexts(texts.get('TIT2'), texts.get('TPE1'), texts.get('TALB'));
  return { ...tags, chapters, ...(picture && { artwork: { mime: picture.mime, bytes: picture.bytes.slice() } }) };
}

/** Tags of these texts, without the empty ones. */
export const tagsOfTexts = (title?: string, artist?: string, album?: string): Tags => ({
  ...(title && { title }),
  ...(artist && { artist }),
  ...(album && { album }),
  chapters: [],
});

interface Picture extends Artwork {
  readonly type: number;
}

/** Of several values the first (ID3v2.4 section 4.2 separates them with a zero). */
const readText = (content: Uint8Array): string => readId3String(content, 1, content[0] ?? 0).text;

/** ID3v2 Chapter Frame Addendum 3.1: element id, start and end in ms, two byte offsets, then frames. */
function readChapter(content: Uint8Array, { major }: Id3Layout): Chapter | null {
  const times = content.indexOf(0) + 1;
  if (times === 0 || times + 16 > content.length) return null;
  const view = new DataView(content.buffer, content.byteOffset + times, 8);
  const startMs = view.getUint32(0);
  const endMs = view.getUint32(4);
  if (startMs === UNKNOWN_TIME) return null;

  // The outer frame has been resynchronised as a whole.
  const inner = id3Frames(content.subarray(times + 16), { major, unsynchronised: false });
  const title = [...inner].find((frame) => frame.id === 'TIT2');
  const knownEndMs = endMs === UNKNOWN_TIME ? startMs : Math.max(startMs, endMs);
  return { startMs, endMs: knownEndMs, title: title ? readText(title.content) : '' };
}

/** ID3v2.4 section 4.14; PIC of 2.2 has a three-letter format instead of a MIME type. What the bytes are decides. */
function readPicture(content: Uint8Array, isShort: boolean): Picture | null {
  const typeAt = isShort ? 4 : content.indexOf(0, 1) + 1;
  const type = content[typeAt];
  if (typeAt === 0 || type === undefined) return null;
  const bytes = content.subarray(readId3String(content, typeAt + 1, content[0] ?? 0).end);
  const mime = imageType(bytes);
  return mime && { type, mime, bytes };
}
