import type { types } from 'hls-parser';
import { BatonError } from '../errors.ts';
import { plainText } from './parser-text.ts';

/** Renditions of one thing to choose from (RFC 8216 section 4.3.4). */
export interface MultivariantPlaylist {
  readonly kind: 'multivariant';
  readonly variants: readonly Variant[];
  readonly renditions: readonly Rendition[];
}

/** A media playlist, and groups of renditions that go with it. */
export interface Variant {
  readonly url: string;
  /** Bits per second, at most; 0 where it is not stated. */
  readonly bandwidth: number;
  readonly averageBandwidth: number | null;
  /** In pixels. */
  readonly resolution: { readonly width: number; readonly height: number } | null;
  /** As in a media type: `avc1.64001f,mp4a.40.2`. */
  readonly codecs: string | null;
  /** Group of its renditions; null: what there is is in the variant itself. */
  readonly audio: string | null;
  readonly video: string | null;
  readonly subtitles: string | null;
  /** Only for fast winding: no sound, and nothing between the key frames. */
  readonly isIFrames: boolean;
}

/** Sound, pictures or words in a group that variants name. */
export interface Rendition {
  readonly type: 'AUDIO' | 'VIDEO' | 'SUBTITLES';
  readonly group: string;
  readonly name: string;
  readonly language: string | null;
  /** Null: it is in the segments of the variants themselves. */
  readonly url: string | null;
  readonly isDefault: boolean;
  readonly channels: string | null;
}

/** What hls-parser read of a text from `parserText`. @throws PLAYLIST_INVALID */
export function multivariantPlaylist(playlist: types.MasterPlaylist): MultivariantPlaylist {
  const variants = playlist.variants.map(variantOf);
  const renditions = new Map<string, Rendition>();
  for (const { audio, video, subtitles } of playlist.variants) {
    for (const found of [...audio, ...video, ...subtitles]) {
      const rendition = renditionOf(found);
      renditions.set(JSON.stringify([rendition.type, rendition.group, rendition.name]), rendition);
    }
  }
  return { kind: 'multivariant', variants, renditions: [...renditions.values()] };
}

function variantOf(variant: types.Variant): Variant {
  const { uri, bandwidth, averageBandwidth, resolution, codecs, audio, video, subtitles, isIFrameOnly } = variant;
  if (typeof uri !== 'string') throw new BatonError('PLAYLIST_INVALID', 'a variant without an address');
  return {
    url: plainText(uri) ?? '',
    bandwidth: amount(bandwidth) ?? 0,
    averageBandwidth: amount(averageBandwidth),
    resolution: sized(resolution),
    codecs: plainText(codecs),
    audio: groupOf(audio),
    video: groupOf(video),
    subtitles: groupOf(subtitles),
    isIFrames: isIFrameOnly === true,
  };
}

function renditionOf(rendition: Read): Rendition {
  const { type, uri, groupId, name, language, isDefault, channels } = rendition;
  return {
    type: type as Rendition['type'],
    group: plainText(groupId) ?? '',
    name: plainText(name) ?? '',
    language: plainText(language),
    url: plainText(uri),
    isDefault: isDefault ?? false,
    channels: plainText(channels),
  };
}

/** The parser leaves out what the tag does not say. */
type Read = Omit<types.Rendition, 'isDefault'> & { readonly isDefault?: boolean | undefined };

const groupOf = (renditions: readonly types.Rendition[]): string | null => plainText(renditions[0]?.groupId);

const amount = (value: number | undefined): number | null =>
  value !== undefined && value >= 0 && Number.isFinite(value) ? value : null;

const sized = (resolution: types.Resolution | undefined): Variant['resolution'] =>
  resolution !== undefined && isPixels(resolution.width) && isPixels(resolution.height)
    ? { width: resolution.width, height: resolution.height }
    : null;

const isPixels = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
