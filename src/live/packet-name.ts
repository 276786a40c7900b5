import { hash } from 'node:crypto';

/** What a packet is known by: 48 bits of SHA-1 of its bytes, so that it is a whole number and fits into six bytes. */
export type PacketName = number;

export const NAME_BYTES = 6;

/** The name of a packet. Equal packets have equal names, whoever received them. */
export const packetName = (bytes: Uint8Array): PacketName => hash('sha1', bytes, 'buffer').readUIntBE(0, NAME_BYTES);
