import type { Bytes, Seconds } from '../units.ts';
import { readProgramAssociation, readProgramMap, sectionReader, type TsStream } from './ts-sections.ts';

/** The sound of a stretch of an MPEG transport stream (ISO/IEC 13818-1), as frames one behind the other. */
export interface TsSound {
  /** What its program map says the sound is; null where there is no sound. */
  readonly coding: TsCoding | null;
  readonly bytes: Uint8Array;
  /** At which bytes a time stamp holds for the frame that starts there, or next. */
  readonly marks: readonly TimeMark[];
  /** ID3 tags of timed metadata, in the order of their packets. */
  readonly tags: readonly TimedTag[];
}

/** By its name here where Baton reads it, else as people call it. */
export type TsCoding =
  { readonly kind: 'frames' } | { readonly kind: 'unsupported' | 'protected'; readonly name: string };

export interface TimeMark {
  readonly offset: Bytes;
  readonly at: Seconds;
}

export interface TimedTag {
  readonly bytes: Uint8Array;
  /** Null where nothing says so. */
  readonly at: Seconds | null;
}

/** Takes a transport stream in pushes of any size. */
export interface TsDemuxer {
  push(bytes: Uint8Array): void;
  /** All of the sound that was pushed. */
  end(): TsSound;
}

export const TS_PACKET_BYTES: Bytes = 188;
const SYNC = 0x47;
/** Time stamps count at 90 kHz in 33 bits: they begin again after 26.5 hours. */
export const TIMESTAMP_HERTZ = 90_000;
export const TIMESTAMP_WRAP: Seconds = 2 ** 33 / TIMESTAMP_HERTZ;

/** Stream types of 2.4.4.9 and those that Apple and ATSC added. */
const FRAMES = new Set([0x03, 0x04, 0x0f]);
const METADATA = 0x15;
const PROTECTED: Readonly<Record<number, string>> = { 0xcf: 'AAC', 0xc1: 'AC-3', 0xc2: 'E-AC-3' };
const OTHERS: Readonly<Record<number, string>> = { 0x11: 'AAC in LATM', 0x81: 'AC-3', 0x87: 'E-AC-3' };
/** Descriptors of private streams (ETSI EN 300 468 6.1). */
const PRIVATE = 0x06;
const DESCRIBED: Readonly<Record<number, string>> = { 0x6a: 'AC-3', 0x7a: 'E-AC-3', 0x7b: 'DTS', 0x7f: 'Opus' };

/** Demuxes the first sound of the first programme. Packets that are lost or damaged leave a hole, and nothing else. */
export function tsDemuxer(): TsDemuxer {
  let rest: Uint8Array = new Uint8Array();
  let mapPid: number | null = null;
  let coding: TsCoding | null = null;
  const association = sectionReader();
  let map = sectionReader();
  let sound: PesReader | null = null;
  let metadata: PesReader | null = null;
  /** The first stream that says of itself that it is sound: not every segment repeats the maps. */
  let unmapped: PesReader | null = null;

  function take(packet: Uint8Array): void {
    const [, b1 = 0, b2 = 0, b3 = 0] = packet;
    if ((b1 & 0x80) !== 0) return; // transport_error_indicator
    const isStart = (b1 & 0x40) !== 0;
    const pid = ((b1 & 0x1f) << 8) | b2;
    const hasField = (b3 & 0x20) !== 0;
    const start = 4 + (hasField ? 1 + (packet[4] ?? 0) : 0);
    if ((b3 & 0x10) === 0 || start >= packet.length) return;
    const payload = packet.subarray(start);
    if (pid === 0) {
      const section = association.push(payload, isStart);
      const found = section && readProgramAssociation(section);
      if (found !== null && found !== mapPid) [mapPid, map] = [found, sectionReader()];
    } else if (pid === mapPid) {
      const section = map.push(payload, isStart);
      const streams = section && readProgramMap(section);
      if (streams) tune(streams);
    } else if (coding === null && (pid === unmapped?.pid || (unmapped === null && isStart && isSound(payload)))) {
      unmapped ??= pesReader(pid, null);
      unmapped.push(payload, isStart, b3 & 0x0f);
    } else if (pid === sound?.pid || pid === metadata?.pid) {
      if ((b3 & 0xc0) !== 0) coding = { kind: 'protected', name: 'scrambled packets' };
      else (pid === sound?.pid ? sound : metadata)?.push(payload, isStart, b3 & 0x0f);
    }
  }

  function tune(streams: readonly TsStream[]): void {
    const codings = streams.map((stream) => ({ pid: stream.pid, coding: codingOf(stream) }));
    const chosen = codings.find(({ coding }) => coding?.kind === 'frames') ?? codings.find(({ coding }) => coding);
    if (chosen === undefined) return;
    if (coding?.kind !== 'protected') coding = chosen.coding;
    if (chosen.coding?.kind === 'frames' && sound?.pid !== chosen.pid) sound = pesReader(chosen.pid, sound);
    const tags = streams.find(({ type }) => type === METADATA);
    if (tags !== undefined && metadata?.pid !== tags.pid) metadata = pesReader(tags.pid, metadata);
  }

  return {
    push: (bytes) => {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      let at = 0;
      while (at + TS_PACKET_BYTES <= all.length) {
        if (all[at] === SYNC) take(all.subarray(at, (at += TS_PACKET_BYTES)));
        else at = nextSync(all, at + 1);
      }
      rest = new Uint8Array(all.subarray(at));
    },
    end: () => {
      const { bytes, marks } = (coding === null ? unmapped : sound)?.end() ?? { bytes: new Uint8Array(), marks: [] };
      const told = coding ?? (unmapped === null ? null : ({ kind: 'frames' } as const));
      return { coding: told, bytes, marks, tags: tagsOf(metadata?.end()) };
    },
  };
}

