/** What makes packets of Opus until it is stopped. */
export interface SoundPackets {
  /** All that has come in is passed on when it resolves. */
  stop(): Promise<void>;
}

export interface SoundPacketsOptions {
  readonly channels: 1 | 2;
  /** Bits a second. */
  readonly bitrate: number;
  /** A packet, the samples that it adds, and with the first one what the encoder says of itself. */
  readonly packet: (bytes: Uint8Array, samples: number, config: AudioDecoderConfig | null) => void;
  /** So many samples have been taken. */
  readonly taken: (samples: number) => void;
  readonly failed: (error: Error) => void;
}

/** Of a frame, and of all positions in it. */
export const OPUS_RATE = 48_000;
const FRAME_US = 20_000;

/** Whether WebCodecs encodes what a context plays. */
export const canEncodeSound = async (context: BaseAudioContext, channels: 1 | 2, bitrate: number): Promise<boolean> =>
  'AudioEncoder' in globalThis &&
  context.sampleRate === OPUS_RATE &&
  (await AudioEncoder.isConfigSupported({ codec: 'opus', sampleRate: OPUS_RATE, numberOfChannels: channels, bitrate }))
    .supported === true;

/** Encodes what `node` plays; `tap` is the address of studio-tap.ts. */
export async function soundPackets(node: AudioNode, tap: string, options: SoundPacketsOptions): Promise<SoundPackets> {
  const { channels, bitrate, packet, taken, failed } = options;
  let samples = 0;
  const encoder = new AudioEncoder({
    output(chunk, metadata) {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      packet(bytes, Math.round(((chunk.duration ?? FRAME_US) * OPUS_RATE) / 1e6), metadata?.decoderConfig ?? null);
    },
    error: failed,
  });
  encoder.configure({
    ...{ codec: 'opus', sampleRate: OPUS_RATE, numberOfChannels: channels, bitrate },
    opus: { format: 'opus', frameDuration: FRAME_US },
  });

  await node.context.audioWorklet.addModule(tap);
  const tapped = new AudioWorkletNode(node.context, 'baton-tap', {
    ...{ channelCount: channels, channelCountMode: 'explicit', numberOfOutputs: 0 },
  });
  tapped.port.onmessage = ({ data }: MessageEvent<Float32Array<ArrayBuffer>>) => {
    const numberOfFrames = data.length / channels;
    const audio = new AudioData({
      ...{ format: 'f32-planar', sampleRate: OPUS_RATE, numberOfFrames, numberOfChannels: channels, data },
      timestamp: Math.round((samples * 1e6) / OPUS_RATE),
    });
    samples += numberOfFrames;
    encoder.encode(audio);
    audio.close();
    taken(samples);
  };
  tapped.addEventListener('processorerror', () => failed(new Error('The samples cannot be taken.')));
  node.connect(tapped);

  return {
    async stop() {
      node.disconnect(tapped);
      tapped.port.onmessage = null;
      if (encoder.state === 'configured') await encoder.flush().catch(() => undefined); // `failed` tells
      if (encoder.state !== 'closed') encoder.close();
    },
  };
}
