import { BatonError } from '../errors.ts';
import type { Bytes, Milliseconds } from '../units.ts';

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
const FLAG = { picture: 1, key: 2, goesOn: 4, isPart: 8 } as const;
/** Of the time. */
const TICKS_PER_MS = 10;
/** Of 720p it is a fifth. */
const MOST_PICTURE: Bytes = 512 * 1024;

/** Packets as payloads of at most `most` bytes; a picture may be cut, sound is not. */
export function writeFilmRecords(packets: readonly FilmPacket[], most: Bytes): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let records: Uint8Array[] = [];
  let room = most;
  const close = (): void => {
    if (records.length > 0) payloads.push(Buffer.concat(records));
    [records, room] = [[], most];
  };
  for (const { track, bytes, at, isKey } of packets) {
    const kind = track === 'sound' ? 0 : FLAG.picture | (isKey ? FLAG.key : 0);
    if (track === 'sound' && FILM_RECORD_HEAD + bytes.length > room) close();
    for (let from = 0; from < bytes.length;) {
      if (room <= FILM_RECORD_HEAD) close();
      const piece = bytes.subarray(from, from + room - FILM_RECORD_HEAD);
      const isLast = from + piece.length === bytes.length;
      records.push(record(kind | (from > 0 ? FLAG.goesOn : 0) | (isLast ? 0 : FLAG.isPart), at, piece));
      room -= FILM_RECORD_HEAD + piece.length;
      from += piece.length;
    }
  }
  close();
  return payloads;
}

function record(flags: number, at: Milliseconds, bytes: Uint8Array): Uint8Array {
  const written = new Uint8Array(FILM_RECORD_HEAD + bytes.length);
  const view = new DataView(written.buffer);
  view.setUint8(0, flags);
  view.setUint16(1, bytes.length);
  view.setUint32(3, Math.round(at * TICKS_PER_MS));
  written.set(bytes, FILM_RECORD_HEAD);
  return written;
}

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

const timeAt = (view: DataView, start: Bytes): Milliseconds => view.getUint32(start - 4) / TICKS_PER_MS;

const invalid = (detail: string): BatonError => new BatonError('INGEST_INVALID', detail);