/** Whether these bytes begin a transport stream. */
export const isTransportStream = (bytes: Uint8Array): boolean =>
  [0, TS_PACKET_BYTES, 2 * TS_PACKET_BYTES].every((at) => at >= bytes.length || bytes[at] === SYNC) &&
  bytes.length >= TS_PACKET_BYTES;

/** Where packets begin again: one sync byte is followed by another. */
function nextSync(bytes: Uint8Array, from: number): number {
  for (let at = from; at + TS_PACKET_BYTES < bytes.length; at++)
    if (bytes[at] === SYNC && bytes[at + TS_PACKET_BYTES] === SYNC) return at;
  return Math.max(from, bytes.length - TS_PACKET_BYTES);
}

function codingOf({ type, descriptors }: TsStream): TsCoding | null {
  if (FRAMES.has(type)) return { kind: 'frames' };
  const locked = PROTECTED[type];
  if (locked !== undefined) return { kind: 'protected', name: `${locked} in SAMPLE-AES` };
  const described = type === PRIVATE ? descriptors.map((tag) => DESCRIBED[tag]).find((name) => name) : undefined;
  const name = OTHERS[type] ?? described;
  return name === undefined ? null : { kind: 'unsupported', name };
}

/** The payload of packetized elementary streams (2.4.3.6) of one PID. */
interface PesReader {
  readonly pid: number;
  push(payload: Uint8Array, isStart: boolean, counter: number): void;
  end(): Pick<TsSound, 'bytes' | 'marks'>;
}

/** Goes on behind what another PID has brought. */
function pesReader(pid: number, before: PesReader | null): PesReader {
  const known = before?.end() ?? { bytes: new Uint8Array(), marks: [] };
  const pieces: Uint8Array[] = [known.bytes];
  const marks: TimeMark[] = [...known.marks];
  let length = known.bytes.length;
  let last: number | null = null;
  let isOpen = false;

  return {
    pid,
    push: (payload, isStart, counter) => {
      if (counter === last) return; // sent twice (2.4.3.3)
      const isLost = last !== null && counter !== ((last + 1) & 15);
      last = counter;
      if (isLost && !isStart) isOpen = false;
      if (!isStart && !isOpen) return;
      const head = isStart ? readPesHead(payload) : { bytes: 0, at: null };
      isOpen = head !== null;
      if (head === null) return;
      if (head.at !== null) marks.push({ offset: length, at: head.at });
      const content = new Uint8Array(payload.subarray(head.bytes)); // slice() of a Buffer copies nothing
      length += content.length;
      pieces.push(content);
    },
    end: () => ({ bytes: Buffer.concat(pieces), marks }),
  };
}

/** MPEG audio, of whichever generation (table 2-22). */
const isSound = ([b0, b1, b2, id = 0]: Uint8Array): boolean => b0 === 0 && b1 === 0 && b2 === 1 && (id & 0xe0) === 0xc0;

/** Length of the head of a PES packet and its time stamp; null where none begins. */
function readPesHead(payload: Uint8Array): { readonly bytes: Bytes; readonly at: Seconds | null } | null {
  const [b0, b1, b2, , , , b6 = 0, flags = 0, extra = 0] = payload;
  if (b0 !== 0 || b1 !== 0 || b2 !== 1 || (b6 & 0xc0) !== 0x80) return null;
  return { bytes: 9 + extra, at: (flags & 0x80) !== 0 && extra >= 5 ? readTimestamp(payload, 9) : null };
}

/** 33 bits in five bytes, with markers between them. */
function readTimestamp(bytes: Uint8Array, at: number): Seconds {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(at, at + 5);
  const high = (a >> 1) & 7;
  const low = ((b << 22) | ((c >> 1) << 15) | (d << 7) | (e >> 1)) >>> 0;
  return (high * 2 ** 30 + low) / TIMESTAMP_HERTZ;
}

/** Each packet of timed metadata holds one tag. */
function tagsOf(stream: Pick<TsSound, 'bytes' | 'marks'> | undefined): TimedTag[] {
  return (stream?.marks ?? []).map(({ offset, at }, index, all) => ({
    bytes: stream?.bytes.subarray(offset, all[index + 1]?.offset) ?? new Uint8Array(),
    at,
  }));
}
