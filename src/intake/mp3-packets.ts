import { readVbri, readXing } from '../media/xing.ts';
import type { Kbps } from '../units.ts';
import type { CodedUnit } from './coded-units.ts';
import type { IntakePart } from './intake.ts';
import type { PacketMaker } from './live-demux.ts';

/**
 * Frames of MP3 as packets. Frames that only state a length (Xing, Info, VBRI) hold no sound and are left out.
 *
 * A new sample rate needs a new decoder. A new bitrate needs none, nor does a change between mono and stereo: decoders
 * follow it from frame to frame, many stereo stations send single mono frames, and `uniform` makes all of them stereo
 * before ffmpeg sees them. So whoever joins at a mono frame has the same format as whoever joined before.
 */
export function mp3Packets(kbps: Kbps | null): PacketMaker<CodedUnit & { kind: 'mp3' }> {
  let sampleRate = 0;
  const push = ({ header, bytes }: CodedUnit & { kind: 'mp3' }): IntakePart[] => {
    if (readXing(bytes) !== null || readVbri(bytes) !== null) return [];
    const parts: IntakePart[] = [];
    if (header.sampleRate !== sampleRate) {
      sampleRate = header.sampleRate;
      const format = { codec: 'mp3', decoderConfig: null, sampleRate, channels: 2, preSkip: 0 } as const;
      parts.push({ kind: 'format', format: { ...format, kbps: kbps ?? header.kbps } });
    }
    return [...parts, { kind: 'packets', packets: [{ bytes, samples: header.frameSamples }] }];
  };
  return { push, end: () => [] };
}
