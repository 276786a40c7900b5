import { matroskaHead, matroskaPacket, type MatroskaTrack } from '../media/matroska.ts';
import { isPcm } from '../source/codec.ts';
import type { PacketRun } from '../source/packet-run.ts';
import type { Samples } from '../units.ts';
import { samplesAsWave } from './pcm-input.ts';

/** Of an AAC packet. Others may last longer or shorter: only the order of the timestamps counts. */
const PACKET_SAMPLES: Samples = 1024;

const CODEC_IDS = {
  aac: 'A_AAC',
  opus: 'A_OPUS',
  vorbis: 'A_VORBIS',
  flac: 'A_FLAC',
  alac: 'A_ALAC',
} as const satisfies Record<string, MatroskaTrack['codecId']>;

/** Bare frames for MP3, WAV for samples; Matroska for the rest, since it carries the decoder's configuration. */
export async function* asInput(
  run: PacketRun,
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { head, wrap } = wrapping(run);
  try {
    if (head !== null) yield head;
    let count = 0;
    for (let next: IteratorResult<Uint8Array> = { value: first }; next.done !== true; next = await rest.next()) {
      yield wrap(next.value, count);
      count += 1;
    }
    if (run.codec === 'mp3' && count === 1) yield first; // ffmpeg takes no MP3 of one frame; the cut leaves it out
  } finally {
    await rest.return?.();
  }
}

/** What goes in front of the packets of a run, and what each of them becomes. */
interface Wrapping {
  readonly head: Uint8Array | null;
  readonly wrap: (packet: Uint8Array, index: number) => Uint8Array;
}

function wrapping(run: PacketRun): Wrapping {
  const { codec, decoderConfig, sampleRate, channels } = run;
  if (codec === 'mp3') return { head: null, wrap: (packet) => packet };
  if (isPcm(codec)) return samplesAsWave(codec, run);
  const codecPrivate = decoderConfig === null ? {} : { codecPrivate: decoderConfig };
  const packetMs = (PACKET_SAMPLES * 1000) / sampleRate;
  return {
    head: matroskaHead({ codecId: CODEC_IDS[codec], sampleRate, channels, ...codecPrivate }),
    wrap: (packet, index) => matroskaPacket(packet, index * packetMs),
  };
}
