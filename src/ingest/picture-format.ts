import { BatonError } from '../errors.ts';
import { readAvcConfig, readAvcSequence } from '../media/avc.ts';
import type { Bytes } from '../units.ts';

/** The pictures of a show, as WebCodecs' VideoEncoder makes them with `avc: { format: 'avc' }`. */
export interface PictureFormat {
  /** RFC 6381: `avc1.…`. */
  readonly codec: string;
  /** AVCDecoderConfigurationRecord, in base64. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** About so many a second. */
  readonly frameRate: number;
}

/** A coded picture. Of 720p it is a fifth. */
export const MOST_PICTURE: Bytes = 512 * 1024;

const AVC = /^avc1\.[0-9a-f]{6}$/i;
/** As much as a description of a codec takes. */
export const BASE64 = /^[A-Za-z0-9+/_-]{1,2000}={0,2}$/;
const MOST_PIXELS = 1920 * 1088;
const LARGEST_SIDE = 1920;
const HIGHEST_RATE = 60;
const CHROMA_420 = 1;
const LENGTH_BYTES = 4;

/** The format that `value`, of unknown origin, describes. @throws INGEST_FORMAT */
export function readPictureFormat(value: unknown): PictureFormat {
  const { codec, description, width, height, frameRate } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof codec !== 'string' || !AVC.test(codec)) throw refused(`pictures of ${String(codec)}`);
  if (typeof description !== 'string' || !BASE64.test(description)) throw refused('pictures without a description');
  if (typeof frameRate !== 'number' || !(frameRate > 0 && frameRate <= HIGHEST_RATE))
    throw refused(`${String(frameRate)} pictures a second`);
  const size = pictureSize(Buffer.from(description, 'base64'));
  if (size.width !== width || size.height !== height)
    throw refused(`pictures of ${size.width} x ${size.height}, not ${String(width)} x ${String(height)}`);
  return { codec, description, ...size, frameRate };
}

/** The size of the pictures that an AVCDecoderConfigurationRecord is for. @throws INGEST_FORMAT for what is not passed on */
export function pictureSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const config = readAvcConfig(bytes);
  const [set] = config?.sequences ?? [];
  const sequence = set === undefined ? null : readAvcSequence(set);
  if (config?.lengthBytes !== LENGTH_BYTES || config.pictures.length === 0 || sequence === null)
    throw refused('no configuration of H.264');
  const { width, height, chromaFormat, bitDepth, isProgressive } = sequence;
  if (chromaFormat !== CHROMA_420 || bitDepth !== 8 || !isProgressive)
    throw refused('H.264 other than 4:2:0 in 8 bits');
  if (Math.min(width, height) < 16 || Math.max(width, height) > LARGEST_SIDE || width * height > MOST_PIXELS)
    throw refused(`pictures of ${width} x ${height}`);
  return { width, height };
}

/** Of what `hello` says. */
export const refused = (detail: string): BatonError => new BatonError('INGEST_FORMAT', detail.slice(0, 200));
