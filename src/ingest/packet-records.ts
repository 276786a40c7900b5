import { BatonError } from '../errors.ts';
import type { Bytes, Samples } from '../units.ts';

/** One packet of an encoder, as it travels in a data message. */
export interface PacketRecord {
  /** That it adds, decoded, at the rate of the decoder: of Opus always 48 kHz. */
  readonly samples: Samples;
  readonly bytes: Uint8Array;
}

/** Samples and size, two bytes each, in network order. */
export const RECORD_HEAD: Bytes = 4;

/** The packets in the payload of a data message. @throws INGEST_INVALID unless they fill it */
export function readPacketRecords(payload: Uint8Array): PacketRecord[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const packets: PacketRecord[] = [];
  for (let at = 0; at < payload.length;) {
    if (at + RECORD_HEAD > payload.length) throw cut(at);
    const start = at + RECORD_HEAD;
    const end = start + view.getUint16(at + 2);
    if (end === start || end > payload.length) throw cut(at);
    packets.push({ samples: view.getUint16(at), bytes: payload.subarray(start, end) });
    at = end;
  }
  return packets;
}

const cut = (at: number): BatonError => new BatonError('INGEST_INVALID', `no whole packet at ${at} of a data message`);
