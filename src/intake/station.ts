import { cleanText, webAddress } from '../media/icy-title.ts';
import { decodeText } from '../media/legacy-text.ts';
import type { Bytes, Kbps } from '../units.ts';
import type { Station } from './intake.ts';

/** Headers of an answer, names in small letters, their bytes as Latin-1. */
type Headers = Readonly<Record<string, string>>;

/** Larger ones are a mistake. */
const MOST_INTERVAL: Bytes = 2 ** 24;

/** Of an episode: a day of it at 96 kbit/s. */
const LONGEST_FILE: Bytes = 2 ** 30;

/** What the headers of a Shoutcast or Icecast answer say of the station, in whichever charset. */
export function stationOf(headers: Headers): Station {
  const name = textOf(headers['icy-name'] ?? headers['ice-name']);
  const genre = textOf(headers['icy-genre'] ?? headers['ice-genre']);
  const url = webAddress(headers['icy-url'] ?? headers['ice-url'] ?? '');
  return { ...(name !== '' && { name }), ...(genre !== '' && { genre }), ...(url !== null && { url }) };
}

/** After how many bytes of audio each metadata block stands; null: there are none. */
export function metadataInterval(headers: Headers): Bytes | null {
  const interval = /^\d{1,9}$/.test(headers['icy-metaint'] ?? '') ? Number(headers['icy-metaint']) : 0;
  return interval > 0 && interval <= MOST_INTERVAL ? interval : null;
}

/** The bitrate that is stated; null where none is. Some servers repeat it: `128, 128`. */
export function statedKbps(headers: Headers): Kbps | null {
  const info = /(?:^|[;,\s])(?:ice-)?bitrate=(\d{1,4})\b/i.exec(headers['ice-audio-info'] ?? '');
  const kbps = Number(/^\s*(\d{1,4})\b/.exec(headers['icy-br'] ?? '')?.[1] ?? info?.[1] ?? 0);
  return kbps > 0 ? kbps : null;
}

/** How long the answer is where it is a file; null for a stream. Stations that state a length say who they are, or overdo it. */
export function fileLength(headers: Headers): Bytes | null {
  const isStation = Object.keys(headers).some((name) => name.startsWith('icy-') || name.startsWith('ice-'));
  const length = /^\d{1,15}$/.test(headers['content-length'] ?? '') ? Number(headers['content-length']) : Infinity;
  return isStation || length > LONGEST_FILE ? null : length;
}

const textOf = (header = ''): string => cleanText(decodeText(Buffer.from(header, 'latin1')));
