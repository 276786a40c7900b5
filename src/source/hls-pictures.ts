import { BatonError } from '../errors.ts';
import { readAvcConfig, readAvcSequence, writeAvcConfig } from '../media/avc.ts';
import { avcPictures, MOST_UNITS, pictureOf, setsIn, type AvcPicture, type AvcSets } from '../media/avc-pictures.ts';
import type { PictureTrack } from '../media/fragment-init.ts';
import { type FragmentSample, isFragment, readFragments } from '../media/fragments.ts';
import type { PictureCoding } from '../media/picture-entry.ts';
import { isTransportStream } from '../media/ts-packets.ts';
import { tsPictures } from '../media/ts-pictures.ts';
import { TIMESTAMP_HERTZ, TIMESTAMP_WRAP } from '../media/ts-pes.ts';
import type { Bytes, Hertz, Seconds } from '../units.ts';

/** A coded picture on the clock of its segment; of H.264 NAL units behind four bytes of length, without parameter sets. */
export type HlsPicture = AvcPicture;

/** The pictures of one segment, in the order they are decoded. */
export interface HlsPictures {
  readonly coding: PictureCoding;
  /** Pictures a second: of most of them. */
  readonly rate: number;
  readonly pictures: readonly HlsPicture[];
  /** Of its time stamps, in a second. */
  readonly timescale: Hertz;
}

/** What a segment is read with. */
export interface PicturesContext {
  /** Of its initialization section; null where it has none. */
  readonly track: PictureTrack | null;
  /** About when its first picture is shown on a clock that never begins again; null where nobody knows. */
  readonly near: Seconds | null;
  /** How pictures before it were coded: not every segment repeats that. */
  readonly known: PictureCoding | null;
  /** It is the beginning of a segment alone, and its last picture need not be whole. */
  readonly isCut?: boolean;
}

/**
 * The pictures in a segment, which is a transport stream or fragmented MP4 (RFC 8216 3), told by its bytes. In a transport
 * stream H.264 alone is read.
 * @throws SOURCE_NO_VIDEO, SOURCE_DAMAGED, SOURCE_PROTECTED, VIDEO_UNSUPPORTED
 */
export function readPictures(segment: Uint8Array, context: PicturesContext): HlsPictures {
  const read = context.track !== null || isFragment(segment) ? fromFragments : fromTransport;
  const { pictures, ...told } = read(segment, context);
  if (pictures.length === 0) throw new BatonError('SOURCE_DAMAGED', 'a segment without pictures');
  if (pictures.length > MOST_PICTURES) throw new BatonError('SOURCE_DAMAGED', `${pictures.length} pictures`);
  const configBytes = told.coding.config?.length ?? 0;
  if (configBytes > LARGEST_CONFIG) throw new BatonError('SOURCE_DAMAGED', `parameter sets of ${configBytes} bytes`);
  return { ...told, pictures, rate: rateOf(pictures) };
}

/** At 60 a second, of more than two minutes. */
const MOST_PICTURES = 10_000;
/** It goes before each key picture of another kind, and into what is kept of a channel. */
const LARGEST_CONFIG: Bytes = 4_096;

type Read = Omit<HlsPictures, 'rate'>;

function fromTransport(segment: Uint8Array, { near, known }: PicturesContext): Read {
  if (!isTransportStream(segment)) throw new BatonError('SOURCE_NO_VIDEO', 'no transport stream, nor fragments');
  const found = tsPictures(segment);
  if (found.coding === null) throw new BatonError('SOURCE_NO_VIDEO', 'a transport stream without pictures');
  if (found.coding.kind === 'protected') throw new BatonError('SOURCE_PROTECTED', found.coding.name);
  if (found.coding.kind === 'unsupported') throw new BatonError('VIDEO_UNSUPPORTED', found.coding.name);
  const { pictures, sets } = avcPictures(found);
  const coding = codingBy(sets) ?? known;
  if (coding === null) throw new BatonError('SOURCE_DAMAGED', 'pictures without parameter sets');
  return { coding, pictures: unwrapped(pictures, near), timescale: TIMESTAMP_HERTZ };
}

/** Null where there are not sets of both kinds. */
function codingBy({ sequences, pictures }: AvcSets): PictureCoding | null {
  const [first] = sequences;
  if (first === undefined || pictures.length === 0) return null;
  const sequence = readAvcSequence(first);
  if (sequence === null) throw new BatonError('SOURCE_DAMAGED', 'a sequence parameter set');
  const { width, height, colour } = sequence;
  const pixelAspect = sequence.pixelAspect ?? [1, 1];
  return { codec: 'h264', config: writeAvcConfig(sequences, pictures), width, height, pixelAspect, colour };
}

