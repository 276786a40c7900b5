import { recorder } from './recorder.ts';
import { canEncodeSound, soundPackets } from './sound-packets.ts';
import { framedPacket, joined, soundFormat } from './wire.ts';
import type { Format } from './wire.ts';

/** What makes payloads of sound until it is stopped. */
export interface Encoder {
  /** Known with the first payload; rejects where there is none to the end. */
  readonly format: Promise<Format>;
  /** All that has come in is passed on when it resolves. */
  stop(): Promise<void>;
}

/** What an encoder is given. */
export interface EncoderOptions {
  readonly channels: 1 | 2;
  /** Bits a second. */
  readonly bitrate: number;
  readonly payload: (bytes: Uint8Array) => void;
  readonly failed: (error: Error) => void;
}

/**
 * Encodes what `node` plays, with WebCodecs as Opus where the browser has it, else with MediaRecorder as it can. `tap` is
 * the address of the script that takes samples from the context (studio-tap.ts).
 */
export async function createEncoder(node: AudioNode, tap: string, options: EncoderOptions): Promise<Encoder> {
  const isAble = await canEncodeSound(node.context, options.channels, options.bitrate);
  return isAble ? packetEncoder(node, tap, options) : recorder(node, options);
}

/** Packets of 20 ms that make a message. */
const PACKETS = 8;

async function packetEncoder(node: AudioNode, tap: string, options: EncoderOptions): Promise<Encoder> {
  const { channels, bitrate, payload, failed } = options;
  const format = Promise.withResolvers<Format>();
  let packets: Uint8Array[] = [];

  function flush(): void {
    if (packets.length > 0) payload(joined(packets));
    packets = [];
  }

  const sound = await soundPackets(node, tap, {
    ...{ channels, bitrate, failed, taken: () => undefined },
    packet(bytes, samples, config) {
      if (config !== null) format.resolve(soundFormat(channels, config));
      packets.push(framedPacket(bytes, samples));
      if (packets.length >= PACKETS) flush();
    },
  });

  return {
    format: format.promise,
    async stop() {
      await sound.stop();
      flush();
      format.reject(new Error('No sound came.'));
    },
  };
}
