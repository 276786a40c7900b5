import { mp3MainDataBegin, readMp3Header } from '../media/mp3.ts';
import type { Bytes, Samples } from '../units.ts';
import type { LiveFormat, LivePacket } from '../intake/intake.ts';

/** AAC overlaps with the frame before; its extensions take one more to come in. */
const AAC_PACKETS = 2;
/** RFC 7845 section 4.6. */
const OPUS_CONVERGES: Samples = 3840;

/**
 * How much of what the first packets of an epoch decode to is not fit to be heard, in decoded samples: they lean on
 * packets that nobody has.
 */
export function leadOf({ codec }: LiveFormat, packets: readonly LivePacket[]): Samples {
  const { samples: first = 0, skip } = packets[0] ?? {};
  if (skip !== undefined) return skip; // the start of a stream: nothing is before it
  if (codec === 'mp3') return mp3Lead(packets);
  if (codec === 'aac') return AAC_PACKETS * first;
  if (codec === 'opus') return OPUS_CONVERGES;
  return codec === 'vorbis' ? first : 0;
}

/** Up to the first frame whose main data are all there, and that frame, for it overlaps with the one before. */
function mp3Lead(packets: readonly LivePacket[]): Samples {
  let reservoir: Bytes = 0;
  let samples: Samples = 0;
  for (const packet of packets) {
    const isWhole = mp3MainDataBegin(packet.bytes) <= reservoir;
    samples += packet.samples;
    if (isWhole && samples > packet.samples) return samples;
    const { crc = false, sideInfoBytes = 0 } = readMp3Header(packet.bytes, 0) ?? {};
    reservoir += packet.bytes.length - 4 - (crc ? 2 : 0) - sideInfoBytes;
  }
  return samples;
}
