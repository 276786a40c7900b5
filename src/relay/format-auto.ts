import type { AutoRendition, Rendition } from '../grid/rendition.ts';
import type { Request } from './reply.ts';

/** A rendition whose codec is settled. */
export type DecidedRendition = Exclude<Rendition, AutoRendition>;

/** What a reply of `format.auto` depends on. */
export const AUTO_VARY = 'Accept, User-Agent';

/**
 * The codec for `format.auto`: Opus for a client that says it plays it, or that is known to, and MP3, which all play, for
 * any other. Other renditions stay as they are.
 */
export function decided(rendition: Rendition, headers: Request['headers']): DecidedRendition {
  if (rendition.codec !== 'auto') return rendition;
  return { ...rendition, codec: playsOggOpus(headers['accept'], headers['user-agent']) ? 'opus' : 'mp3' };
}

function playsOggOpus(accept = '*/*', userAgent = ''): boolean {
  const ranges = mediaRanges(accept);
  const ogg = quality(ranges, 'audio/ogg');
  if (ogg === 0 || ogg < quality(ranges, 'audio/mpeg')) return false;
  return ranges.some(({ namesOpus, q }) => namesOpus && q > 0) || isKnownToPlay(userAgent);
}

interface MediaRange {
  readonly type: string;
  readonly namesOpus: boolean;
  readonly q: number;
}

/** RFC 9110 section 12.5.1. */
const mediaRanges = (accept: string): readonly MediaRange[] =>
  accept.split(',').map((text) => {
    const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    const namesOpus =
      type === 'audio/opus' || (type === 'audio/ogg' && parameters.some((each) => /^codecs="?opus"?$/.test(each)));
    return { type: type === 'audio/opus' ? 'audio/ogg' : type, namesOpus, q: Number(weight?.slice(2) ?? 1) || 0 };
  });

/** By the most specific range that matches. */
function quality(ranges: readonly MediaRange[], type: string): number {
  const matching = [type, 'audio/*', '*/*'].map((range) => ranges.filter((each) => each.type === range));
  return Math.max(0, ...(matching.find((found) => found.length > 0) ?? []).map(({ q }) => q));
}

/** From this version on, and then always; both began in 2018, long after their first with Ogg Opus. */
const BROWSERS: readonly (readonly [name: RegExp, since: number])[] = [
  [/ Chrome\/(\d+)/, 70],
  [/ Firefox\/(\d+)/, 60],
];
/** Browsers of iOS are Safari inside, EdgeHTML is not Chromium, and devices and robots borrow the names of browsers. */
const NOT_CERTAIN = /iPhone|iPad|iPod|CriOS|FxiOS|EdgiOS|Edge\/|CrKey|TV\b|Tizen|Web0S|compatible;|bot\b/i;

function isKnownToPlay(userAgent: string): boolean {
  if (!userAgent.startsWith('Mozilla/5.0 (') || NOT_CERTAIN.test(userAgent)) return false;
  return BROWSERS.some(([name, since]) => Number(name.exec(userAgent)?.[1] ?? 0) >= since);
}
