import { BatonError } from '../errors.ts';
import { id3Size } from '../media/id3.ts';
import { frameContainer } from './frame-container.ts';
import { HEAD_BYTES } from './look.ts';
import { readOpening } from './mp3-layout.ts';
import type { ProbeRecord } from './record.ts';

/**
 * The container whose bytes these are (the first 64 kB of a source). What the origin says of their type is not asked:
 * it is wrong too often.
 *
 * Throws SOURCE_EMPTY, SOURCE_NOT_MEDIA, CODEC_UNSUPPORTED (media that Baton does not read).
 */
export function identify(head: Uint8Array): ProbeRecord['container'] {
  if (head.length === 0) throw new BatonError('SOURCE_EMPTY');
  if (isIsoMedia(head)) return 'mp4';

  const tag = id3Size(head) ?? 0;
  if (tag >= head.length) return 'mp3'; // seen when the tag has been passed over
  const bytes = head.subarray(tag);
  const known = CONTAINERS.find(([, test]) => test(bytes));
  if (known) return known[0];
  const other = MEDIA.find(([, test]) => test(bytes));
  if (other) throw new BatonError('CODEC_UNSUPPORTED', other[0]);
  const alien = ALIEN.find(([, test]) => test(bytes));
  if (alien) throw new BatonError('SOURCE_NOT_MEDIA', alien[0]);
  const frames = frameContainer(bytes, bytes.length < HEAD_BYTES);
  if (frames !== null) return frames;
  if (tag > 0 || bytes.every((byte) => byte === 0)) return 'mp3'; // or ADTS: seen when there are frames
  throw new BatonError('SOURCE_NOT_MEDIA', `starts with ${Buffer.from(bytes.subarray(0, 16)).toString('hex')}`);
}

type Test = (bytes: Uint8Array) => boolean;

const starts =
  (text: string, at = 0): Test =>
  (bytes) =>
    latin1(bytes, at, at + text.length) === text;

/** Of MPEG's sync word; layers I and II are no MP3. */
const isLayer =
  (layer: number): Test =>
  ([b0, b1 = 0]) =>
    b0 === 0xff && (b1 & 0xf0) === 0xf0 && ((b1 >> 1) & 3) === layer;

const CONTAINERS: readonly (readonly [ProbeRecord['container'], Test])[] = [
  ['ogg', starts('OggS')],
  ['flac', starts('fLaC')],
  ['wav', (bytes) => (starts('RIFF')(bytes) || starts('RF64')(bytes)) && starts('WAVE', 8)(bytes)],
  ['matroska', starts('\x1a\x45\xdf\xa3')],
  ['aiff', (bytes) => starts('FORM')(bytes) && starts('AIF', 8)(bytes)],
];

/** Media that Baton does not read. */
const MEDIA: readonly (readonly [string, Test])[] = [
  ['flv', starts('FLV\x01')],
  ['asf', starts('\x30\x26\xb2\x75\x8e\x66\xcf\x11')],
  ['avi', (bytes) => starts('RIFF')(bytes) && starts('AVI ', 8)(bytes)],
  ['amr', starts('#!AMR')],
  ['caf', starts('caff')],
  ['mpegts', (bytes) => [0, 188, 376].every((at) => bytes[at] === 0x47)],
  ['mp2', (bytes) => isLayer(2)(bytes) && !isMp3(bytes)],
  ['mp1', (bytes) => isLayer(3)(bytes) && !isMp3(bytes)],
];

const ALIEN: readonly (readonly [string, Test])[] = [
  ['playlist', starts('#EXTM3U')],
  ['zip', starts('PK\x03\x04')],
  ['gzip', starts('\x1f\x8b')],
  ['pdf', starts('%PDF')],
  ['png', starts('\x89PNG')],
  ['jpeg', starts('\xff\xd8\xff')],
  ['gif', starts('GIF8')],
  ['text', (bytes) => /^(?:\xef\xbb\xbf)?[\t\n\r\x20-\x7e]{64}/.test(latin1(bytes, 0, 80))],
  ['markup or JSON', (bytes) => /^(?:\xef\xbb\xbf)?\s*[<{[]/.test(latin1(bytes, 0, 80)) && isText(bytes)],
];

/** A box whose type only the start of such a file has (ISO/IEC 14496-12 4.2, 4.3; QuickTime has no ftyp). */
const isIsoMedia: Test = (head) => /^(?:ftyp|moov|mdat|wide|free|skip|pnot|styp)$/.test(latin1(head, 4, 8));

const isMp3 = (bytes: Uint8Array): boolean => readOpening(bytes, 0, bytes.length < HEAD_BYTES) !== null;

const isText: Test = (bytes) => !bytes.subarray(0, 512).includes(0);

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString('latin1');
