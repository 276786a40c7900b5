import { attributeOf } from './attributes.ts';
import type { Line } from './lines.ts';
import { attributesOf } from './references.ts';

/** Which variants are wanted. */
export interface VariantFilter {
  /** In pixels. */
  readonly maxHeight: number | null;
  /** In bits per second. */
  readonly maxBitrate: number | null;
  readonly audioOnly: boolean;
}

/**
 * The lines of a multivariant playlist without the variants that are not wanted, and the groups that nobody names then.
 * Where none would be left, the nearest one is: the lowest, or the one with the lowest bitrate. Sound alone is also had
 * from renditions that stand beside the pictures. A media playlist stays as it is.
 * @throws PLAYLIST_INVALID, PLAYLIST_TOO_LARGE
 */
export function filterVariants(lines: readonly Line[], filter: VariantFilter): readonly Line[] {
  const { maxHeight, maxBitrate, audioOnly } = filter;
  if (maxHeight === null && maxBitrate === null && !audioOnly) return lines;
  const streams = streamsIn(lines);
  if (streams.length === 0) return lines;
  const renditions = lines.filter(({ name }) => name === 'EXT-X-MEDIA').map(renditionIn);
  const heard = audioOnly ? soundOf(streams, renditions) : streams;
  const low = fitting(heard, ({ height }) => height ?? 0, maxHeight);
  const kept = fitting(low, ({ bitrate }) => bitrate, maxBitrate);
  return withOnly(kept, streams, renditions, lines).filter((line) => !isWinding(line) || isWanted(line, filter));
}

/** A variant in the text: its tag, and its address. */
interface Stream {
  readonly info: Line;
  readonly address: Line;
  readonly bitrate: number;
  readonly height: number | null;
  readonly codecs: string | null;
  /** `AUDIO:a`, `SUBTITLES:s`. */
  readonly groups: readonly string[];
}

interface Rendition {
  readonly line: Line;
  readonly group: string;
  readonly uri: string;
}

const GROUPS = ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'] as const;

function streamsIn(lines: readonly Line[]): readonly Stream[] {
  const streams: Stream[] = [];
  let info: Line | null = null;
  for (const line of lines) {
    if (line.name === 'EXT-X-STREAM-INF') info = line;
    if (line.kind !== 'uri' || info === null) continue;
    const attributes = attributesOf(info);
    const groups = GROUPS.map((type) => [type, attributeOf(attributes, type)] as const);
    const named = groups.flatMap(([type, group]) => (group === null ? [] : [`${type}:${group}`]));
    streams.push({ info, address: line, ...sizeOf(info), codecs: attributeOf(attributes, 'CODECS'), groups: named });
    info = null;
  }
  return streams;
}

function renditionIn(line: Line): Rendition {
  const attributes = attributesOf(line);
  const group = `${attributeOf(attributes, 'TYPE') ?? ''}:${attributeOf(attributes, 'GROUP-ID') ?? ''}`;
  return { line, group, uri: attributeOf(attributes, 'URI') ?? '' };
}

function sizeOf(line: Line): Pick<Stream, 'bitrate' | 'height'> {
  const attributes = attributesOf(line);
  const height = /^\d{1,6}x(\d{1,6})$/.exec(attributeOf(attributes, 'RESOLUTION') ?? '')?.[1];
  const bitrate = Number(attributeOf(attributes, 'BANDWIDTH') ?? 0);
  return { bitrate: Number.isFinite(bitrate) ? bitrate : 0, height: height === undefined ? null : Number(height) };
}

/** Those of at most so much; else the least. */
function fitting(
  streams: readonly Stream[],
  measure: (stream: Stream) => number,
  most: number | null,
): readonly Stream[] {
  if (most === null) return streams;
  const within = streams.filter((stream) => measure(stream) <= most);
  const least = Math.min(...streams.map(measure));
  return within.length > 0 ? within : streams.filter((stream) => measure(stream) === least);
}

/** The variants without pictures; else one for each group of sound that has addresses; else those of the lowest bitrate. */
function soundOf(streams: readonly Stream[], renditions: readonly Rendition[]): readonly Stream[] {
  const alone = streams.filter(({ height, codecs }) => height === null && codecs !== null && !PICTURES.test(codecs));
  if (alone.length > 0) return alone;
  const byGroup = new Map<string, Stream>();
  for (const stream of streams) {
    const group = stream.groups.find((name) => name.startsWith('AUDIO:')) ?? '';
    const sounds = renditions.filter((rendition) => rendition.group === group && rendition.uri !== '');
    if (sounds[0] !== undefined && !byGroup.has(group))
      byGroup.set(group, heardIn(stream, sounds[0], sounds.length > 1));
  }
  return byGroup.size > 0 ? [...byGroup.values()] : fitting(streams, ({ bitrate }) => bitrate, 0);
}

const PICTURES = /(?:^|,)\s*(?:avc|hvc|hev|dvh|vp0?[89]|av01|mp4v|jpeg|mjpg)/i;
const SOUND = /^\s*(?:mp4a|ac-3|ec-3|ac-4|opus|flac|alac|mp3)/i;
/** What is said of sound whose bitrate nobody states. */
const SOUND_BITRATE = 256_000;

/** The variant with the address of a rendition, and nothing that is said of its pictures. */
function heardIn(stream: Stream, { group, uri }: Rendition, hasOthers: boolean): Stream {
  const codecs = (stream.codecs ?? '').split(',').filter((codec) => SOUND.test(codec));
  const bitrate = Math.min(stream.bitrate, SOUND_BITRATE);
  const value = [
    `BANDWIDTH=${bitrate}`,
    ...(codecs.length === 0 ? [] : [`CODECS="${codecs.join(',')}"`]),
    ...(hasOthers ? [`AUDIO="${group.slice('AUDIO:'.length)}"`] : []),
  ].join(',');
  return {
    info: { ...stream.info, value, text: `#${stream.info.name}:${value}` },
    address: { ...stream.address, value: uri, text: uri },
    bitrate,
    height: null,
    codecs: codecs.join(','),
    groups: hasOthers ? [group] : [],
  };
}

/** By their line numbers: a variant may have got other lines. */
function withOnly(
  kept: readonly Stream[],
  streams: readonly Stream[],
  renditions: readonly Rendition[],
  lines: readonly Line[],
): readonly Line[] {
  const put = new Map(kept.flatMap(({ info, address }) => [info, address].map((line) => [line.number, line] as const)));
  const named = new Set(kept.flatMap(({ groups }) => groups));
  const left = new Set(streams.flatMap(({ groups }) => groups).filter((group) => !named.has(group)));
  const gone = new Set([
    ...streams.flatMap(({ info, address }) => [info.number, address.number]),
    ...renditions.filter(({ group }) => left.has(group)).map(({ line }) => line.number),
  ]);
  return lines.flatMap((line) => put.get(line.number) ?? (gone.has(line.number) ? [] : [line]));
}

/** Pictures alone, for fast winding. */
const isWinding = ({ name }: Line): boolean => name === 'EXT-X-I-FRAME-STREAM-INF' || name === 'EXT-X-IMAGE-STREAM-INF';

function isWanted(line: Line, { maxHeight, maxBitrate, audioOnly }: VariantFilter): boolean {
  const { bitrate, height } = sizeOf(line);
  return !audioOnly && bitrate <= (maxBitrate ?? Infinity) && (height ?? 0) <= (maxHeight ?? Infinity);
}
