import type { Bytes } from '../units.ts';

/** A packet of a transport stream (ISO/IEC 13818-1 2.4.3.2) that has a payload. */
export interface TsPacket {
  readonly pid: number;
  readonly payload: Uint8Array;
  /** Whether a PES packet or a section begins in it. */
  readonly isStart: boolean;
  readonly counter: number;
  readonly isScrambled: boolean;
}

export const TS_PACKET_BYTES: Bytes = 188;
const SYNC = 0x47;

/** Cuts a transport stream, in pushes of any size, into packets. Those that are damaged are left out. */
export function tsPackets(): (bytes: Uint8Array) => Generator<TsPacket, void> {
  let rest: Uint8Array = new Uint8Array();
  return function* push(bytes) {
    const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let at = 0;
    while (at + TS_PACKET_BYTES <= all.length) {
      if (all[at] !== SYNC) {
        at = nextSync(all, at + 1);
        continue;
      }
      const packet = readPacket(all.subarray(at, (at += TS_PACKET_BYTES)));
      if (packet !== null) yield packet;
    }
    rest = new Uint8Array(all.subarray(at));
  };
}

/** Whether these bytes begin a transport stream. */
export const isTransportStream = (bytes: Uint8Array): boolean =>
  [0, TS_PACKET_BYTES, 2 * TS_PACKET_BYTES].every((at) => at >= bytes.length || bytes[at] === SYNC) &&
  bytes.length >= TS_PACKET_BYTES;

function readPacket(packet: Uint8Array): TsPacket | null {
  const [, b1 = 0, b2 = 0, b3 = 0] = packet;
  if ((b1 & 0x80) !== 0) return null; // transport_error_indicator
  const hasField = (b3 & 0x20) !== 0;
  const start = 4 + (hasField ? 1 + (packet[4] ?? 0) : 0);
  if ((b3 & 0x10) === 0 || start >= packet.length) return null;
  return {
    pid: ((b1 & 0x1f) << 8) | b2,
    payload: packet.subarray(start),
    isStart: (b1 & 0x40) !== 0,
    counter: b3 & 0x0f,
    isScrambled: (b3 & 0xc0) !== 0,
  };
}

/** Where packets begin again: one sync byte is followed by another. */
function nextSync(bytes: Uint8Array, from: number): number {
  for (let at = from; at + TS_PACKET_BYTES < bytes.length; at++)
    if (bytes[at] === SYNC && bytes[at + TS_PACKET_BYTES] === SYNC) return at;
  return Math.max(from, bytes.length - TS_PACKET_BYTES);
}
