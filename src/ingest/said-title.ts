import type { LiveTitle } from '../intake/intake.ts';
import { cleanText } from '../media/icy-title.ts';

/** What a publisher says is on, as it may be passed on; an artist that is empty is none. */
export function saidTitle(title: string, artist: string): LiveTitle {
  const by = cleanText(artist);
  return { title: cleanText(title), ...(by === '' ? {} : { artist: by }) };
}
