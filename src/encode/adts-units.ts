import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';

/** Fixed and variable header without CRC (ISO/IEC 13818-7 section 6.2). */
const HEADER_BYTES: Bytes = 7;

/**
 * Takes ADTS from an encoder apart as it comes: gives the access units that are whole, without their headers. Throws
 * ENCODER_FAILED where no header stands.
 */
export function adtsUnits(): (bytes: Uint8Array) => readonly Uint8Array[] {
  let rest: Uint8Array = new Uint8Array();
  return (bytes) => {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const units: Uint8Array[] = [];
    let at = 0;
    while (at + HEADER_BYTES <= all.length) {
      const end = at + frameBytes(all.subarray(at, at + HEADER_BYTES));
      if (end > all.length) break;
      units.push(all.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    rest = all.subarray(at);
    return units;
  };
}

/** Of the frame with this header. */
function frameBytes([b0 = 0, b1 = 0, , b3 = 0, b4 = 0, b5 = 0]: Uint8Array): Bytes {
  const size = ((b3 & 0x03) << 11) | (b4 << 3) | (b5 >> 5);
  // MPEG-4, layer 0, no CRC: as ffmpeg writes it.
  if (b0 !== 0xff || b1 !== 0xf1 || size <= HEADER_BYTES) throw new BatonError('ENCODER_FAILED', 'no ADTS header');
  return size;
}
