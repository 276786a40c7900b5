import { cleanText } from '../media/icy-title.ts';
import { readId3 } from '../media/id3.ts';
import type { TimedTag } from '../media/mpeg-ts.ts';
import type { LiveTitle } from './intake.ts';

/** What the timed metadata of segments says is on; what was said before is left out. */
export function hlsTitles(): (tags: readonly TimedTag[]) => readonly LiveTitle[] {
  let told = '';
  return (tags) =>
    tags.flatMap(({ bytes }) => {
      const { title, artist } = readId3(bytes);
      if (title === undefined) return [];
      const found: LiveTitle = { title: cleanText(title), ...(artist !== undefined && { artist: cleanText(artist) }) };
      if (JSON.stringify(found) === told) return [];
      told = JSON.stringify(found);
      return [found];
    });
}
