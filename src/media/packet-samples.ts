import type { Samples } from '../units.ts';
import { type AlacConfig, alacPacketSamples } from './alac.ts';
import { type FlacInfo, readFlacHeader } from './flac.ts';
import { readMp3Header } from './mp3.ts';
import type { VorbisModes } from './vorbis.ts';

/** How many samples a packet adds to the sound, given the packet before it (null where that is not known). */
export type PacketSamples = (packet: Uint8Array, before: Uint8Array | null) => Samples;

const OPUS_RATE_MS = 48;

/** RFC 6716 3.1 and 3.2: from 2.5 to 120 ms, at 48 kHz. */
export const opusSamples: PacketSamples = ([toc = 0, counts = 0]) => {
  const config = toc >> 3;
  const frameMs =
    config < 12
      ? ([10, 20, 40, 60][config & 3] ?? 0)
      : config < 16
        ? ([10, 20][config & 1] ?? 0)
        : 2.5 * 2 ** (config & 3);
  const frames = [1, 2, 2, counts & 63][toc & 3] ?? 1;
  return frames * frameMs * OPUS_RATE_MS;
};

/** A block overlaps with the one before it by half of each, so the first one adds nothing (Vorbis I, 4.3.8). */
export const vorbisSamples =
  (modes: VorbisModes): PacketSamples =>
  (packet, before) =>
    before === null ? 0 : (modes.blockSize(before) + modes.blockSize(packet)) / 4;

export const flacSamples =
  (info: FlacInfo): PacketSamples =>
  (packet) =>
    readFlacHeader(packet, 0, info)?.samples ?? 0;

export const alacSamples =
  (config: AlacConfig): PacketSamples =>
  (packet) =>
    alacPacketSamples(packet, config);

export const mp3Samples: PacketSamples = (packet) => readMp3Header(packet, 0)?.frameSamples ?? 0;