/** Time stamps begin again after their last one: each is the nearest to the one before, the first one to `near`. */
function unwrapped(pictures: readonly HlsPicture[], near: Seconds | null): HlsPicture[] {
  let expected = near ?? pictures[0]?.at ?? 0;
  const nearest = (stamp: Seconds): Seconds => stamp + TIMESTAMP_WRAP * Math.round((expected - stamp) / TIMESTAMP_WRAP);
  return pictures.map((picture) => {
    const decodedAt = nearest(picture.decodedAt);
    const at = nearest(picture.at);
    expected = decodedAt;
    return { ...picture, decodedAt, at };
  });
}

function fromFragments(segment: Uint8Array, { track, isCut = false }: PicturesContext): Read {
  if (track === null) throw new BatonError('SOURCE_DAMAGED', 'fragmented MP4 without an initialization section');
  const samples = readFragments(segment, track, isCut);
  const { coding, timescale } = track;
  if (coding.codec !== 'h264')
    return { coding, timescale, pictures: samples.map((sample) => plainPicture(sample, track)) };
  const stated = coding.config && readAvcConfig(coding.config);
  if (stated === null) throw new BatonError('SOURCE_DAMAGED', 'an avcC');
  let left = MOST_UNITS;
  const units = samples.map(({ bytes }) => {
    const own = [...lengthUnits(bytes, stated.lengthBytes, isCut, left)];
    left -= own.length;
    return own;
  });
  const pictures = samples.map((sample, index): HlsPicture => {
    const picture = pictureOf(units[index] ?? [], timesOf(sample, track));
    return { ...picture, isKey: sample.isSync || picture.isIdr };
  });
  // Those of `avc3` stand among the pictures (ISO/IEC 14496-15 5.3.1).
  return { coding: codingBy(setsIn(units.flat())) ?? withLongLengths(coding), timescale, pictures };
}

/** On the clock of the presentation, as an edit list says. */
function timesOf({ at, shift }: FragmentSample, { origin }: PictureTrack): Pick<HlsPicture, 'at' | 'decodedAt'> {
  const decodedAt = at - origin;
  return { at: decodedAt + shift, decodedAt };
}

const plainPicture = (sample: FragmentSample, track: PictureTrack): HlsPicture => ({
  ...{ bytes: sample.bytes, ...timesOf(sample, track), isKey: sample.isSync, isIdr: false },
});

/** NAL units behind lengths. Throws SOURCE_DAMAGED where those do not fill the picture, or are more than `most`. */
function* lengthUnits(
  bytes: Uint8Array,
  lengthBytes: number,
  isCut: boolean,
  most: number,
): Generator<Uint8Array, void> {
  let at = 0;
  let left = most;
  while (at + lengthBytes <= bytes.length) {
    let length = 0;
    for (let index = 0; index < lengthBytes; index++) length = length * 256 + (bytes[at + index] ?? 0);
    const end = at + lengthBytes + length;
    if (end > bytes.length) break;
    if (length > 0 && --left < 0) throw new BatonError('SOURCE_DAMAGED', `more than ${MOST_UNITS} units`);
    if (length > 0) yield bytes.subarray(at + lengthBytes, end);
    at = end;
  }
  if (isCut && at + lengthBytes < bytes.length) yield bytes.subarray(at + lengthBytes);
  if (!isCut && at !== bytes.length) throw new BatonError('SOURCE_DAMAGED', 'units that do not fill their picture');
}

/** What is read has lengths of four bytes. */
function withLongLengths(coding: PictureCoding): PictureCoding {
  const config = new Uint8Array(coding.config ?? []);
  config[4] = (config[4] ?? 0) | 3;
  return { ...coding, config };
}

/** Of most pictures, else on average. Time stamps are rounded to ticks: the mean of equal steps is nearer to the truth. */
function rateOf(pictures: readonly HlsPicture[]): number {
  const times = pictures.map(({ at }) => at).toSorted((a, b) => a - b);
  const steps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  const usual = steps.toSorted((a, b) => a - b)[steps.length >> 1] ?? 0;
  if (usual <= 0) return USUAL_RATE;
  const equal = steps.filter((step) => Math.abs(step - usual) < ROUNDING);
  return equal.length / equal.reduce((sum, step) => sum + step, 0);
}

/** Of a single picture nobody knows. */
const USUAL_RATE = 25;
const ROUNDING: Seconds = 2 / 90_000;
