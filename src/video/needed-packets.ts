import { avcReferences, hevcReferences, type IsReference } from '../media/picture-use.ts';
import type { Seconds } from '../units.ts';
import type { FilmFacts, FilmPacket } from './film.ts';

/**
 * `packets` without those that nothing is decoded from and that are not on the screen any more at `from`: before a
 * segment that begins between key pictures that is up to every other one. What is decoded of the others stays the same.
 */
export async function* neededPackets(
  packets: AsyncIterable<FilmPacket>,
  { codec, config }: Pick<FilmFacts, 'codec' | 'config'>,
  from: Seconds,
): AsyncGenerator<FilmPacket, void> {
  const isReference = referencesOf(codec, config);
  let latest: Seconds = -Infinity;
  for await (const packet of packets) {
    if (packet.at < latest && !isReference(packet.bytes)) continue;
    if (packet.at <= from) latest = Math.max(latest, packet.at);
    yield packet;
  }
}

function referencesOf(codec: FilmFacts['codec'], config: Uint8Array | null): IsReference {
  if (codec === 'h264') return avcReferences(config);
  return codec === 'hevc' ? hevcReferences(config) : () => true;
}
