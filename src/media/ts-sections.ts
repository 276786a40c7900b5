import type { TsPacket } from './ts-packets.ts';

/** What a stream of a programme holds, as its program map says (ISO/IEC 13818-1 2.4.4.8). */
export interface TsStream {
  readonly pid: number;
  readonly type: number;
  /** The tags of its descriptors. */
  readonly descriptors: readonly number[];
}

/** Puts sections together that lie in one or more packets of a PID (ISO/IEC 13818-1 2.4.4). */
export interface SectionReader {
  /** The section that is complete with this payload, from its table id on; null when none is. */
  push(payload: Uint8Array, isStart: boolean): Uint8Array | null;
}

/** Length fields have 12 bits. */
const MOST_SECTION = 4096;

export function sectionReader(): SectionReader {
  let section: Uint8Array | null = null;
  return {
    push: (payload, isStart) => {
      const own = isStart ? payload.subarray(1 + (payload[0] ?? 0)) : payload;
      if (!isStart && section === null) return null;
      const all = isStart || section === null ? own : Buffer.concat([section, own]);
      section = all.length > MOST_SECTION ? null : all;
      const length = 3 + (((all[1] ?? 0) & 0x0f) << 8) + (all[2] ?? 0);
      if (all.length < 3 || all.length < length) return null;
      section = null;
      return all.subarray(0, length);
    },
  };
}

/** Follows the maps of the first programme: gives its streams with each packet that completes one. */
export function programmeReader(): (
  packet: Pick<TsPacket, 'pid' | 'payload' | 'isStart'>,
) => readonly TsStream[] | null {
  const association = sectionReader();
  let mapPid: number | null = null;
  let map = sectionReader();
  return ({ pid, payload, isStart }) => {
    if (pid === 0) {
      const section = association.push(payload, isStart);
      const found = section && readProgramAssociation(section);
      if (found !== null && found !== mapPid) [mapPid, map] = [found, sectionReader()];
      return null;
    }
    const section = pid === mapPid ? map.push(payload, isStart) : null;
    return section && readProgramMap(section);
  };
}

const CRC_BYTES = 4;

/** The PID of the first programme's map in a program association section (2.4.4.3); null where there is none. */
export function readProgramAssociation(section: Uint8Array): number | null {
  if (section[0] !== 0) return null;
  for (let at = 8; at + 4 <= section.length - CRC_BYTES; at += 4)
    if (uint16(section, at) !== 0) return uint16(section, at + 2) & 0x1fff;
  return null;
}

/** The streams in a program map section; null where it is none. */
export function readProgramMap(section: Uint8Array): readonly TsStream[] | null {
  if (section[0] !== 2 || section.length < 12 + CRC_BYTES) return null;
  const streams: TsStream[] = [];
  const end = section.length - CRC_BYTES;
  for (let at = 12 + (uint16(section, 10) & 0x0fff); at + 5 <= end;) {
    const next = at + 5 + (uint16(section, at + 3) & 0x0fff);
    const descriptors = descriptorTags(section.subarray(at + 5, Math.min(next, end)));
    streams.push({ type: section[at] ?? 0, pid: uint16(section, at + 1) & 0x1fff, descriptors });
    at = next;
  }
  return streams;
}

function descriptorTags(bytes: Uint8Array): number[] {
  const tags: number[] = [];
  for (let at = 0; at + 2 <= bytes.length; at += 2 + (bytes[at + 1] ?? 0)) tags.push(bytes[at] ?? 0);
  return tags;
}

const uint16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
