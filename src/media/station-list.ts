import { decodeText } from './legacy-text.ts';

/** What a small text that a station's address gives is: addresses of streams, or a playlist of HLS. */
export type StationList = { readonly kind: 'streams'; readonly urls: readonly string[] } | { readonly kind: 'hls' };

const MOST_URLS = 20;

/** Whether these first bytes of an answer (64 suffice) begin a list and not a stream. */
export function looksLikeList(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 64)).replace(/^\xef\xbb\xbf/, '');
  return /^[\t\n\r\x20-\xff]*$/.test(text) && /^\s*(?:\[playlist|#EXT|https?:\/\/|<asx|<\?xml|<playlist)/i.test(text);
}

/**
 * The addresses in a `.pls`, `.m3u`, XSPF or ASX file, in its order and without repetition, made whole by `base`; only http
 * and https. Null when the text is none of these.
 */
export function readStationList(bytes: Uint8Array, base: string): StationList | null {
  const text = decodeText(bytes).replace(/^\ufeff/, '');
  if (/^\s*#EXTM3U/.test(text) && /^#EXT-X-/m.test(text)) return { kind: 'hls' };
  const found = /^\s*</.test(text) ? inMarkup(text) : /^\s*\[playlist/i.test(text) ? inPls(text) : inM3u(text);
  if (found === null) return null;
  const urls = found.map((address) => URL.parse(address.trim(), base)).filter((url) => url !== null);
  const followed = urls.filter(({ protocol }) => /^https?:$/.test(protocol)).map(({ href }) => href);
  return { kind: 'streams', urls: [...new Set(followed)].slice(0, MOST_URLS) };
}

/** `File1=…`, by number. */
function inPls(text: string): string[] {
  const entries = [...text.matchAll(/^[ \t]*File(\d{1,6})[ \t]*=[ \t]*(\S[^\r\n]*)/gim)];
  return entries.sort((a, b) => Number(a[1]) - Number(b[1])).map(([, , address = '']) => address);
}

/** One address a line. Without its mark, the first line must be a whole address. */
function inM3u(text: string): string[] | null {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  const addresses = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const isMarked = lines.some((line) => /^#EXT(?:M3U|INF)/.test(line));
  return isMarked || /^https?:\/\//i.test(addresses[0] ?? '') ? addresses : null;
}

/** The locations of XSPF and the references of ASX. */
function inMarkup(text: string): string[] | null {
  if (/<playlist[\s>]/i.test(text)) {
    return [...text.matchAll(/<location>([^<]*)<\/location>/gi)].map(([, address = '']) => unescaped(address));
  }
  if (!/<asx[\s>]/i.test(text)) return null;
  return [...text.matchAll(/<ref\s[^>]*?href\s*=\s*["']([^"']*)["']/gi)].map(([, address = '']) => unescaped(address));
}

const unescaped = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&#38;', '&');
