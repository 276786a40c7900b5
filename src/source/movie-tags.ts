import type { MetadataTags } from 'mediabunny';
import type { Artwork, Chapter, Tags } from '../media/tags.ts';
import type { Milliseconds } from '../units.ts';
import { MAX_ARTWORK } from './record.ts';

/** Title, artist, album, small cover and Nero chapters of a movie that lasts `durationMs`. */
export function movieTags({ title, artist, album, images, raw }: MetadataTags, durationMs: Milliseconds): Tags {
  const artwork = images?.map(toArtwork).find((picture) => picture !== null);
  const chpl = raw?.['chpl'];
  return {
    ...(title === undefined ? {} : { title }),
    ...(artist === undefined ? {} : { artist }),
    ...(album === undefined ? {} : { album }),
    chapters: chpl instanceof Uint8Array ? neroChapters(chpl, durationMs) : [],
    ...(artwork ? { artwork } : {}),
  };
}

function toArtwork({ data, mimeType }: NonNullable<MetadataTags['images']>[number]): Artwork | null {
  if (data.length > MAX_ARTWORK || (mimeType !== 'image/jpeg' && mimeType !== 'image/png')) return null;
  return { mime: mimeType, bytes: data };
}

/** Version and flags, in version 1 four bytes more, a count, then for each: start in 100 ns, length and text of a title. */
function neroChapters(box: Uint8Array, durationMs: Milliseconds): Chapter[] {
  const bytes = Buffer.from(box.buffer, box.byteOffset, box.length);
  const marks: { startMs: Milliseconds; title: string }[] = [];
  let at = bytes[0] === 0 ? 4 : 8;
  const count = bytes[at++] ?? 0;
  while (marks.length < count && at + 9 <= bytes.length) {
    const startMs = Math.round(Number(bytes.readBigUInt64BE(at)) / 10_000);
    const end = at + 9 + (bytes[at + 8] ?? 0);
    if (end > bytes.length) break;
    marks.push({ startMs, title: bytes.toString('utf8', at + 9, end) });
    at = end;
  }
  return marks
    .map(({ startMs, title }, i) => ({ startMs, title, endMs: marks[i + 1]?.startMs ?? Math.round(durationMs) }))
    .filter(({ startMs, endMs }) => endMs > startMs);
}
