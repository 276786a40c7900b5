import { BatonError, hasCode } from '../errors.ts';
import type { Engine } from '../ffmpeg/engine.ts';
import { PICTURE_LIMITS } from '../ffmpeg/limits.ts';
import { FIRST_FRAME, pictureArgs, sampleArgs, SUBTICKS, type PictureFormat } from '../ffmpeg/picture-args.ts';
import { startFfmpeg } from '../ffmpeg/process.ts';
import { EncoderKilled, runFfmpeg } from '../ffmpeg/run.ts';
import { accessUnits, lengthPrefixed } from '../media/annex-b.ts';
import { NAL, nalType } from '../media/avc.ts';
import { matroskaPacketHead, matroskaPicturesHead, type MatroskaPictures } from '../media/matroska.ts';
import type { EncodeMeter } from '../encode/output.ts';
import type { PictureTimeline } from '../grid/picture.ts';
import type { Frames, Milliseconds } from '../units.ts';
import type { Film, FilmFacts, FilmPacket } from './film.ts';
import { neededPackets } from './needed-packets.ts';

/** A frame of H.264: NAL units behind four bytes of length, parameter sets left out. */
export interface CodedFrame {
  readonly bytes: Uint8Array;
  readonly isKey: boolean;
}

/** What a decoder is told before the first frame. */
export interface ParameterSets {
  readonly sequence: Uint8Array;
  readonly picture: Uint8Array;
}

const ATTEMPTS = 3;
const CODEC_IDS = {
  h264: 'V_MPEG4/ISO/AVC',
  hevc: 'V_MPEGH/ISO/HEVC',
  vp8: 'V_VP8',
  vp9: 'V_VP9',
  av1: 'V_AV1',
  mpeg4: 'V_MPEG4/ISO/ASP',
} as const satisfies Record<FilmFacts['codec'], MatroskaPictures['codecId']>;

/** What is to be coded, and how. */
export interface PicturesWanted {
  readonly film: Pick<Film, 'facts' | 'packets'>;
  readonly timeline: Pick<PictureTimeline, 'rate' | 'phase' | 'tolerance'>;
  readonly from: Frames;
  readonly to: Frames;
  readonly format: PictureFormat;
  readonly sets: ParameterSets;
}

/**
 * Frames [from, to) of a film as they are coded: what is on the screen at each of them. The first one is a key frame, and any process makes the same bytes. When somebody kills ffmpeg it is run again. Throws
 * SOURCE_DAMAGED where nothing can be decoded, what `runFfmpeg` and the film throw, and ENCODER_FAILED where the encoder
 * breaks its word.
 */
