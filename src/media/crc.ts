/** Table for a checksum of `bits` bits, highest bit first, over `polynomial`. */
const tableOf = (bits: 8 | 16 | 32, polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    const top = 2 ** (bits - 1);
    let value = byte * 2 ** (bits - 8);
    for (let bit = 0; bit < 8; bit++) value = value >= top ? (((value - top) * 2) ^ polynomial) >>> 0 : value * 2;
    return value >>> 0;
  });

const CRC8 = tableOf(8, 0x07);
const CRC16 = tableOf(16, 0x8005);
const CRC32 = tableOf(32, 0x04c11db7);

/** Of FLAC frame headers (RFC 9639 9.1.8). */
export function crc8(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) crc = CRC8[crc ^ (bytes[at] ?? 0)] ?? 0;
  return crc;
}

/** Of FLAC frames (RFC 9639 9.3), going on from `crc`. */
export function crc16(bytes: Uint8Array, start: number, end: number, crc = 0): number {
  for (let at = start; at < end; at++) crc = ((crc << 8) & 0xffff) ^ (CRC16[(crc >> 8) ^ (bytes[at] ?? 0)] ?? 0);
  return crc;
}

/** Of Ogg pages (RFC 3533 section 6), going on from `crc`. */
export function crc32(bytes: Uint8Array, start: number, end: number, crc = 0): number {
  for (let at = start; at < end; at++) crc = (crc << 8) ^ (CRC32[(crc >>> 24) ^ (bytes[at] ?? 0)] ?? 0);
  return crc >>> 0;
}
