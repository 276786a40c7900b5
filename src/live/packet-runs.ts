import type { LivePacket } from '../intake/intake.ts';
import type { Samples } from '../units.ts';

/**
 * `packets` in runs of at most `most` samples. A stream may begin anew with each track: its first packet says so, and
 * begins one.
 */
export function runsOf(packets: readonly LivePacket[], most: Samples): readonly (readonly LivePacket[])[] {
  const runs: LivePacket[][] = [];
  let samples = Infinity;
  for (const packet of packets) {
    if (samples >= most || packet.skip !== undefined) {
      runs.push([]);
      samples = 0;
    }
    runs.at(-1)?.push(packet);
    samples += packet.samples;
  }
  return runs;
}
