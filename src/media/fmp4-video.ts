import type { Frames, Hertz } from '../units.ts';
import { ascii, box, fullBox, HEAD_BYTES, u16, u32, u64, zeros, type Part } from './fmp4-box.ts';

/** Sound is track 1. */
export const VIDEO_TRACK = 2;

/** A picture track of H.264, cut into fragments. */
export interface VideoTrack {
  /** Ticks a second. */
  readonly timescale: Hertz;
  /** AVCDecoderConfigurationRecord. */
  readonly config: Uint8Array;
  /** As coded. */
  readonly width: number;
  readonly height: number;
  /** Width of a pixel to its height. */
  readonly pixelAspect?: readonly [number, number];
  /** Clockwise, how it is to be turned. */
  readonly rotation?: Rotation;
  /** In ticks; null while it is not known. */
  readonly duration: number | null;
  /** The composition time of what is shown at 0, in ticks. */
  readonly mediaTime?: number;
}

export type Rotation = 0 | 90 | 180 | 270;

/** A coded picture on the timeline of its track, in ticks. */
export interface VideoSample {
  /** NAL units behind four bytes of length. */
  readonly bytes: Uint8Array;
  readonly duration: number;
  /** From when it is decoded to when it is shown; may be negative. */
  readonly shownAfter: number;
  readonly isKey: boolean;
}

/** 0 to 1 in 16.16 and 2.30 (ISO/IEC 14496-12 section 6.2.2), turned clockwise about the corner. */
const TURN: Readonly<Record<Rotation, readonly [number, number, number, number]>> = {
  0: [1, 0, 0, 1],
  90: [0, 1, -1, 0],
  180: [-1, 0, 0, -1],
  270: [0, -1, 1, 0],
};
const NORMAL_RATE = u32(0x10000);
const UNDETERMINED = u16(0x55c4);
const SHOWN = 0x000003;
const DPI_72 = u32(0x480000);
/** sample_depends_on, and sample_is_non_sync_sample (ISO/IEC 14496-12 section 8.8.3.1). */
const FLAGS = { key: 0x02000000, other: 0x01010000 } as const;
const TFHD = { baseIsMoof: 0x020000 } as const;
const TRUN = {
  dataOffset: 0x000001,
  duration: 0x000100,
  size: 0x000200,
  flags: 0x000400,
  shownAfter: 0x000800,
} as const;

/** A track box for a file without samples of its own. */
export function videoTrak(track: VideoTrack): Uint8Array {
  const { width, height, rotation = 0, pixelAspect = [1, 1] as const } = track;
  const times = [...zeros(8), ...u32(VIDEO_TRACK), ...zeros(8)];
  const shown = [Math.round((width * pixelAspect[0]) / pixelAspect[1]), height] as const;
  const [a, b, c, d] = TURN[rotation];
  // What is turned lies outside until it is moved back.
  const x = rotation === 90 ? shown[1] : rotation === 180 ? shown[0] : 0;
  const y = rotation === 180 ? shown[1] : rotation === 270 ? shown[0] : 0;
  const fixed = [a, b, 0, c, d, 0, x, y].flatMap((value) => [...u32(value * 0x10000)]);
  const matrix = [...fixed, ...u32(0x40000000)];
  const tkhd = fullBox(
    ...(['tkhd', 0, SHOWN, times, zeros(12), zeros(4), matrix] as const),
    ...[u32(shown[0] * 0x10000), u32(shown[1] * 0x10000)],
  );
  const elst = fullBox('elst', 0, 0, u32(1), u32(0), u32(track.mediaTime ?? 0), NORMAL_RATE);
  return box('trak', tkhd, ...(track.mediaTime === undefined ? [] : [box('edts', elst)]), mdia(track));
}

/** The defaults of its fragments. */
export const videoTrex = (): Uint8Array =>
  fullBox('trex', 0, 0, u32(VIDEO_TRACK), u32(1), zeros(4), zeros(4), u32(FLAGS.other));

/** The head of a fragmented file with this track alone (ISO/IEC 14496-12 sections 4.3, 8.2 and 8.8). */
export function videoInit(track: VideoTrack): Uint8Array {
  const mehd = track.duration === null ? [] : [fullBox('mehd', 1, 0, u64(track.duration))];
  const mvex = box('mvex', ...mehd, videoTrex());
  const moov = box('moov', movieHeader(track.timescale), videoTrak(track), mvex);
  return Buffer.concat([fileType(), moov]);
}

/** `iso6` with what CMAF asks for (ISO/IEC 23000-19 section 7.2). */
const fileType = (): Uint8Array => box('ftyp', ascii('iso6'), u32(0), ascii('iso6cmfcmp41'));

function movieHeader(timescale: Hertz): Uint8Array {
  const matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap((value) => [...u32(value)]);
  const times = [...zeros(8), ...u32(timescale), ...zeros(4)];
  return fullBox('mvhd', 0, 0, times, NORMAL_RATE, u16(0x0100), zeros(10), matrix, zeros(24), u32(VIDEO_TRACK + 1));
}

/** Pictures that follow each other in the order they are decoded. */
export interface VideoFragment {
  /** Grows from fragment to fragment. */
  readonly sequence: number;
  /** Of the first one, in ticks. */
  readonly decodeTime: number;
  readonly samples: readonly VideoSample[];
}