export async function* encodePictures(
  wanted: PicturesWanted,
  engine: Engine,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<CodedFrame, void> {
  const most = wanted.to - wanted.from;
  let given: Frames = 0;
  for (let attempt = 1; ; attempt++) {
    let count: Frames = 0;
    try {
      for await (const frame of encodeOnce(wanted, engine, meter, signal)) {
        count += 1;
        if (count <= given) continue;
        given = count;
        yield frame;
      }
      if (count < most) throw new BatonError('ENCODER_FAILED', `${count} of ${most} frames`);
      return;
    } catch (error) {
      const wasKilled = error instanceof EncoderKilled && !error.isCrash;
      if (wasKilled && attempt < ATTEMPTS) continue;
      if (!wasKilled && count === 0 && hasCode(error, 'ENCODER_FAILED'))
        throw new BatonError('SOURCE_DAMAGED', error.detail, { cause: error });
      throw error;
    }
  }
}

/** The parameter sets of every encode of `format`. */
export async function encodeSets(format: PictureFormat, engine: Engine, signal: AbortSignal): Promise<ParameterSets> {
  const { sets } = await encodeSample(format, engine, signal);
  return sets;
}

/** A grey key frame of `format`. */
export async function encodeGrey(format: PictureFormat, engine: Engine, signal: AbortSignal): Promise<Uint8Array> {
  const { units, sets } = await encodeSample(format, engine, signal);
  return frameOf(units, sets).bytes;
}

async function encodeSample(
  format: PictureFormat,
  engine: Engine,
  signal: AbortSignal,
): Promise<{ readonly units: readonly Uint8Array[]; readonly sets: ParameterSets }> {
  const grey = new Uint8Array((format.width * format.height * 3) / 2).fill(128);
  const process = startFfmpeg(engine.path, sampleArgs(format, engine.arch), 1, PICTURE_LIMITS);
  const found = accessUnits();
  const frames: (readonly Uint8Array[])[] = [];
  for await (const { bytes } of runFfmpeg(process, () => once(grey), signal)) frames.push(...found.push(bytes));
  const [units = []] = [...frames, ...found.end()];
  const sequence = units.find((unit) => nalType(unit) === NAL.sps);
  const picture = units.find((unit) => nalType(unit) === NAL.pps);
  if (sequence === undefined || picture === undefined) throw new BatonError('ENCODER_FAILED', process.stderr());
  return { units, sets: { sequence, picture } };
}

async function* encodeOnce(
  { film, timeline, from, to, format, sets }: PicturesWanted,
  engine: Engine,
  meter: EncodeMeter,
  signal: AbortSignal,
): AsyncGenerator<CodedFrame, void> {
  const { codec, rotation } = film.facts;
  const { num, den } = timeline.rate;
  const lastShownAt = (frame: Frames): number => timeline.phase + ((frame + timeline.tolerance) * den) / num;
  const args = pictureArgs(codec, rotation, to - from, format, engine.arch);
  const startedAt = performance.now();
  const process = startFfmpeg(engine.path, args, 1, PICTURE_LIMITS);
  const units = accessUnits();
  const input = (stop: AbortSignal): AsyncIterable<Uint8Array> => {
    const reading = AbortSignal.any([signal, stop]);
    const packets = film.packets(lastShownAt(from), lastShownAt(to - 1), reading, meter);
    const needed = neededPackets(packets, film.facts, lastShownAt(from));
    return asMatroska(film.facts, needed, timeline, from, () => (meter.sourceMs ||= performance.now() - startedAt));
  };
  try {
    for await (const { bytes } of runFfmpeg(process, input, signal))
      for (const unit of units.push(bytes)) {
        meter.encodeMs ||= performance.now() - startedAt - meter.sourceMs;
        yield frameOf(unit, sets);
      }
    for (const unit of units.end()) yield frameOf(unit, sets);
  } finally {
    meter.encoderCpuMs += process.cpuMs();
  }
}

/** Packets with the clock that `pictureArgs` expects. What comes first of all is shown from the first frame on. */
async function* asMatroska(
  { codec, config, width, height }: FilmFacts,
  packets: AsyncIterable<FilmPacket>,
  { phase, tolerance, rate: { num, den } }: PicturesWanted['timeline'],
  from: Frames,
  onFirst: () => void,
): AsyncGenerator<Uint8Array, void> {
  const codecPrivate = config === null ? {} : { codecPrivate: config };
  const ticksAt = (at: number): number =>
    Math.ceil(SUBTICKS * (((at - phase) * num) / den - tolerance)) + SUBTICKS * (FIRST_FRAME - from);
  let latest = SUBTICKS * FIRST_FRAME;
  for await (const { bytes, at } of packets) {
    if (latest < Infinity) {
      onFirst();
      yield matroskaPicturesHead({ codecId: CODEC_IDS[codec], width, height, pictureMs: PICTURE, ...codecPrivate });
    }
    yield matroskaPacketHead(bytes.length, Math.max(0, Math.min(latest, ticksAt(at))));
    yield bytes;
    latest = Infinity;
  }
}

/** On the clock of the input. */
const PICTURE: Milliseconds = 4 * SUBTICKS;
const LEFT_OUT: readonly number[] = [NAL.sei, NAL.delimiter, NAL.sps, NAL.pps];

function frameOf(units: readonly Uint8Array[], sets: ParameterSets): CodedFrame {
  for (const unit of units) {
    const expected = nalType(unit) === NAL.sps ? sets.sequence : nalType(unit) === NAL.pps ? sets.picture : null;
    if (expected !== null && Buffer.compare(unit, expected) !== 0)
      throw new BatonError('ENCODER_FAILED', 'other parameter sets than were promised');
  }
  const bytes = lengthPrefixed(units.filter((unit) => !LEFT_OUT.includes(nalType(unit))));
  return { bytes, isKey: units.some((unit) => nalType(unit) === NAL.idr) };
}

// eslint-disable-next-line @typescript-eslint/require-await -- an input is asynchronous
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
