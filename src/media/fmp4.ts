import type { Frames, Samples } from '../units.ts';
import { ascii, box, fullBox, HEAD_BYTES, u16, u32, u64, zeros, type Part } from './fmp4-box.ts';
import { SAMPLE_RATE, sampleEntry, type AudioFormat } from './fmp4-entry.ts';
import { userData, type Gapless } from './fmp4-user-data.ts';
import { VIDEO_TRACK, videoTrak, videoTrex, type VideoTrack } from './fmp4-video.ts';
import type { Tags } from './tags.ts';

/** One audio track at 48 kHz, cut into fragments. */
export interface Track extends AudioFormat {
  readonly frameSamples: Samples;
  /** Of the presentation, without priming; null while it is not known. */
  readonly duration: Samples | null;
}

/** Frames that follow each other on the timeline of the track. */
export interface Fragment {
  /** Grows from fragment to fragment. */
  readonly sequence: number;
  /** When the first frame is decoded. Presentation begins when the priming has been decoded. */
  readonly decodeTime: Samples;
  readonly frames: readonly Uint8Array[];
  /** How much of the last frame is heard; left away when all of it is. */
  readonly lastSamples?: Samples;
  /** How long each frame lasts, where they are not all as long as those of the track. */
  readonly durations?: readonly Samples[];
}

const TRACK = 1;
/** Unity (ISO/IEC 14496-12 section 6.2.2). */
const MATRIX: Part = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].flatMap((value) => [...u32(value)]);
const FULL_VOLUME = u16(0x0100);
const NORMAL_RATE = u32(0x10000);
/** The track is enabled and part of the movie. */
const SHOWN = 0x000003;
const UNDETERMINED = u16(0x55c4); // 'und' in 5-bit letters
/** sample_depends_on = 2: every frame is a sync sample. */
const INDEPENDENT = u32(0x02000000);
const TFHD = { duration: 0x000008, baseIsMoof: 0x020000 } as const;
const TRUN = { dataOffset: 0x000001, duration: 0x000100, size: 0x000200 } as const;

/**
 * The head of a fragmented file with one track and no samples of its own (ISO/IEC 14496-12 sections 4.3, 8.2 and 8.8).
 * One edit takes the priming off, so that presentation time 0 is the first sample that is heard; `mehd` tells the length.
 *
 * @param pictures a second track, beside the sound
 * @param tags for readers that take the fragments from the first to the last for a file: see `userData`
 */
export function initSegment(track: Track, tags?: Tags, pictures?: VideoTrack): Uint8Array {
  const times = [...zeros(8), ...u32(SAMPLE_RATE), ...zeros(4)]; // made, changed; timescale; duration
  const next = u32((pictures ? VIDEO_TRACK : TRACK) + 1);
  const mvhd = fullBox('mvhd', 0, 0, times, NORMAL_RATE, FULL_VOLUME, zeros(10), MATRIX, zeros(24), next);
  const trex = fullBox('trex', 0, 0, u32(TRACK), u32(1), u32(track.frameSamples), zeros(4), INDEPENDENT);
  const mehd = track.duration === null ? [] : [fullBox('mehd', 1, 0, u64(track.duration))];
  const udta = tags === undefined ? [] : userData({ tags, gapless: gaplessOf(track) });
  // In front: readers take what `userData` says of gaps for the last track's.
  const others = pictures ? [videoTrak(pictures)] : [];
  const mvex = box('mvex', ...mehd, trex, ...(pictures ? [videoTrex()] : []));
  const moov = box('moov', mvhd, ...others, trak(track), mvex, udta);
  return concat(box('ftyp', ascii('iso6'), u32(0), ascii('iso6mp41')), moov);
}

/** A `moof` and its `mdat` (ISO/IEC 14496-12 section 8.8). */
export function fragment(wanted: Fragment, track: Track): Uint8Array {
  const { sequence, decodeTime, frames, lastSamples, durations } = wanted;
  const isCut = durations !== undefined || (lastSamples !== undefined && lastSamples !== track.frameSamples);
  const duration = (index: Frames): Part => {
    if (!isCut) return [];
    const usual = durations?.[index] ?? track.frameSamples;
    return u32(index === frames.length - 1 ? (lastSamples ?? usual) : usual);
  };
  const flags = TRUN.dataOffset | TRUN.size | (isCut ? TRUN.duration : 0);
  const samples = frames.flatMap((frame, index) => [duration(index), u32(frame.length)]);
  const moof = (dataOffset: number): Uint8Array =>
    box(
      'moof',
      fullBox('mfhd', 0, 0, u32(sequence)),
      box(
        'traf',
        fullBox('tfhd', 0, TFHD.baseIsMoof | TFHD.duration, u32(TRACK), u32(track.frameSamples)),
        fullBox('tfdt', 1, 0, u64(decodeTime)),
        fullBox('trun', 0, flags, u32(frames.length), u32(dataOffset), ...samples),
      ),
    );
  return concat(moof(moof(0).length + HEAD_BYTES), box('mdat', ...frames));
}

function gaplessOf({ codec, frameSamples, priming, duration }: Track): Gapless | null {
  if (codec !== 'aac' || duration === null) return null;
  const padding = -(priming + duration) % frameSamples;
  return { priming, padding: padding < 0 ? padding + frameSamples : 0, samples: duration };
}

function trak(track: Track): Uint8Array {
  const times = [...zeros(8), ...u32(TRACK), ...zeros(8)]; // made, changed; track; duration
  const layer = zeros(12); // and alternate_group
  const tkhd = fullBox('tkhd', 0, SHOWN, times, layer, FULL_VOLUME, zeros(2), MATRIX, zeros(8));
  // Of fragments that are still to come the edit shows all: its own duration is 0 (section 8.6.6.1).
  const elst = fullBox('elst', 0, 0, u32(1), u32(0), u32(track.priming), NORMAL_RATE);
  return box('trak', tkhd, box('edts', elst), mdia(track));
}

function mdia(track: Track): Uint8Array {
  const times = [...zeros(8), ...u32(SAMPLE_RATE), ...zeros(4)];
  const mdhd = fullBox('mdhd', 0, 0, times, UNDETERMINED, zeros(2));
  const hdlr = fullBox('hdlr', 0, 0, zeros(4), ascii('soun'), zeros(12), ascii('Baton\0'));
  const sameFile = fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1));
  const stbl = box(
    'stbl',
    fullBox('stsd', 0, 0, u32(1), sampleEntry(track)),
    ...['stts', 'stsc', 'stco'].map((type) => fullBox(type, 0, 0, u32(0))),
    fullBox('stsz', 0, 0, zeros(8)),
  );
  const minf = box('minf', fullBox('smhd', 0, 0, zeros(4)), box('dinf', sameFile), stbl);
  return box('mdia', mdhd, hdlr, minf);
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const [first, second] = [parts[0] ?? new Uint8Array(), parts[1] ?? new Uint8Array()];
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
