import { FILM_RECORD_HEAD, FLAG, TICKS_PER_MS, type FilmPacket } from '../../src/ingest/film-records.ts';
import { RECORD_HEAD, type PacketRecord } from '../../src/ingest/packet-records.ts';
import type { Bytes, Milliseconds } from '../../src/units.ts';

/** Packets one behind the other: samples and size in two bytes each, then the packet. */
export function writePacketRecords(packets: readonly PacketRecord[]): Uint8Array {
  const size = packets.reduce((sum, { bytes }) => sum + RECORD_HEAD + bytes.length, 0);
  const written = new Uint8Array(size);
  const view = new DataView(written.buffer);
  let at = 0;
  for (const { samples, bytes } of packets) {
    view.setUint16(at, samples);
    view.setUint16(at + 2, bytes.length);
    written.set(bytes, at + RECORD_HEAD);
    at += RECORD_HEAD + bytes.length;
  }
  return written;
}

/** Packets as payloads of at most `most` bytes; a picture may be cut, sound is not. */
export function writeFilmRecords(packets: readonly FilmPacket[], most: Bytes): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let records: Uint8Array[] = [];
  let room = most;
  const close = (): void => {
    if (records.length > 0) payloads.push(Buffer.concat(records));
    [records, room] = [[], most];
  };
  for (const { track, bytes, at, isKey } of packets) {
    const kind = track === 'sound' ? 0 : FLAG.picture | (isKey ? FLAG.key : 0);
    if (track === 'sound' && FILM_RECORD_HEAD + bytes.length > room) close();
    for (let from = 0; from < bytes.length;) {
      if (room <= FILM_RECORD_HEAD) close();
      const piece = bytes.subarray(from, from + room - FILM_RECORD_HEAD);
      const isLast = from + piece.length === bytes.length;
      records.push(record(kind | (from > 0 ? FLAG.goesOn : 0) | (isLast ? 0 : FLAG.isPart), at, piece));
      room -= FILM_RECORD_HEAD + piece.length;
      from += piece.length;
    }
  }
  close();
  return payloads;
}

function record(flags: number, at: Milliseconds, bytes: Uint8Array): Uint8Array {
  const written = new Uint8Array(FILM_RECORD_HEAD + bytes.length);
  const view = new DataView(written.buffer);
  view.setUint8(0, flags);
  view.setUint16(1, bytes.length);
  view.setUint32(3, Math.round(at * TICKS_PER_MS));
  written.set(bytes, FILM_RECORD_HEAD);
  return written;
}