/** A `moof` and its `mdat` (ISO/IEC 14496-12 section 8.8). */
export function videoFragment({ sequence, decodeTime, samples }: VideoFragment): Uint8Array {
  const isShifted = samples.some(({ shownAfter }) => shownAfter !== 0);
  const flags = TRUN.dataOffset | TRUN.duration | TRUN.size | TRUN.flags | (isShifted ? TRUN.shownAfter : 0);
  const entries = samples.flatMap(({ bytes, duration, shownAfter, isKey }) => [
    ...[u32(duration), u32(bytes.length), u32(isKey ? FLAGS.key : FLAGS.other)],
    ...(isShifted ? [u32(shownAfter)] : []),
  ]);
  const moof = (dataOffset: number): Uint8Array =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(sequence)),
      box(
        'traf',
        fullBox('tfhd', 0, TFHD.baseIsMoof, u32(VIDEO_TRACK)),
        fullBox('tfdt', 1, 0, u64(decodeTime)),
        // Version 1: pictures may be shown before they are decoded, which only counts from the first one on.
        fullBox('trun', 1, flags, u32(samples.length), u32(dataOffset), ...entries),
      ),
    );
  return Buffer.concat([moof(moof(0).length + HEAD_BYTES), box('mdat', ...samples.map(({ bytes }) => bytes))]);
}

function mdia(track: VideoTrack): Uint8Array {
  const times = [...zeros(8), ...u32(track.timescale), ...zeros(4)];
  const mdhd = fullBox('mdhd', 0, 0, times, UNDETERMINED, zeros(2));
  const hdlr = fullBox('hdlr', 0, 0, zeros(4), ascii('vide'), zeros(12), ascii('Baton\0'));
  const sameFile = fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1));
  const stbl = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), sampleEntry(track)),
    ...['stts', 'stsc', 'stco'].map((type) => fullBox(type, 0, 0, u32(0))),
    fullBox('stsz', 0, 0, zeros(8)),
  );
  const minf = box('minf', fullBox('vmhd', 0, 1, zeros(8)), box('dinf', sameFile), stbl);
  return box('mdia', mdhd, hdlr, minf);
}

/** ISO/IEC 14496-12 section 12.1.3 and 14496-15 section 5.4.2.1. */
function sampleEntry({ width, height, config, pixelAspect: [across, up] = [1, 1] }: VideoTrack): Uint8Array {
  const picture: readonly Part[] = [
    ...[zeros(6), u16(1), zeros(16), u16(width), u16(height), DPI_72, DPI_72, zeros(4), u16(1)],
    ...[zeros(32), u16(24), [0xff, 0xff]],
  ];
  return box('avc1', ...picture, box('avcC', config), box('pasp', u32(across), u32(up)));
}

/** A fragment as `videoFragment` writes it. */
export interface WrittenFragment {
  readonly bytes: Uint8Array;
  /** Of its first picture, in ticks. */
  readonly decodeTime: number;
  /** When that is shown: its composition time. */
  readonly shownAt: number;
}

/** Fragments one behind the other. */
export function* fragmentsIn(bytes: Uint8Array): Generator<WrittenFragment> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const end = at + view.getUint32(at) + view.getUint32(at + view.getUint32(at));
    const decodeTime = Number(view.getBigUint64(at + TFDT_TIME));
    const isShifted = (view.getUint32(at + TRUN_FLAGS) & TRUN.shownAfter) !== 0;
    const shownAt = decodeTime + (isShifted ? view.getInt32(at + FIRST_ENTRY + 12) : 0);
    yield { bytes: bytes.subarray(at, end), decodeTime, shownAt };
    at = end;
  }
}

/** Such a fragment, decoded at another time. */
export function decodedAt({ bytes }: WrittenFragment, decodeTime: number): Uint8Array {
  const moved = Uint8Array.from(bytes);
  new DataView(moved.buffer).setBigUint64(TFDT_TIME, BigInt(decodeTime));
  return moved;
}

/** The pictures of such a fragment. */
export function samplesIn({ bytes }: WrittenFragment): readonly VideoSample[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isShifted = (view.getUint32(TRUN_FLAGS) & TRUN.shownAfter) !== 0;
  const entryBytes = isShifted ? 16 : 12;
  let from = view.getUint32(TRUN_FLAGS + 8);
  return Array.from({ length: view.getUint32(TRUN_FLAGS + 4) }, (_, index) => {
    const at = FIRST_ENTRY + index * entryBytes;
    const end = from + view.getUint32(at + 4);
    const sample: VideoSample = {
      bytes: bytes.subarray(from, end),
      duration: view.getUint32(at),
      shownAfter: isShifted ? view.getInt32(at + 12) : 0,
      isKey: view.getUint32(at + 8) === FLAGS.key,
    };
    from = end;
    return sample;
  });
}

/** Behind the heads of moof and traf, all of mfhd and tfhd, and the head of tfdt with its version. */
const TFDT_TIME = 8 + 16 + 8 + 16 + 12;
/** Behind the head of trun; and behind its flags, count and offset. */
const TRUN_FLAGS = TFDT_TIME + 8 + 8;
const FIRST_ENTRY = TRUN_FLAGS + 4 + 4 + 4;

/** How many pictures a fragment of `ms` holds, at least one. */
export const picturesIn = (ms: number, rate: number): Frames => Math.max(1, Math.round((ms * rate) / 1000));
