import { joined } from './wire.ts';

/** A packet of a show with pictures; `ms`: when it is heard or shown. */
export interface FilmPacket {
  readonly kind: 'sound' | 'picture' | 'key';
  readonly bytes: Uint8Array;
  readonly ms: number;
}

/** Packets as payloads of at most `most` bytes: flags, size and time in front of each; pictures may be cut, sound is not. */
export function filmPayloads(packets: readonly FilmPacket[], most: number): Uint8Array[] {
  const payloads: Uint8Array[] = [];
  let [records, room] = [[] as Uint8Array[], most];
  const close = (): void => {
    if (records.length > 0) payloads.push(joined(records));
    [records, room] = [[], most];
  };
  for (const { kind, bytes, ms } of packets) {
    if (kind === 'sound' && FILM_HEAD + bytes.length > room) close();
    for (let from = 0; from < bytes.length;) {
      if (room <= FILM_HEAD) close();
      const piece = bytes.subarray(from, from + room - FILM_HEAD);
      const [isRest, isPart] = [from > 0, from + piece.length < bytes.length];
      const record = new Uint8Array(FILM_HEAD + piece.length);
      const view = new DataView(record.buffer);
      view.setUint8(0, KINDS[kind] | (isRest ? 4 : 0) | (isPart ? 8 : 0));
      view.setUint16(1, piece.length);
      view.setUint32(3, Math.round(ms * 10));
      record.set(piece, FILM_HEAD);
      records.push(record);
      room -= record.length;
      from += piece.length;
    }
  }
  close();
  return payloads;
}

const FILM_HEAD = 7;
const KINDS = { sound: 0, picture: 1, key: 3 } as const;
