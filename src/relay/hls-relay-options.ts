import { BatonError } from '../errors.ts';
import type { VariantFilter } from '../hls/filter.ts';

/** How the HLS of another server is passed on. */
export interface HlsRelayOptions extends VariantFilter {
  /** Whether the address is that of a variant or rendition, and leads to no further playlists. */
  readonly isMedia: boolean;
  /** What that may import, from `writeImports`. */
  readonly imports: string | null;
}

const FORM =
  /^mode\.relay~?(?:maxheight\.([1-9]\d{1,4}))?~?(?:maxbitrate\.([1-9]\d{0,5})k)?~?(audioonly\.yes)?~?(list\.media)?~?(?:define\.([A-Za-z0-9_-]{1,1024}))?$/;

/**
 * Reads the options of a link: `mode.relay`, `maxheight.480`, `maxbitrate.1500k`, `audioonly.yes` in this
 * order, or, in links that Baton writes, `list.media` and `define.…`. @throws OPTIONS_INVALID
 */
export function parseHlsRelayOptions(text: string): HlsRelayOptions {
  const [, height, kbps, audio, media, define] = (FORM.exec(text) ?? []) as readonly (string | undefined)[];
  const options: HlsRelayOptions = {
    maxHeight: height === undefined ? null : Number(height),
    maxBitrate: kbps === undefined ? null : Number(kbps) * 1000,
    audioOnly: audio !== undefined,
    isMedia: media !== undefined,
    imports: define ?? null,
  };
  if (formatHlsRelayOptions(options) !== text) throw new BatonError('OPTIONS_INVALID', text);
  return options;
}

/** All options as they stand in a link, the mode in front. */
export const formatHlsRelayOptions = ({
  maxHeight,
  maxBitrate,
  audioOnly,
  isMedia,
  imports,
}: HlsRelayOptions): string =>
  [
    'mode.relay',
    ...(maxHeight === null ? [] : [`maxheight.${maxHeight}`]),
    ...(maxBitrate === null ? [] : [`maxbitrate.${Math.round(maxBitrate / 1000)}k`]),
    ...(audioOnly ? ['audioonly.yes'] : []),
    ...(isMedia ? ['list.media'] : []),
    ...(isMedia && imports !== null ? [`define.${imports}`] : []),
  ].join('~');
