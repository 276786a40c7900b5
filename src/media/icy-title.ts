import type { Bytes } from '../units.ts';
import { decodeText } from './legacy-text.ts';

/** What an ICY metadata block says is on. */
export interface IcyTitle {
  /** Empty where nothing is said. */
  readonly title: string;
  readonly artist?: string;
  readonly url?: string;
}

const MOST_LETTERS = 300;
const LONGEST_URL = 1000;

/**
 * Reads a metadata block, such as `StreamTitle='Artist - Title';StreamUrl='https://…';`. Texts may hold apostrophes and
 * semicolons; a text that is cut off is taken as far as it goes. Null when it names no title.
 */
export function readIcyTitle(block: Uint8Array): IcyTitle | null {
  const end = block.indexOf(0);
  const text = decodeText(end < 0 ? block : block.subarray(0, end));
  const said = field(text, 'StreamTitle');
  if (said === null) return null;
  const url = webAddress(field(text, 'StreamUrl') ?? '');
  return { ...splitTitle(unescaped(said)), ...(url !== null && { url }) };
}

/** `Artist - Title` in its two parts, where it is clear what they are. */
export function splitTitle(text: string): IcyTitle {
  const [artist = '', title = '', ...more] = cleanText(text).split(' - ');
  const isClear = more.length === 0 && artist.trim() !== '' && title.trim() !== '';
  return isClear ? { title: title.trim(), artist: artist.trim() } : { title: cleanText(text) };
}

/** The content of a metadata block, at most `mostBytes` in UTF-8; the address is left away where there is no room. */
export function writeIcyTitle({ title, artist, url }: IcyTitle, mostBytes: Bytes): string {
  const name = artist === undefined ? title : `${artist} - ${title}`;
  // Readers look for the apostrophe with the semicolon.
  const told = `StreamTitle='${cleanText(name).replaceAll("';", '’;')}';`;
  const address = url === undefined ? null : webAddress(url);
  const whole = address === null ? told : `${told}StreamUrl='${address.replaceAll("'", '%27')}';`;
  return new TextEncoder().encode(whole).length <= mostBytes ? whole : told;
}

/** One line of at most 300 letters, without control characters, and without those that turn the direction of writing. */
export function cleanText(text: string): string {
  const line = text
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .replace(/[\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  const letters = Array.from(line);
  return letters.length <= MOST_LETTERS ? line : letters.slice(0, MOST_LETTERS).join('').trim();
}

/** An http or https address as it is to be followed, or null when it is none. */
export function webAddress(text: string): string | null {
  const url = URL.parse(text.trim());
  return url !== null && /^https?:$/.test(url.protocol) && url.href.length <= LONGEST_URL ? url.href : null;
}

/** Icecast writes letters that are not in the charset of a mount as `&#1050;`, and many stations send titles as HTML. */
const unescaped = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return NAMED[name.toLowerCase()] ?? whole;
    const code = typeof decimal === 'string' ? Number(decimal) : parseInt(String(hex), 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text of a field: up to `';` where the next field or nothing follows, else as far as the block goes. */
function field(text: string, name: string): string | null {
  const start = new RegExp(`(?:^|;)\\s*${name}='`, 'i').exec(text);
  if (start === null) return null;
  const rest = text.slice(start.index + start[0].length);
  const end = /'\s*;\s*(?:$|[a-z_]\w{2,}=['"])/i.exec(rest);
  return end === null ? rest.replace(/'\s*;?\s*$/, '') : rest.slice(0, end.index);
}
