import type { Bytes } from '../units.ts';
import { nalType, readAvcConfig } from './avc.ts';

/** Whether other pictures may be decoded from a coded one: true unless it says that none is. */
export type IsReference = (picture: Uint8Array) => boolean;

/**
 * What tells so of H.264 (ITU-T H.264 7.4.1, `nal_ref_idc`), whose units stand behind their lengths as `config`, its
 * configuration record, says.
 */
export function avcReferences(config: Uint8Array | null): IsReference {
  const lengthBytes = config === null ? 0 : (readAvcConfig(config)?.lengthBytes ?? 0);
  const isUsed = (unit: Uint8Array): boolean => nalType(unit) > LAST_AVC_SLICE || ((unit[0] ?? 0) & 0x60) !== 0;
  return references(lengthBytes, (unit) => nalType(unit) >= 1 && nalType(unit) <= LAST_AVC_SLICE, isUsed);
}

/**
 * The same of HEVC (ITU-T H.265 table 7-1, sub-layer non-reference pictures). Where there are several layers, pictures of
 * a higher one may be decoded from what their own layer does not need.
 */
export function hevcReferences(config: Uint8Array | null): IsReference {
  const layout = config?.[21] ?? 0;
  const isOneLayer = ((layout >> 3) & 7) === 1;
  return references(isOneLayer ? (layout & 3) + 1 : 0, isHevcSlice, (unit) => {
    const type = hevcType(unit);
    return type % 2 !== 0 || type > LAST_UNUSED;
  });
}

const LAST_AVC_SLICE = 5;
const LAST_UNUSED = 14;

const hevcType = (unit: Uint8Array): number => ((unit[0] ?? 0) >> 1) & 0x3f;
const isHevcSlice = (unit: Uint8Array): boolean => hevcType(unit) < 32;

function references(
  lengthBytes: Bytes,
  isSlice: (unit: Uint8Array) => boolean,
  isUsed: (unit: Uint8Array) => boolean,
): IsReference {
  if (lengthBytes === 0) return () => true;
  return (picture) => {
    let slices = 0;
    for (let at = 0; at + lengthBytes < picture.length;) {
      let size = 0;
      for (let index = 0; index < lengthBytes; index++) size = size * 256 + (picture[at + index] ?? 0);
      const unit = picture.subarray(at + lengthBytes, at + lengthBytes + size);
      if (isSlice(unit)) {
        if (isUsed(unit)) return true;
        slices += 1;
      }
      at += lengthBytes + size;
    }
    return slices === 0;
  };
}
