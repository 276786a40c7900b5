import type { Tags } from '../media/tags.ts';
import { MAX_ARTWORK } from './record.ts';

/** The tags without artwork that is too large to keep. */
export function keptTags(tags: Tags): Tags {
  const { artwork, ...texts } = tags;
  return artwork === undefined || artwork.bytes.length > MAX_ARTWORK ? texts : tags;
}

/** What `first` says, and for the rest what `second` says. */
export const mergedTags = (first: Tags, second: Tags): Tags => ({
  ...second,
  ...first,
  chapters: first.chapters.length > 0 ? first.chapters : second.chapters,
});
