import { BatonError } from '../errors.ts';
import { formatRendition, renditionOf, type CodedRendition } from '../grid/rendition.ts';
import { sealSource, unsealSource } from '../sign/seal.ts';
import type { Kbps } from '../units.ts';

/** What HLS is made of: a file, a channel, or the HLS of another server. */
export type HlsMode = 'file' | 'live' | 'relay';

/** What a link to the HLS of a file asks for. */
export interface HlsFileOptions {
  /** In every bitrate that is offered, the usual one first; they differ in nothing else. */
  readonly audio: readonly [CodedRendition, ...CodedRendition[]];
}

/** What a link to the HLS of a channel asks for. */
export interface HlsLiveOptions extends HlsFileOptions {
  /** The most lines that its pictures are to have; null: sound alone. */
  readonly lines: number | null;
  /** Whether its playlists go back as far as anybody may, or list the newest segments alone. */
  readonly hasDvr: boolean;
  /** Heard while the source is away. */
  readonly fallback: string | null;
}

/** Of AAC and of Opus. Players begin with the first one. */
const LADDER: readonly Kbps[] = [128, 64, 96, 192];

/** The mode that options begin with, and those behind it: `mode.live~bitrate.96k`. A file has none. */
export function hlsMode(options: string): { readonly mode: HlsMode; readonly options: string } {
  const [first = '', ...rest] = options.split('~');
  if (first === 'mode.live') return { mode: 'live', options: rest.join('~') };
  if (first === 'mode.relay') return { mode: 'relay', options: rest.join('~') };
  return { mode: 'file', options };
}

/**
 * Reads the options of a file: those of a rendition in their order, where what is usual is left out, AAC and every
 * bitrate of the ladder. None are AAC in 64, 96, 128 and 192 kbit/s; `codec.opus~bitrate.96k~start.1500ms` is one
 * rendition of a part. A rendition has one spelling only.
 * @throws OPTIONS_INVALID
 */
export function parseHlsFileOptions(options: string): HlsFileOptions {
  const parts = Object.fromEntries(options === '' ? [] : options.split('~').map(pairOf));
  const read = hlsFileOptionsOf(parts);
  if (formatHlsFileOptions(read) !== options) throw invalid(`not in canonical form: ${options}`);
  return read;
}

/** The parts of options as a person gives them: `{ codec: 'opus', bitrate: '96k' }`. @throws OPTIONS_INVALID */
export function hlsFileOptionsOf(parts: Readonly<Record<string, string | undefined>>): HlsFileOptions {
  const { codec = 'aac', bitrate } = parts;
  const inBitrate = (asked: string): CodedRendition => {
    const rendition = renditionOf({ ...parts, codec, bitrate: asked });
    if (rendition.codec === 'aac' || rendition.codec === 'opus') return rendition;
    throw invalid(`HLS is in aac or opus, not ${rendition.codec}`);
  };
  const [first = 128, ...others] = LADDER;
  if (bitrate !== undefined) return { audio: [inBitrate(bitrate)] };
  return { audio: [inBitrate(`${first}k`), ...others.map((kbps) => inBitrate(`${kbps}k`))] };
}

/** The one spelling of the options of a file. */
export function formatHlsFileOptions({ audio }: HlsFileOptions): string {
  const [first, ...others] = audio;
  const [codec = '', bitrate = '', ...edits] = formatRendition(first).split('~');
  return [...(first.codec === 'aac' ? [] : [codec]), ...(others.length > 0 ? [] : [bitrate]), ...edits].join('~');
}

/** An address that is a secret is encrypted, as in the source segment of a link, and has a dot in front. */
const LIVE = /^mode\.live(?:~(.*?))??(?:~video\.([1-9]\d{0,3})p)?(~dvr\.yes)?(?:~fallback\.(\.?[A-Za-z0-9_-]+))?$/;

/**
 * Reads the options of a channel, such as `mode.live~bitrate.96k~video.480p~dvr.yes~fallback.<address in base64url>`: those
 * of a file without a trim, then its own. `secret` is that of the link's key.
 * @throws OPTIONS_INVALID; LINK_INVALID, SOURCE_URL_INVALID
 */
export function parseHlsLiveOptions(options: string, secret: Uint8Array): HlsLiveOptions {
  const [match, audio = '', lines, dvr, fallback] = (LIVE.exec(options) ?? []) as (string | undefined)[];
  if (match === undefined) throw invalid(`not options of a channel: ${options}`);
  const { audio: renditions } = parseHlsFileOptions(audio);
  if (renditions[0].startMs !== 0 || renditions[0].endMs !== null) throw invalid('a channel has no start and no end');
  return {
    audio: renditions,
    lines: lines === undefined ? null : Number(lines),
    hasDvr: dvr !== undefined,
    fallback: fallback === undefined ? null : unsealSource(fallback.replace(/^\./, '~'), secret),
  };
}

/** The options as they stand in a link; see `sealSource`. */
export function formatHlsLiveOptions(
  { audio, lines, hasDvr, fallback }: HlsLiveOptions,
  secret: Uint8Array,
  encrypt: boolean,
): string {
  const pairs = ['mode.live', formatHlsFileOptions({ audio })].filter((pair) => pair !== '');
  if (lines !== null) pairs.push(`video.${lines}p`);
  if (hasDvr) pairs.push('dvr.yes');
  if (fallback !== null) pairs.push(`fallback.${sealSource(fallback, secret, encrypt).replace(/^~/, '.')}`);
  return pairs.join('~');
}

function pairOf(text: string): [string, string] {
  const dot = text.indexOf('.');
  if (dot < 1) throw invalid(`not a pair: ${text}`);
  return [text.slice(0, dot), text.slice(dot + 1)];
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
