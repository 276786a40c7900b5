import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { MOST_PICTURE } from './picture-format.ts';

/** A coded packet of a show with pictures, on the clock of its publisher. */
export interface FilmPacket {
  readonly track: 'sound' | 'pictures';
  readonly bytes: Uint8Array;
  /** Of sound when it begins, of a picture when it is shown. */
  readonly at: Milliseconds;
  /** Of a picture: decoding may begin with it. */
  readonly isKey: boolean;
}

/** A picture of which the end has not come; as JSON it goes on in another process. */
export interface PicturePart {
  readonly base64: string;
  readonly at: Milliseconds;
  readonly isKey: boolean;
}

/** Flags in one byte, size in two, time in four, in network order. */
export const FILM_RECORD_HEAD: Bytes = 7;
export const FLAG = { picture: 1, key: 2, goesOn: 4, isPart: 8 } as const;
/** Of the time. */
export const TICKS_PER_MS = 10;

/**
 * The packets that are whole with the payload of a data message, and the part of a picture that is left; `isLost`: messages
 * before this one are missing, with what a part in it begins with.
 * @throws INGEST_INVALID
 */
export function readFilmRecords(
  payload: Uint8Array,
  before: PicturePart | null,
  isLost: boolean,
): { readonly packets: readonly FilmPacket[]; readonly part: PicturePart | null } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const packets: FilmPacket[] = [];
  let part = before;
  for (let place = 0; place < payload.length;) {
    const start = place + FILM_RECORD_HEAD;
    const end = start <= payload.length ? start + view.getUint16(place + 1) : start;
    if (end <= start || end > payload.length) throw invalid(`no whole record at ${place} of a data message`);
    const flags = view.getUint8(place);
    const bytes = payload.subarray(start, end);
    place = end;
    if ((flags & FLAG.picture) === 0) {
      if (flags !== 0) throw invalid(`sound with flags ${flags}`);
      packets.push({ track: 'sound', bytes, at: timeAt(view, start), isKey: true });
      continue;
    }
    const goesOn = (flags & FLAG.goesOn) !== 0;
    if (goesOn && part === null && isLost) continue;
    if (goesOn !== (part !== null)) throw invalid('a picture that is cut in another way than it says');
    const [at, isKey] = part === null ? [timeAt(view, start), (flags & FLAG.key) !== 0] : [part.at, part.isKey];
    const whole = part === null ? bytes : Buffer.concat([Buffer.from(part.base64, 'base64'), bytes]);
    if (whole.length > MOST_PICTURE) throw invalid(`a picture of ${whole.length} bytes`);
    if ((flags & FLAG.isPart) !== 0) part = { base64: Buffer.from(whole).toString('base64'), at, isKey };
    else {
      packets.push({ track: 'pictures', bytes: whole, at, isKey });
      part = null;
    }
  }
  return { packets, part };
}

/** The time that a record tells, which has 32 bits of it (five days), nearest to `due`. */
export const timeNear = (due: Milliseconds, at: Milliseconds): Milliseconds =>
  at + Math.round((due - at) / TURN_MS) * TURN_MS;

const TURN_MS: Milliseconds = 2 ** 32 / TICKS_PER_MS;

const timeAt = (view: DataView, start: Bytes): Milliseconds => view.getUint32(start - 4) / TICKS_PER_MS;

const invalid = (detail: string): BatonError => new BatonError('INGEST_INVALID', detail);
