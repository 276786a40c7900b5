import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';

/** One line of a playlist (RFC 8216 section 4.1). */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly kind: 'tag' | 'uri' | 'other';
  /** Of a tag: what stands before the colon, without `#`. Else ''. */
  readonly name: string;
  /** Of a tag: what stands after the colon, without blanks around it; of others the line. */
  readonly value: string;
  /** All of it, without blanks before it and its ending. */
  readonly text: string;
  /** `\n`, `\r\n`, `\r`, or '' at the end of the text. */
  readonly ending: string;
}

/** The largest playlist that is read. */
export const MAX_PLAYLIST_BYTES: Bytes = 4 * 2 ** 20;
const MAX_LINES = 120_000;
const MAX_LINE_CHARS = 16_384;

/**
 * The text of a playlist: UTF-8, or else Windows-1252, which old servers write titles in; without a byte order mark.
 * @throws PLAYLIST_TOO_LARGE; PLAYLIST_INVALID for what no playlist holds, such as NUL and the line ends of Unicode, where
 * some players would see a line and others none
 */
export function playlistText(bytes: Uint8Array): string {
  if (bytes.length > MAX_PLAYLIST_BYTES) throw new BatonError('PLAYLIST_TOO_LARGE', `${bytes.length} bytes`);
  const text = decode(bytes);
  const bad = FORBIDDEN.exec(text);
  if (bad !== null) throw invalid(`character U+${text.charCodeAt(bad.index).toString(16)} at ${bad.index}`);
  return text;
}

/**
 * The lines of a playlist, in order; `text` is from `playlistText`.
 * @throws PLAYLIST_INVALID when it does not begin with #EXTM3U, PLAYLIST_TOO_LARGE for too many lines or one too long
 */
export function playlistLines(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (const [, whole = '', ending = ''] of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/g)) {
    if (whole === '' && ending === '') continue;
    if (lines.length === MAX_LINES) throw new BatonError('PLAYLIST_TOO_LARGE', `more than ${MAX_LINES} lines`);
    lines.push(lineOf(whole, ending, lines.length + 1));
    if (lines.length === 1 && lines[0]?.name !== 'EXTM3U') throw invalid('does not begin with #EXTM3U');
  }
  if (lines.length === 0) throw invalid('empty');
  return lines;
}

function lineOf(whole: string, ending: string, number: number): Line {
  if (whole.length > MAX_LINE_CHARS)
    throw new BatonError('PLAYLIST_TOO_LARGE', `line ${number}: ${whole.length} chars`);
  const text = whole.trim() === '' ? whole : whole.trimStart();
  if (text.trim() === '' || (text.startsWith('#') && !text.startsWith('#EXT')))
    return { number, kind: 'other', name: '', value: text, text, ending };
  if (!text.startsWith('#')) return { number, kind: 'uri', name: '', value: text.trimEnd(), text, ending };
  const colon = text.indexOf(':');
  const name = (colon === -1 ? text.slice(1) : text.slice(1, colon)).trim();
  return { number, kind: 'tag', name, value: colon === -1 ? '' : text.slice(colon + 1).trim(), text, ending };
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/;

const invalid = (detail: string): BatonError => new BatonError('PLAYLIST_INVALID', detail);
