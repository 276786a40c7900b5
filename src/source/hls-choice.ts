import type { MultivariantPlaylist, Rendition, Variant } from '../hls/multivariant-playlist.ts';

/** Codecs of sound that are read, and those that are not, as they stand in CODECS (RFC 6381). */
const READ = /^(?:mp4a\.(?:40\.(?:0?2|0?5|29|34)|6[79b])|mp3|opus|flac|fLaC)/i;
const SOUND = /^(?:mp4a|mp3|opus|flac|ac-3|ec-3|ac-4|dts|alac|vorbis|mhm|iamf)/i;
const PICTURES = /^(?:avc|hvc|hev|dvh|dva|av01|vp0?[89]|mp4v|jpeg)/i;

/**
 * The addresses where the sound of a multivariant playlist is, the best choice first: a rendition of sound alone, of the
 * variant with the most bits, then variants without pictures, with the most bits first; then those with pictures, with the
 * fewest first, since their pictures are read and thrown away. Sound in codecs that Baton does not read comes last.
 */
export function soundAddresses({ variants, renditions }: MultivariantPlaylist): readonly string[] {
  const usable = variants.filter(({ isIFrames }) => !isIFrames);
  const falling = usable.toSorted((a, b) => bitsOf(b) - bitsOf(a));
  const inGroups = falling.flatMap((variant) =>
    ofGroup(variant, renditions).map((url) => ({ url, rank: rankOf(variant) })),
  );
  const own = falling.filter((variant) => ofGroup(variant, renditions).length === 0);
  const alone = own.filter(hasNoPictures).map((variant) => ({ url: variant.url, rank: rankOf(variant) }));
  const muxed = own
    .filter((variant) => !hasNoPictures(variant))
    .toReversed()
    .map((variant) => ({ url: variant.url, rank: rankOf(variant) }));
  const all = [...inGroups, ...alone, ...muxed].toSorted((a, b) => a.rank - b.rank);
  return [...new Set(all.map(({ url }) => url))];
}

/** Where the pictures of a multivariant playlist are, and what is said of them. */
export interface PictureAddress {
  readonly url: string;
  /** Bits a second, with the sound that is in it; null where nothing is said. */
  readonly bandwidth: number | null;
}

/** The variants with pictures, the best first: H.264 before other codecs, most pixels, most bits. */
export function pictureAddresses({ variants }: MultivariantPlaylist): readonly PictureAddress[] {
  const usable = variants.filter((variant) => !variant.isIFrames && mayShow(variant));
  const best = usable.toSorted(
    (a, b) => otherness(a) - otherness(b) || pixelsOf(b) - pixelsOf(a) || bitsOf(b) - bitsOf(a),
  );
  return best.map(({ url, bandwidth }) => ({ url, bandwidth: bandwidth > 0 ? bandwidth : null }));
}

/**
 * Where the pictures of a live channel are, the best choice first: of those of `pictureAddresses` what most players take as
 * it is, at most 1080 lines and 20 Mbit/s; then what is larger, the smallest first. H.264 comes before other codecs.
 */
export function livePictureAddresses({ variants }: MultivariantPlaylist): readonly string[] {
  const usable = variants.filter((variant) => !variant.isIFrames && mayShow(variant));
  const size = (variant: Variant): number => (fits(variant) ? -1 : 1) * (1 + pixelsOf(variant));
  const best = usable.toSorted(
    (a, b) =>
      otherness(a) - otherness(b) ||
      Number(fits(b)) - Number(fits(a)) ||
      size(a) - size(b) ||
      (fits(a) ? bitsOf(b) - bitsOf(a) : bitsOf(a) - bitsOf(b)),
  );
  return best.map(({ url }) => url);
}

const MOST_PIXELS = [1920, 1080] as const;
const MOST_BITS = 20e6;

/** As far as is said. */
const fits = ({ resolution, bandwidth }: Variant): boolean => {
  const { width, height } = resolution ?? { width: 0, height: 0 };
  const isSmall = Math.max(width, height) <= MOST_PIXELS[0] && Math.min(width, height) <= MOST_PIXELS[1];
  return isSmall && bandwidth <= MOST_BITS;
};

const mayShow = (variant: Variant): boolean =>
  variant.resolution !== null || variant.codecs === null || codecsOf(variant).some(isPicture);

/** 0: H.264, or nobody says. */
const otherness = (variant: Variant): number => {
  const pictures = codecsOf(variant).filter(isPicture);
  return pictures.length === 0 || pictures.some((codec) => /^avc/i.test(codec)) ? 0 : 1;
};

const pixelsOf = ({ resolution }: Variant): number => (resolution === null ? 0 : resolution.width * resolution.height);

const bitsOf = ({ bandwidth, averageBandwidth }: Variant): number => averageBandwidth ?? bandwidth;

/** The default first. A rendition without an address is in the variant itself. */
function ofGroup({ audio }: Variant, renditions: readonly Rendition[]): string[] {
  if (audio === null) return [];
  const group = renditions.filter(({ type, group }) => type === 'AUDIO' && group === audio);
  const ordered = group.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault));
  return ordered[0]?.url == null ? [] : ordered.flatMap(({ url }) => url ?? []);
}

const codecsOf = ({ codecs }: Variant): string[] => (codecs ?? '').split(',').map((codec) => codec.trim());

const hasNoPictures = (variant: Variant): boolean => {
  const codecs = codecsOf(variant);
  return variant.resolution === null && codecs.some((codec) => SOUND.test(codec)) && !codecs.some(isPicture);
};
const isPicture = (codec: string): boolean => PICTURES.test(codec);

/** 0: read, or nobody says; 1: pictures alone, as far as is said; 2: in a codec that is not read. */
function rankOf(variant: Variant): number {
  const codecs = codecsOf(variant).filter((codec) => codec !== '');
  const sound = codecs.filter((codec) => SOUND.test(codec));
  if (sound.length === 0) return codecs.length > 0 && codecs.every(isPicture) ? 1 : 0;
  return sound.some((codec) => READ.test(codec)) ? 0 : 2;
}
