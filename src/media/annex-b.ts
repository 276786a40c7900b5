import type { Bytes } from '../units.ts';
import { NAL, nalType } from './avc.ts';

/** Takes H.264 with start codes (ITU-T H.264 annex B) apart into access units, each of which begins with a delimiter. */
export interface AccessUnits {
  /** The access units that are whole with `bytes`, as their NAL units. */
  push(bytes: Uint8Array): readonly (readonly Uint8Array[])[];
  /** The last one. */
  end(): readonly (readonly Uint8Array[])[];
}

export function accessUnits(): AccessUnits {
  let rest: Uint8Array = new Uint8Array();
  /** How much of `rest` holds no start code for certain. */
  let searched = 0;
  let unit: Uint8Array[] = [];

  function take(nal: Uint8Array, whole: Uint8Array[][]): void {
    if (nal.length === 0) return;
    if (nalType(nal) === NAL.delimiter && unit.length > 0) {
      whole.push(unit);
      unit = [];
    }
    unit.push(nal);
  }

  return {
    push: (bytes) => {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
      const whole: Uint8Array[][] = [];
      let start = 0;
      for (let at = startCode(all, searched); at >= 0; at = startCode(all, at + 3)) {
        take(withoutZeros(all.subarray(start, at)), whole);
        start = at + 3;
      }
      rest = all.subarray(start);
      searched = Math.max(0, rest.length - 2);
      return whole;
    },
    end: () => {
      const whole: Uint8Array[][] = [];
      take(withoutZeros(rest), whole);
      if (unit.length > 0) whole.push(unit);
      rest = new Uint8Array();
      unit = [];
      return whole;
    },
  };
}

/** The NAL units in `bytes`, each with the place behind its start code. */
export function* unitsIn(bytes: Uint8Array): Generator<{ readonly unit: Uint8Array; readonly offset: Bytes }, void> {
  for (let at = startCode(bytes, 0); at >= 0;) {
    const next = startCode(bytes, at + 3);
    const unit = withoutZeros(bytes.subarray(at + 3, next < 0 ? bytes.length : next));
    if (unit.length > 0) yield { unit, offset: at + 3 };
    at = next;
  }
}

const PREFIX = Uint8Array.of(0, 0, 1);

const startCode = (bytes: Uint8Array, from: number): number =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(PREFIX, from);

/** Zeros before a start code belong to neither unit. */
function withoutZeros(unit: Uint8Array): Uint8Array {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end--;
  return unit.subarray(0, end);
}

/** NAL units as they stand in MP4: each behind its length in four bytes (ISO/IEC 14496-15 5.3.2). */
export function lengthPrefixed(units: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(units.reduce((sum, unit) => sum + 4 + unit.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const unit of units) {
    view.setUint32(at, unit.length);
    bytes.set(unit, at + 4);
    at += 4 + unit.length;
  }
  return bytes;
}
