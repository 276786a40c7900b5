import { BatonError } from '../errors.ts';
import { lengthPrefixed, unitsIn } from './annex-b.ts';
import { NAL, nalType } from './avc.ts';
import type { PesPayload } from './ts-pes.ts';
import type { Seconds } from '../units.ts';

/** A picture of H.264 as it is decoded. */
export interface AvcPicture {
  /** NAL units behind four bytes of length, without delimiters and parameter sets. */
  readonly bytes: Uint8Array;
  readonly at: Seconds;
  readonly decodedAt: Seconds;
  /** Whether decoding may begin with it. */
  readonly isKey: boolean;
  /** It begins a sequence: nothing behind it refers to anything before it. */
  readonly isIdr: boolean;
}

/** Parameter sets, each once. */
export interface AvcSets {
  readonly sequences: readonly Uint8Array[];
  readonly pictures: readonly Uint8Array[];
}

/** In a segment; each takes far more memory than the few bytes that it may have. */
export const MOST_UNITS = 200_000;
const SETS: readonly number[] = [NAL.sps, NAL.pps];
const LEFT_OUT: readonly number[] = [NAL.delimiter, NAL.sps, NAL.pps, NAL.endOfSequence, NAL.endOfStream, NAL.filler];

/**
 * The pictures of H.264 with start codes (ITU-T H.264 annex B). One begins where a time stamp says so; what has no time stamp
 * of its own, as a second field, belongs to the one before. What comes before the first time stamp is left out.
 * @throws SOURCE_DAMAGED for more than `MOST_UNITS`
 */
export function avcPictures({ bytes, marks }: PesPayload): {
  readonly pictures: readonly AvcPicture[];
  readonly sets: AvcSets;
} {
  const pictures: AvcPicture[] = [];
  const parameters: Uint8Array[] = [];
  let units: Uint8Array[] = [];
  let time: PesPayload['marks'][number] | null = null;
  let next = 0;
  let left = MOST_UNITS;

  function close(): void {
    if (time !== null && units.some(isSlice)) pictures.push(pictureOf(units, time));
    units = [];
  }

  for (const { unit, offset } of unitsIn(bytes)) {
    if (--left < 0) throw new BatonError('SOURCE_DAMAGED', `more than ${MOST_UNITS} units`);
    const mark = marks[next];
    if (mark !== undefined && mark.offset <= offset) {
      close();
      while (next < marks.length && (marks[next]?.offset ?? Infinity) <= offset) time = marks[next++] ?? null;
    }
    units.push(unit);
    if (SETS.includes(nalType(unit))) parameters.push(unit);
  }
  close();
  return { pictures, sets: setsIn(parameters) };
}

/** The parameter sets among NAL units. */
export function setsIn(units: readonly Uint8Array[]): AvcSets {
  const sets = { sequences: [] as Uint8Array[], pictures: [] as Uint8Array[] };
  for (const unit of units) {
    if (nalType(unit) === NAL.sps) addOnce(sets.sequences, unit);
    if (nalType(unit) === NAL.pps) addOnce(sets.pictures, unit);
  }
  return sets;
}

const MOST_SETS = 31;

function addOnce(known: Uint8Array[], unit: Uint8Array): void {
  const isKnown = known.some((one) => Buffer.compare(one, unit) === 0);
  if (!isKnown && known.length < MOST_SETS) known.push(new Uint8Array(unit));
}

/** The picture that these NAL units are, which may have parameter sets among them. */
export function pictureOf(
  units: readonly Uint8Array[],
  { at, decodedAt }: Pick<AvcPicture, 'at' | 'decodedAt'>,
): AvcPicture {
  const isIdr = units.some((unit) => nalType(unit) === NAL.idr);
  const isKey = isIdr || units.some(isRecoveryPoint);
  return {
    bytes: lengthPrefixed(units.filter((unit) => !LEFT_OUT.includes(nalType(unit)))),
    at,
    decodedAt,
    isKey,
    isIdr,
  };
}

const isSlice = (unit: Uint8Array): boolean => nalType(unit) >= NAL.slice && nalType(unit) <= NAL.idr;

/** Whether one of its messages says that pictures are right from here on (7.3.2.3.1, D.1.8: recovery_frame_cnt is 0). */
function isRecoveryPoint(unit: Uint8Array): boolean {
  if (nalType(unit) !== NAL.sei) return false;
  for (let at = 1; at + 2 < unit.length;) {
    const [type, size] = [unit[at] ?? 0, unit[at + 1] ?? 0];
    if (type === RECOVERY_POINT) return ((unit[at + 2] ?? 0) & 0x80) !== 0;
    if (type === LONGER || size === LONGER) return false;
    at += 2 + size;
  }
  return false;
}

const RECOVERY_POINT = 6;
const LONGER = 0xff;
