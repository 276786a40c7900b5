import type { Bytes, Samples } from '../units.ts';

/** One packet of the wanted track. */
export interface MediaPacket {
  readonly bytes: Uint8Array;
  /** Decoded samples before it, from the first packet of the track on. */
  readonly at: Samples;
  /** How many it adds. */
  readonly samples: Samples;
  /** Where in the file reading may begin to come upon it again. */
  readonly place: Bytes;
  /** Of pictures: nothing before it is needed to decode it. */
  readonly isKey?: boolean;
}

/**
 * Finds packets in bytes from any place on: what it cannot place yet it passes over. From wherever it starts, it says the
 * same of the same packet.
 */
export interface Demuxer {
  /** The packets that are whole with `bytes`, which follow those before. */
  push(bytes: Uint8Array): MediaPacket[];
  /** What is left when the file ends. */
  end(): MediaPacket[];
}

/** Opens a demuxer for bytes from `start` of the file on. */
export type Demux = (start: Bytes) => Demuxer;
