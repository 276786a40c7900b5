import { BatonError } from '../errors.ts';
import type { Kbps, Milliseconds } from '../units.ts';
import { AAC_KBPS, GRID_CODECS, MP3_KBPS, OPUS_KBPS } from './codecs.ts';

/** What a listener asked for: the source's own frames, an encode on the grid, or whichever codec they play. */
export type Rendition = CopyRendition | GridRendition | AutoRendition;

/** The source's own MP3 frames. */
export interface CopyRendition {
  readonly codec: 'copy';
}

/** What is encoded on the grid. */
export type GridRendition = CodedRendition | PcmRendition;

/** The whole source or a part. */
interface Edits {
  /** null: as the source, at most two. */
  readonly channels: 1 | 2 | null;
  /** Of the source's presentation timeline, in steps of 10 ms. */
  readonly startMs: Milliseconds;
  /** null: to the end of the source. */
  readonly endMs: Milliseconds | null;
}

/** At a constant bitrate; of AAC that is the mean. */
export interface CodedRendition extends Edits {
  readonly codec: 'mp3' | 'opus' | 'aac';
  readonly kbps: Kbps;
}

/** 16-bit PCM at 48 kHz. */
export interface PcmRendition extends Edits {
  readonly codec: 'pcm';
}

/** MP3 or Opus, as the request tells; `format.auto` in a link. */
export interface AutoRendition extends Edits {
  readonly codec: 'auto';
  readonly kbps: Kbps;
}

const KBPS: Readonly<Record<CodedRendition['codec'] | 'auto', readonly Kbps[]>> = {
  mp3: MP3_KBPS,
  opus: OPUS_KBPS,
  aac: AAC_KBPS,
  auto: MP3_KBPS.filter((rate) => OPUS_KBPS.some((other) => other === rate)),
};
const CHANNELS = { mono: 1, stereo: 2 } as const;
const TRIM_STEP_MS = 10;
/** In the order they have in a link. */
const OPTIONS: readonly string[] = ['codec', 'format', 'bitrate', 'channels', 'start', 'end'];

/**
 * The rendition that a link's options ask for, such as `codec.mp3~bitrate.96k~channels.mono~start.1500ms~end.90000ms`.
 * A rendition has one spelling only: anything unknown, repeated, out of order or not canonical throws OPTIONS_INVALID.
 */
export function parseRendition(options: string): Rendition {
  const rendition = readRendition(new Map(options.split('~').map(pair)));
  if (formatRendition(rendition) !== options) throw invalid(`not in canonical form: ${options}`);
  return rendition;
}

/** The one spelling of a rendition, as it stands in links and store keys. */
export function formatRendition(rendition: Rendition): string {
  if (rendition.codec === 'copy') return 'codec.copy';
  const { codec, channels, startMs, endMs } = rendition;
  const pairs = [codec === 'auto' ? 'format.auto' : `codec.${codec}`];
  if (codec !== 'pcm') pairs.push(`bitrate.${rendition.kbps}k`);
  if (channels !== null) pairs.push(`channels.${channels === 1 ? 'mono' : 'stereo'}`);
  if (startMs > 0) pairs.push(`start.${startMs}ms`);
  if (endMs !== null) pairs.push(`end.${endMs}ms`);
  return pairs.join('~');
}

/** The parts of a rendition as a person gives them: `{ codec: 'mp3', bitrate: '96k', start: '1500ms' }`. */
export function renditionOf(parts: Readonly<Record<string, string | undefined>>): Rendition {
  const given = Object.entries(parts).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return readRendition(new Map(given));
}

function readRendition(pairs: ReadonlyMap<string, string>): Rendition {
  const unknown = [...pairs.keys()].find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) throw invalid(`unknown option: ${unknown}`);
  const codec = codecOf(pairs);
  const idle = [...pairs.keys()].slice(1).find((key) => codec === 'copy' || (codec === 'pcm' && key === 'bitrate'));
  if (idle !== undefined) throw invalid(`${idle} does not go with codec ${codec}`);
  if (codec === 'copy') return { codec };
  const startMs = trim(pairs.get('start')) ?? 0;
  const endMs = trim(pairs.get('end'));
  if (endMs !== null && endMs <= startMs) throw invalid('end must be after start');
  const edits = { channels: channels(pairs.get('channels')), startMs, endMs };
  return codec === 'pcm' ? { codec, ...edits } : { codec, kbps: kbps(pairs.get('bitrate'), KBPS[codec]), ...edits };
}

function codecOf(pairs: ReadonlyMap<string, string>): Rendition['codec'] {
  const [codec, format] = [pairs.get('codec'), pairs.get('format')];
  if (format !== undefined && codec !== undefined) throw invalid('give codec or format, not both');
  if (format !== undefined && format !== 'auto') throw invalid(`format must be auto, not ${format}`);
  if (format !== undefined) return 'auto';
  const known = [...GRID_CODECS, 'copy' as const].find((name) => name === codec);
  if (known === undefined) throw invalid(`codec must be ${GRID_CODECS.join(', ')} or copy, not ${codec ?? 'missing'}`);
  return known;
}

function pair(text: string): [string, string] {
  const dot = text.indexOf('.');
  if (dot < 1) throw invalid(`not a pair: ${text}`);
  return [text.slice(0, dot), text.slice(dot + 1)];
}

function kbps(text: string | undefined, legal: readonly Kbps[]): Kbps {
  const value = legal.find((rate) => `${rate}k` === text);
  if (value === undefined) throw invalid(`bitrate must be one of ${legal.join('k, ')}k`);
  return value;
}

function channels(text: string | undefined): 1 | 2 | null {
  if (text === undefined) return null;
  if (text === 'mono' || text === 'stereo') return CHANNELS[text];
  throw invalid('channels must be mono or stereo');
}

function trim(text: string | undefined): Milliseconds | null {
  if (text === undefined) return null;
  const value = /^(0|[1-9]\d{0,9})ms$/.exec(text)?.[1];
  if (value === undefined || Number(value) % TRIM_STEP_MS !== 0)
    throw invalid('start and end are whole steps of 10 ms, such as 1500ms');
  return Number(value);
}

const invalid = (detail: string): BatonError => new BatonError('OPTIONS_INVALID', detail);
