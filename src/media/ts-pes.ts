import type { Bytes, Seconds } from '../units.ts';

/** At which byte of a payload a time stamp holds for the frame that starts there, or next. */
export interface TimeMark {
  readonly offset: Bytes;
  readonly at: Seconds;
  /** When it is decoded. */
  readonly decodedAt: Seconds;
}

export interface PesPayload {
  readonly bytes: Uint8Array;
  readonly marks: readonly TimeMark[];
}

/** Time stamps count at 90 kHz in 33 bits: they begin again after 26.5 hours. */
export const TIMESTAMP_HERTZ = 90_000;
export const TIMESTAMP_WRAP: Seconds = 2 ** 33 / TIMESTAMP_HERTZ;

/** The payload of packetized elementary streams (ISO/IEC 13818-1 2.4.3.6) of one PID. */
export interface PesReader {
  readonly pid: number;
  readonly content: PesContent;
  push(payload: Uint8Array, isStart: boolean, counter: number): void;
  /** All of it so far, one packet behind the other. */
  end(): PesPayload;
}

/** What has come so far. */
interface PesContent {
  readonly pieces: Uint8Array[];
  readonly marks: TimeMark[];
  length: Bytes;
}

/** Goes on behind what another PID has brought, whose reader is not used any more: a stream may turn from one to another a thousand times. */
export function pesReader(pid: number, before: PesReader | null): PesReader {
  const content: PesContent = before?.content ?? { pieces: [], marks: [], length: 0 };
  const { pieces, marks } = content;
  let last: number | null = null;
  let isOpen = false;

  return {
    ...{ pid, content },
    push: (payload, isStart, counter) => {
      if (counter === last) return; // sent twice (2.4.3.3)
      const isLost = last !== null && counter !== ((last + 1) & 15);
      last = counter;
      if (isLost && !isStart) isOpen = false;
      if (!isStart && !isOpen) return;
      const head = isStart ? readPesHead(payload) : CONTINUED;
      isOpen = head !== null;
      if (head === null) return;
      if (head.at !== null) marks.push({ offset: content.length, at: head.at, decodedAt: head.decodedAt ?? head.at });
      const piece = new Uint8Array(payload.subarray(head.bytes)); // slice() of a Buffer copies nothing
      content.length += piece.length;
      pieces.push(piece);
    },
    end: () => ({ bytes: Buffer.concat(pieces), marks }),
  };
}

interface PesHead {
  readonly bytes: Bytes;
  readonly at: Seconds | null;
  readonly decodedAt: Seconds | null;
}

const CONTINUED: PesHead = { bytes: 0, at: null, decodedAt: null };

/** Length of the head of a PES packet and its time stamps; null where none begins. */
function readPesHead(payload: Uint8Array): PesHead | null {
  const [b0, b1, b2, , , , b6 = 0, flags = 0, extra = 0] = payload;
  if (b0 !== 0 || b1 !== 0 || b2 !== 1 || (b6 & 0xc0) !== 0x80) return null;
  return {
    bytes: 9 + extra,
    at: (flags & 0x80) !== 0 && extra >= 5 ? readTimestamp(payload, 9) : null,
    decodedAt: (flags & 0xc0) === 0xc0 && extra >= 10 ? readTimestamp(payload, 14) : null,
  };
}

/** 33 bits in five bytes, with markers between them. */
function readTimestamp(bytes: Uint8Array, at: number): Seconds {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  const high = (a >> 1) & 7;
  const low = ((b << 22) | ((c >> 1) << 15) | (d << 7) | (e >> 1)) >>> 0;
  return (high * 2 ** 30 + low) / TIMESTAMP_HERTZ;
}
