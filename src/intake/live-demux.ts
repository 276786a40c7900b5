import type { Bytes, Kbps } from '../units.ts';
import { adtsPackets } from './adts-packets.ts';
import { type CodedUnit, unitScanner } from './coded-units.ts';
import type { IntakePart, LivePacket } from './intake.ts';
import { mp3Packets } from './mp3-packets.ts';
import { oggPackets } from './ogg-packets.ts';

/** Takes the audio of a station in pushes of any size. */
export interface LiveDemux {
  /** What is complete with these bytes. Throws SOURCE_DAMAGED, CODEC_UNSUPPORTED. */
  push(bytes: Uint8Array): IntakePart[];
  /** What only the end decides. Throws as `push`. */
  end(): IntakePart[];
  /** As in `UnitScanner`. */
  unknown(): Bytes;
}

/** Makes parts of the units of one kind. */
export interface PacketMaker<U extends CodedUnit> {
  push(unit: U): IntakePart[];
  /** The stream has ended, or goes on as another kind. */
  end(): IntakePart[];
}

/**
 * The packets of an endless MP3, ADTS or Ogg stream that is joined anywhere and may change from one to another. They do
 * not depend on where it was joined, nor on the sizes of the pushes.
 *
 * @param kbps what the station says; null: nothing
 */
export function liveDemux(kbps: Kbps | null): LiveDemux {
  const scanner = unitScanner();
  let kind: CodedUnit['kind'] | null = null;
  let makers = makersFor(kbps);

  function partsOf(unit: CodedUnit): IntakePart[] {
    const before = kind !== null && kind !== unit.kind ? flush() : [];
    kind = unit.kind;
    if (unit.kind === 'mp3') return [...before, ...makers.mp3.push(unit)];
    if (unit.kind === 'adts') return [...before, ...makers.adts.push(unit)];
    return [...before, ...makers.ogg.push(unit)];
  }

  function flush(): IntakePart[] {
    const parts = kind === null ? [] : makers[kind].end();
    makers = makersFor(kbps);
    return parts;
  }

  return {
    push: (bytes) => merged(scanner.push(bytes).flatMap(partsOf)),
    end: () => merged([...scanner.end().flatMap(partsOf), ...flush()]),
    unknown: () => scanner.unknown(),
  };
}

const makersFor = (kbps: Kbps | null) => ({ mp3: mp3Packets(kbps), adts: adtsPackets(kbps), ogg: oggPackets(kbps) });

/** Packets that follow each other in one part. */
function merged(parts: readonly IntakePart[]): IntakePart[] {
  const all: IntakePart[] = [];
  let packets: LivePacket[] | null = null;
  for (const part of parts) {
    if (part.kind !== 'packets') {
      packets = null;
      all.push(part);
    } else if (packets === null) {
      packets = [...part.packets];
      all.push({ kind: 'packets', packets });
    } else packets.push(...part.packets);
  }
  return all;
}
