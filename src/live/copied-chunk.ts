import type { LiveGrid } from '../grid/live.ts';
import { chunkSamples } from '../grid/live.ts';
import type { Bytes, Samples } from '../units.ts';
import type { Soundtrack } from './soundtrack.ts';
import type { TrackPacket } from './track.ts';

/** Packets of one epoch that follow each other. */
export interface CopiedRun {
  /** Id of the epoch. */
  readonly epoch: number;
  readonly packets: readonly TrackPacket[];
}

/** Before the packets: the epoch, how many decoded samples of it lie before the first one (6 bytes), how many there are. */
const HEAD_BYTES: Bytes = 4 + 6 + 2;
/** Before each: its size (3 bytes), and the samples that it adds. */
const PACKET_BYTES: Bytes = 3 + 4;

/**
 * The packets whose sound begins within chunk `index`, as they came, run after run of an epoch, as soon as they are there.
 */
export async function* copiedChunk(
  index: number,
  grid: LiveGrid,
  sound: Soundtrack,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const end = (index + 1) * chunkSamples(grid);
  for (let position = index * chunkSamples(grid); position < end;) {
    const stretch = sound.at(position);
    const packets = stretch?.kind === 'sound' ? stretch.track.between(position, end) : null;
    if (stretch?.kind === 'silence') position = Math.min(end, stretch.end);
    else if (stretch !== null && packets !== null) {
      const epoch = stretch.track.epoch();
      if (packets.length > 0) yield writeRun({ epoch: epoch.id, packets });
      position = Math.min(end, epoch.end ?? end);
    } else {
      await sound.pulse.next(signal);
      signal.throwIfAborted();
    }
  }
}

function writeRun({ epoch, packets }: CopiedRun): Uint8Array {
  const size = packets.reduce((sum, { bytes }) => sum + PACKET_BYTES + bytes.length, HEAD_BYTES);
  const run = Buffer.alloc(size);
  run.writeUInt32BE(epoch, 0);
  run.writeUIntBE(packets[0]?.at ?? 0, 4, 6);
  run.writeUInt16BE(packets.length, 10);
  let at = HEAD_BYTES;
  for (const { bytes, samples } of packets) {
    run.writeUIntBE(bytes.length, at, 3);
    run.writeUInt32BE(samples, at + 3);
    run.set(bytes, at + PACKET_BYTES);
    at += PACKET_BYTES + bytes.length;
  }
  return run;
}

/** The runs in the bytes of a chunk. */
export function readCopied(bytes: Uint8Array): readonly CopiedRun[] {
  const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const runs: CopiedRun[] = [];
  for (let at = 0; at < chunk.length;) {
    const [epoch, count] = [chunk.readUInt32BE(at), chunk.readUInt16BE(at + 10)];
    let position: Samples = chunk.readUIntBE(at + 4, 6);
    at += HEAD_BYTES;
    const packets = Array.from({ length: count }, () => {
      const [size, samples] = [chunk.readUIntBE(at, 3), chunk.readUInt32BE(at + 3)];
      const packet = { bytes: chunk.subarray(at + PACKET_BYTES, at + PACKET_BYTES + size), samples, at: position };
      position += samples;
      at += PACKET_BYTES + size;
      return packet;
    });
    runs.push({ epoch, packets });
  }
  return runs;
}
