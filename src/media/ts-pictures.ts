import { tsPackets, type TsPacket } from './ts-packets.ts';
import { pesReader, type PesPayload, type PesReader } from './ts-pes.ts';
import { programmeReader, type TsStream } from './ts-sections.ts';

/** The pictures of a stretch of an MPEG transport stream (ISO/IEC 13818-1), with start codes. */
export interface TsPictures extends PesPayload {
  /** What its program map says they are; null where there are none. */
  readonly coding:
    { readonly kind: 'h264' } | { readonly kind: 'unsupported' | 'protected'; readonly name: string } | null;
}

const H264 = 0x1b;
const PROTECTED_H264 = 0xdb;
const OTHERS: Readonly<Record<number, string>> = {
  ...{ 0x01: 'MPEG-1', 0x02: 'MPEG-2', 0x10: 'MPEG-4', 0x20: 'MVC', 0x24: 'HEVC', 0x33: 'VVC', 0xea: 'VC-1' },
};

/** The pictures of the first programme. Packets that are lost or damaged leave a hole, and nothing else. */
export function tsPictures(segment: Uint8Array): TsPictures {
  const programme = programmeReader();
  let coding: TsPictures['coding'] = null;
  let pictures: PesReader | null = null;
  /** The first stream that says of itself that it is of pictures: not every segment repeats the maps. */
  let unmapped: PesReader | null = null;

  function take(packet: TsPacket): void {
    const { pid, payload, isStart, counter, isScrambled } = packet;
    const streams = programme(packet);
    if (streams) tune(streams);
    else if (coding === null && (pid === unmapped?.pid || (unmapped === null && isStart && isPictures(payload)))) {
      unmapped ??= pesReader(pid, null);
      unmapped.push(payload, isStart, counter);
    } else if (pid === pictures?.pid) {
      if (isScrambled) coding = { kind: 'protected', name: 'scrambled packets' };
      else pictures.push(payload, isStart, counter);
    }
  }

  function tune(streams: readonly TsStream[]): void {
    const codings = streams.map(({ pid, type }) => ({ pid, coding: codingOf(type) }));
    const chosen = codings.find(({ coding }) => coding?.kind === 'h264') ?? codings.find(({ coding }) => coding);
    if (chosen === undefined) return;
    if (coding?.kind !== 'protected') coding = chosen.coding;
    if (chosen.coding?.kind === 'h264' && pictures?.pid !== chosen.pid) pictures = pesReader(chosen.pid, pictures);
  }

  for (const packet of tsPackets()(segment)) take(packet);
  return whole(coding, pictures, unmapped);
}

function whole(coding: TsPictures['coding'], pictures: PesReader | null, unmapped: PesReader | null): TsPictures {
  const found = (coding === null ? unmapped : pictures)?.end() ?? { bytes: new Uint8Array(), marks: [] };
  return { ...found, coding: coding ?? (unmapped === null ? null : { kind: 'h264' }) };
}

/** A PES packet of pictures (table 2-22). */
const isPictures = ([b0, b1, b2, id = 0]: Uint8Array): boolean =>
  b0 === 0 && b1 === 0 && b2 === 1 && (id & 0xf0) === 0xe0;

function codingOf(type: number): TsPictures['coding'] {
  if (type === H264) return { kind: 'h264' };
  if (type === PROTECTED_H264) return { kind: 'protected', name: 'H.264 in SAMPLE-AES' };
  const name = OTHERS[type];
  return name === undefined ? null : { kind: 'unsupported', name };
}
