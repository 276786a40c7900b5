import { BatonError } from '../errors.ts';
import { readAvcConfig, readAvcSequence, type Colour } from './avc.ts';
import { boxAt, boxesIn } from './box-read.ts';
import type { PictureFacts } from './picture-facts.ts';

/** How pictures are coded. */
export type PictureCoding = Omit<PictureFacts, 'rotation' | 'rate'>;

/** Fields of a visual sample entry before the boxes in it (ISO/IEC 14496-12 section 12.1.3). */
const FIELDS = 78;
const DECODER_CONFIG = 0x04;
const DECODER_SPECIFIC = 0x05;
const MPEG4_VISUAL = 0x20;

/** The coding of a track, by the first entry of its `stsd`. Throws VIDEO_UNSUPPORTED, SOURCE_DAMAGED. */
export function readSampleEntry(stsd: Uint8Array | null): PictureCoding {
  const [entry] = boxesIn(stsd?.subarray(8) ?? new Uint8Array());
  if (entry === undefined || entry.content.length < FIELDS) throw new BatonError('SOURCE_DAMAGED', 'no sample entry');
  const { type, content: bytes } = entry;
  const boxes = bytes.subarray(FIELDS);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { codec, config } = codecOf(type, boxes);
  const sequence = codec === 'h264' ? sequenceOf(config) : null;
  return {
    ...{ codec, config, width: view.getUint16(24), height: view.getUint16(26) },
    pixelAspect: aspectIn(boxAt(boxes, 'pasp')) ?? sequence?.pixelAspect ?? [1, 1],
    colour: colourIn(boxAt(boxes, 'colr')) ?? sequence?.colour ?? null,
  };
}

function codecOf(type: string, boxes: Uint8Array): Pick<PictureCoding, 'codec' | 'config'> {
  const configIn = (name: string): Uint8Array => {
    const config = boxAt(boxes, name);
    if (config === null) throw new BatonError('SOURCE_DAMAGED', `${type} without ${name}`);
    return new Uint8Array(config);
  };
  switch (type) {
    case 'avc1':
    case 'avc3':
      return { codec: 'h264', config: configIn('avcC') };
    case 'hvc1':
    case 'hev1':
      return { codec: 'hevc', config: configIn('hvcC') };
    case 'vp08':
      return { codec: 'vp8', config: null };
    case 'vp09':
      return { codec: 'vp9', config: null };
    case 'av01':
      return { codec: 'av1', config: configIn('av1C') };
    case 'mp4v':
      return { codec: 'mpeg4', config: specificConfig(configIn('esds')) };
    default:
      throw new BatonError('VIDEO_UNSUPPORTED', type);
  }
}

/** The DecoderSpecificInfo of MPEG-4 part 2 (ISO/IEC 14496-1 section 7.2.6). */
function specificConfig(esds: Uint8Array): Uint8Array {
  const config = descriptorIn(esds.subarray(4 + headBytes(esds, 4) + 3), DECODER_CONFIG);
  if (config?.[0] !== MPEG4_VISUAL) throw new BatonError('VIDEO_UNSUPPORTED', `mp4v of type ${config?.[0] ?? 'none'}`);
  return descriptorIn(config.subarray(13), DECODER_SPECIFIC) ?? new Uint8Array();
}

/** The content of the descriptor of this tag among those in `bytes`. */
function descriptorIn(bytes: Uint8Array, tag: number): Uint8Array | null {
  for (let at = 0; at + 2 <= bytes.length;) {
    const head = headBytes(bytes, at);
    const size = sizeAt(bytes, at);
    if (bytes[at] === tag) return bytes.slice(at + head, at + head + size);
    at += head + size;
  }
  return null;
}

/** A tag, and up to four bytes of size, of which all but the last have the highest bit. */
function headBytes(bytes: Uint8Array, at: number): number {
  let length = 2;
  while (length < 5 && ((bytes[at + length - 1] ?? 0) & 0x80) !== 0) length++;
  return length;
}

function sizeAt(bytes: Uint8Array, at: number): number {
  let size = 0;
  for (let index = 1; index < headBytes(bytes, at); index++) size = size * 128 + ((bytes[at + index] ?? 0) & 0x7f);
  return size;
}

function sequenceOf(config: Uint8Array | null) {
  const [set] = (config && readAvcConfig(config)?.sequences) ?? [];
  return set === undefined ? null : readAvcSequence(set);
}

function aspectIn(pasp: Uint8Array | null): readonly [number, number] | null {
  if (pasp === null || pasp.length < 8) return null;
  const view = new DataView(pasp.buffer, pasp.byteOffset, pasp.length);
  const [across, up] = [view.getUint32(0), view.getUint32(4)];
  return across > 0 && up > 0 && across < 64 * up && up < 64 * across ? [across, up] : null;
}

/** `nclx` of ISO (12.1.5), or `nclc` of QuickTime, which has no range. */
function colourIn(colr: Uint8Array | null): Colour | null {
  const type = Buffer.from(colr?.subarray(0, 4) ?? []).toString('latin1');
  if (colr === null || colr.length < 10 || (type !== 'nclx' && type !== 'nclc')) return null;
  const view = new DataView(colr.buffer, colr.byteOffset, colr.length);
  const [primaries, transfer, matrix] = [view.getUint16(4), view.getUint16(6), view.getUint16(8)];
  return { primaries, transfer, matrix, isFullRange: ((colr[10] ?? 0) & 0x80) !== 0 };
}
