import { BatonError } from '../errors.ts';
import type { VariantFilter } from '../hls/filter.ts';

/** How the HLS of another server is passed on. */
export interface HlsRelayOptions extends VariantFilter {
  /** Whether the address is that of a variant or rendition, and leads to no further playlists. */
  readonly isMedia: boolean;
}

const FORM =
  /^mode\.relay~?(?:maxheight\.([1-9]\d{1,4}))?~?(?:maxbitrate\.([1-9]\d{0,5})k)?~?(audioonly\.yes)?~?(list\.media)?$/;

/**
 * Reads the options of a link: `mode.relay`, `maxheight.480`, `maxbitrate.1500k`, `audioonly.yes` in this
 * order, or, in links that Baton writes, `list.media`. @throws OPTIONS_INVALID
 */
export function parseHlsRelayOptions(text: string): HlsRelayOptions {
  const [, height, kbps, audio, media] = (FORM.exec(text) ?? []) as readonly (string | undefined)[];
  const options: HlsRelayOptions = {
    maxHeight: height === undefined ? null : Number(height),
    maxBitrate: kbps === undefined ? null : Number(kbps) * 1000,
    audioOnly: audio !== undefined,
    isMedia: media !== undefined,
  };
  if (formatHlsRelayOptions(options) !== text) throw new BatonError('OPTIONS_INVALID', text);
  return options;
}

/** All options as they stand in a link, the mode in front. */
export const formatHlsRelayOptions = ({ maxHeight, maxBitrate, audioOnly, isMedia }: HlsRelayOptions): string =>
  [
    'mode.relay',
    ...(maxHeight === null ? [] : [`maxheight.${maxHeight}`]),
    ...(maxBitrate === null ? [] : [`maxbitrate.${Math.round(maxBitrate / 1000)}k`]),
    ...(audioOnly ? ['audioonly.yes'] : []),
    ...(isMedia ? ['list.media'] : []),
  ].join('~');
