/** What a multivariant playlist offers (RFC 8216bis section 4.4.6). */
export interface Multivariant {
  readonly audio: readonly AudioGroup[];
  readonly variants: readonly Variant[];
}

/** An `EXT-X-MEDIA` of audio, alone in its group. */
export interface AudioGroup {
  readonly id: string;
  readonly name: string;
  readonly channels: number;
  /** Null: it is in the variants that name the group. */
  readonly uri: string | null;
}

/** An `EXT-X-STREAM-INF` and its address. */
export interface Variant {
  readonly uri: string;
  /** Bits a second: of the segment with most, and of all together. */
  readonly bandwidth: number;
  readonly averageBandwidth: number;
  /** RFC 6381. */
  readonly codecs: readonly string[];
  /** The id of its audio group; left away where there is no sound. */
  readonly audio?: string;
  readonly resolution?: { readonly width: number; readonly height: number };
  /** Frames a second. */
  readonly frameRate?: number;
}

/** Writes a multivariant playlist, whose variants stand in the order given: players begin with the first. */
export function writeMultivariant({ audio, variants }: Multivariant): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-INDEPENDENT-SEGMENTS'];
  for (const group of audio) lines.push(audioLine(group));
  for (const variant of variants) lines.push(variantLine(variant), variant.uri);
  return `${lines.join('\n')}\n`;
}

const audioLine = ({ id, name, channels, uri }: AudioGroup): string =>
  `#EXT-X-MEDIA:${[
    'TYPE=AUDIO',
    `GROUP-ID="${id}"`,
    `NAME="${name}"`,
    'DEFAULT=YES,AUTOSELECT=YES',
    `CHANNELS="${channels}"`,
    ...(uri === null ? [] : [`URI="${uri}"`]),
  ].join(',')}`;

const variantLine = ({ bandwidth, averageBandwidth, codecs, resolution, frameRate, audio }: Variant): string =>
  `#EXT-X-STREAM-INF:${[
    `BANDWIDTH=${Math.ceil(bandwidth)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(averageBandwidth)}`,
    `CODECS="${codecs.join(',')}"`,
    ...(resolution === undefined ? [] : [`RESOLUTION=${resolution.width}x${resolution.height}`]),
    ...(frameRate === undefined ? [] : [`FRAME-RATE=${frameRate.toFixed(3)}`]),
    ...(audio === undefined ? [] : [`AUDIO="${audio}"`]),
  ].join(',')}`;
