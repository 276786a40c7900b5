import { BatonError } from '../errors.ts';
import { splitPictures, withPictures } from '../grid/picture-option.ts';
import { formatRendition, parseRendition, type CodedRendition, type CopyRendition } from '../grid/rendition.ts';
import { sealSource, unsealSource } from '../sign/seal.ts';

/** What a link to a channel asks for. */
export interface LiveOptions {
  readonly rendition: CodedRendition | CopyRendition;
  /** The most lines that its pictures are to have; null: sound alone. */
  readonly lines: number | null;
  /** Heard while the source is away. */
  readonly fallback: string | null;
}

/** What the frames of a channel are sent in: fragments and events for players, or bare frames without end. */
export type LiveContainer = 'mp4' | 'mp3' | 'adts';

/** An address that is a secret is encrypted, as in the source segment of a link, and has a dot in front. */
const FALLBACK = /^(.+)~fallback\.(\.?[A-Za-z0-9_-]+)$/;

/**
 * Reads a link's options, such as `codec.aac~bitrate.96k~video.480p~fallback.<address in base64url>`.
 * `secret` is that of the link's key.
 * @throws OPTIONS_INVALID, for a channel has no trims; LINK_INVALID, SOURCE_URL_INVALID
 */
export function parseLiveOptions(text: string, secret: Uint8Array): LiveOptions {
  const [, options = text, fallback] = (FALLBACK.exec(text) ?? []) as (string | undefined)[];
  const { sound, lines } = splitPictures(options);
  const rendition = parseRendition(sound);
  if (rendition.codec === 'pcm' || rendition.codec === 'auto')
    throw new BatonError('OPTIONS_INVALID', `a channel is mp3, aac, opus or copy, not ${rendition.codec}`);
  if (rendition.codec !== 'copy' && (rendition.startMs !== 0 || rendition.endMs !== null))
    throw new BatonError('OPTIONS_INVALID', 'a channel has no start and no end');
  if (lines !== null && (rendition.codec === 'copy' || rendition.codec === 'mp3'))
    throw new BatonError('OPTIONS_INVALID', `pictures go with aac or opus, not ${rendition.codec}`);
  return {
    rendition,
    lines,
    fallback: fallback === undefined ? null : unsealSource(fallback.replace(/^\./, '~'), secret),
  };
}

/** The options as they stand in a link; see `sealSource`. */
export const formatLiveOptions = (
  { rendition, lines, fallback }: LiveOptions,
  secret: Uint8Array,
  encrypt: boolean,
): string => {
  const sound = formatRendition(rendition);
  const options = lines === null ? sound : withPictures(sound, `${lines}p`);
  return fallback === null
    ? options
    : `${options}~fallback.${sealSource(fallback, secret, encrypt).replace(/^~/, '.')}`;
};

const CONTAINERS: Readonly<
  Record<LiveOptions['rendition']['codec'], Readonly<Partial<Record<string, LiveContainer>>>>
> = {
  mp3: { mp3: 'mp3' },
  aac: { mp4: 'mp4', aac: 'adts' },
  opus: { mp4: 'mp4' },
  copy: { mp3: 'mp3', aac: 'adts', mp4: 'mp4' },
};

/** By the extension of the link's name. @throws OPTIONS_INVALID when the codec does not go into it */
export function liveContainerOf({ codec }: LiveOptions['rendition'], name: string): LiveContainer {
  const extension = /\.([A-Za-z0-9]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const container = CONTAINERS[codec][extension];
  if (container !== undefined) return container;
  const legal = Object.keys(CONTAINERS[codec]).join(' or .');
  throw new BatonError('OPTIONS_INVALID', `a channel in ${codec} ends in .${legal}, which ${name} does not`);
}
