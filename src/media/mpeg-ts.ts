import type { Seconds } from '../units.ts';
import { tsPackets, type TsPacket } from './ts-packets.ts';
import { pesReader, type PesPayload, type PesReader, type TimeMark } from './ts-pes.ts';
import { programmeReader, type TsStream } from './ts-sections.ts';

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
  const packetsIn = tsPackets();
  const programme = programmeReader();
  let coding: TsCoding | null = null;
  let sound: PesReader | null = null;
  let metadata: PesReader | null = null;
  /** The first stream that says of itself that it is sound: not every segment repeats the maps. */
  let unmapped: PesReader | null = null;

  function take(packet: TsPacket): void {
    const { pid, payload, isStart, counter, isScrambled } = packet;
    const streams = programme(packet);
    if (streams) tune(streams);
    else if (coding === null && (pid === unmapped?.pid || (unmapped === null && isStart && isSound(payload)))) {
      unmapped ??= pesReader(pid, null);
      unmapped.push(payload, isStart, counter);
    } else if (pid === sound?.pid || pid === metadata?.pid) {
      if (isScrambled) coding = { kind: 'protected', name: 'scrambled packets' };
      else (pid === sound?.pid ? sound : metadata)?.push(payload, isStart, counter);
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
      for (const packet of packetsIn(bytes)) take(packet);
    },
    end: () => {
      const { bytes, marks } = (coding === null ? unmapped : sound)?.end() ?? { bytes: new Uint8Array(), marks: [] };
      const told = coding ?? (unmapped === null ? null : ({ kind: 'frames' } as const));
      return { coding: told, bytes, marks, tags: tagsOf(metadata?.end()) };
    },
  };
}

function codingOf({ type, descriptors }: TsStream): TsCoding | null {
  if (FRAMES.has(type)) return { kind: 'frames' };
  const locked = PROTECTED[type];
  if (locked !== undefined) return { kind: 'protected', name: `${locked} in SAMPLE-AES` };
  const described = type === PRIVATE ? descriptors.map((tag) => DESCRIBED[tag]).find((name) => name) : undefined;
  const name = OTHERS[type] ?? described;
  return name === undefined ? null : { kind: 'unsupported', name };
}

/** MPEG audio, of whichever generation (table 2-22). */
const isSound = ([b0, b1, b2, id = 0]: Uint8Array): boolean => b0 === 0 && b1 === 0 && b2 === 1 && (id & 0xe0) === 0xc0;

/** Each packet of timed metadata holds one tag. */
function tagsOf(stream: PesPayload | undefined): TimedTag[] {
  return (stream?.marks ?? []).map(({ offset, at }, index, all) => ({
    bytes: stream?.bytes.subarray(offset, all[index + 1]?.offset) ?? new Uint8Array(),
    at,
  }));
}
