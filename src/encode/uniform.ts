import { stereoFrames } from '../media/mp3-stereo.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Kbps } from '../units.ts';

/** Mono frames of a higher rate may not fit into the largest stereo frame. */
const WIDEST_MONO: Kbps = 160;

/**
 * The same packets with two channels throughout. Advertisements are often mono where the episode is stereo, or the other
 * way round; ffmpeg would lay its filters anew at each change and lose its place, and a chunk would depend on what was
 * decoded before it. `kbps` is the bitrate of MP3 where that is constant.
 */
export function uniform(run: PacketRun, kbps: Kbps | null): PacketRun {
  if (run.codec !== 'mp3') return run;
  if (run.channels === 1 && (kbps ?? 0) > WIDEST_MONO) return run;
  return { ...run, channels: 2, packets: inStereo(run.packets) };
}

async function* inStereo(packets: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const stereo = stereoFrames();
  for await (const packet of packets) yield* stereo.push(packet);
  yield* stereo.end();
}
