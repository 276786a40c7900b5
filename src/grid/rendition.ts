import { BatonError } from '../errors.ts';
import type { Kbps, Milliseconds } from '../units.ts';

/** What a listener asked for. `copy` relays the source's own frames; `mp3` is encoded on the grid. */
export type Rendition = CopyRendition | Mp3Rendition;

/** The source's own MP3 frames. */
export interface CopyRendition {
  readonly codec: 'copy';
}

/** MP3 at a constant bitrate, the whole or a part. */
export interface Mp3Rendition {
  readonly codec: 'mp3';
  readonly kbps: Kbps;
  /** null: as the source, at most two. */
  readonly channels: 1 | 2 | null;
  /** Of the source's presentation timeline, in steps of 10 ms. */
  readonly startMs: Milliseconds;
  /** null: to the end of the source. */
  readonly endMs: Milliseconds | null;
}

/** Every constant bitrate of the MP3 grid: MPEG-2 at 24 kHz below 64 kbit/s, MPEG-1 at 48 kHz from there on. */
export const MP3_KBPS = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] as const;

const CHANNELS = { mono: 1, stereo: 2 } as const;
const TRIM_STEP_MS = 10;
/** In the order they have in a link. */
const OPTIONS: readonly string[] = ['codec', 'bitrate', 'channels', 'start', 'end'];

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
  const { kbps, channels, startMs, endMs } = rendition;
  const pairs = ['codec.mp3', `bitrate.${kbps}k`];
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
  const codec = pairs.get('codec');
  const legal = codec === 'copy' ? ['codec'] : OPTIONS;
  const unknown = [...pairs.keys()].find((key) => !legal.includes(key));
  if (unknown !== undefined && OPTIONS.includes(unknown)) throw invalid(`${unknown} does not go with codec copy`);
  if (unknown !== undefined) throw invalid(`unknown option: ${unknown}`);
  if (codec === 'copy') return { codec };
  if (codec !== 'mp3') throw invalid(`codec must be mp3 or copy, not ${codec ?? 'missing'}`);
  const startMs = trim(pairs.get('start')) ?? 0;
  const endMs = trim(pairs.get('end'));
  if (endMs !== null && endMs <= startMs) throw invalid('end must be after start');
  return { codec, kbps: kbps(pairs.get('bitrate')), channels: channels(pairs.get('channels')), startMs, endMs };
}

function pair(text: string): [string, string] {
  const dot = text.indexOf('.');
  if (dot < 1) throw invalid(`not a pair: ${text}`);
  return [text.slice(0, dot), text.slice(dot + 1)];
}

function kbps(text: string | undefined): Kbps {
  const value = MP3_KBPS.find((rate) => `${rate}k` === text);
  if (value === undefined) throw invalid(`bitrate must be one of ${MP3_KBPS.join('k, ')}k`);
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
