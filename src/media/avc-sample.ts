import { NAL, nalType } from './avc.ts';

/** The NAL units of a sample of MP4 (ISO/IEC 14496-15 5.3.2), behind four bytes of length; null where they do not fill it. */
export function sampleUnits(bytes: Uint8Array): Uint8Array[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const units: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + 4;
    const end = start <= bytes.length ? start + view.getUint32(at) : start;
    if (end <= start || end > bytes.length) return null;
    units.push(bytes.subarray(start, end));
    at = end;
  }
  return units;
}

/** Whether NAL units hold a picture, and whether decoding may begin with it. */
export function pictureIn(units: readonly Uint8Array[]): 'key' | 'other' | null {
  const types = units.map(nalType);
  if (types.includes(NAL.idr)) return 'key';
  return types.includes(NAL.slice) ? 'other' : null;
}

export const isParameterSet = (unit: Uint8Array): boolean => nalType(unit) === NAL.sps || nalType(unit) === NAL.pps;
