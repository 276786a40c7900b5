import type { Enclosure } from '../media/rss-items.ts';
import { canonicalSource } from '../sign/seal.ts';

/** What enclosures of podcasts are besides audio and video, and what nobody needs to look at. */
const NO_MEDIA = /^(?:image|text|font|model)\/|^application\/(?:pdf|json|xml|zip|epub)/i;

/**
 * The address of an enclosure as a link has it. Null for one that is not full, not http or https, is said to be no audio
 * or video, or leads to Baton already.
 */
export function enclosureSource({ url, type }: Pick<Enclosure, 'url' | 'type'>, base: string): string | null {
  if (NO_MEDIA.test(type ?? '') || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return null;
  return url.startsWith(`${base}/`) ? null : canonicalSource(url);
}
