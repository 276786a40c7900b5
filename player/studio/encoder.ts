import { base64, framedPacket } from './wire.ts';
import type { Format } from './wire.ts';

/** What makes payloads of sound until it is stopped. */
export interface Encoder {
  /** Known with the first payload. */
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
 * Encodes what `node` plays as Opus, with WebCodecs where the browser has it, else with MediaRecorder. `tap` is the address
 * of the script that takes samples from the context (studio-tap.ts).
 */
export async function createEncoder(node: AudioNode, tap: string, options: EncoderOptions): Promise<Encoder> {
  const config = { codec: 'opus', sampleRate: node.context.sampleRate, numberOfChannels: options.channels };
  const isAble =
    'AudioEncoder' in globalThis &&
    node.context.sampleRate === OPUS_RATE &&
    (await AudioEncoder.isConfigSupported({ ...config, bitrate: options.bitrate })).supported === true;
  return isAble ? packetEncoder(node, tap, options) : recorder(node, options);
}

/** Of a frame, and of all positions in it. */
const OPUS_RATE = 48_000;
/** Packets of 20 ms that make a message. */
const PACKETS = 8;
const PIECE_MS = 200;

async function packetEncoder(node: AudioNode, tap: string, options: EncoderOptions): Promise<Encoder> {
  const { channels, bitrate, payload, failed } = options;
  const format = Promise.withResolvers<Format>();
  let packets: Uint8Array[] = [];
  let samples = 0;

  function flush(): void {
    if (packets.length === 0) return;
    payload(joined(packets));
    packets = [];
  }

  const encoder = new AudioEncoder({
    output(chunk, metadata) {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      const description = metadata?.decoderConfig?.description;
      if (packets.length === 0 && metadata?.decoderConfig !== undefined)
        format.resolve({
          ...{ container: 'packets', codec: 'opus', sampleRate: OPUS_RATE, channels },
          description: description === undefined ? null : base64(bytesOf(description)),
        });
      packets.push(framedPacket(bytes, Math.round(((chunk.duration ?? FRAME_US) * OPUS_RATE) / 1e6)));
      if (packets.length >= PACKETS) flush();
    },
    error: failed,
  });
  encoder.configure({
    ...{ codec: 'opus', sampleRate: OPUS_RATE, numberOfChannels: channels, bitrate },
    opus: { format: 'opus', frameDuration: FRAME_US },
  });

  await node.context.audioWorklet.addModule(tap);
  const taken = new AudioWorkletNode(node.context, 'baton-tap', {
    ...{ channelCount: channels, channelCountMode: 'explicit', numberOfOutputs: 0 },
  });
  taken.port.onmessage = ({ data }: MessageEvent<Float32Array<ArrayBuffer>>) => {
    const numberOfFrames = data.length / channels;
    const audio = new AudioData({
      ...{ format: 'f32-planar', sampleRate: OPUS_RATE, numberOfFrames, numberOfChannels: channels, data },
      timestamp: Math.round((samples * 1e6) / OPUS_RATE),
    });
    samples += numberOfFrames;
    encoder.encode(audio);
    audio.close();
  };
  taken.addEventListener('processorerror', () => failed(new Error('The samples cannot be taken.')));
  node.connect(taken);

  return {
    format: format.promise,
    async stop() {
      node.disconnect(taken);
      taken.port.onmessage = null;
      if (encoder.state === 'configured') await encoder.flush();
      if (encoder.state !== 'closed') encoder.close();
      flush();
    },
  };
}

const FRAME_US = 20_000;

function recorder(node: AudioNode, { channels, bitrate, payload, failed }: EncoderOptions): Encoder {
  const destination = new MediaStreamAudioDestinationNode(node.context as AudioContext, { channelCount: channels });
  node.connect(destination);
  const recording = new MediaRecorder(destination.stream, { mimeType: WEBM, audioBitsPerSecond: bitrate });
  let order = Promise.resolve();
  recording.addEventListener('dataavailable', ({ data }) => {
    order = order.then(async () => {
      const bytes = new Uint8Array(await data.arrayBuffer());
      for (let at = 0; at < bytes.length; at += MOST_PAYLOAD) payload(bytes.subarray(at, at + MOST_PAYLOAD));
    });
  });
  recording.addEventListener('error', () => failed(new Error('The browser cannot record.')));
  recording.start(PIECE_MS);
  return {
    format: Promise.resolve({ container: 'webm' }),
    async stop() {
      const stopped = new Promise((resolve) => recording.addEventListener('stop', resolve, { once: true }));
      if (recording.state !== 'inactive') {
        recording.stop();
        await stopped;
      }
      node.disconnect(destination);
      await order;
    },
  };
}

const WEBM = 'audio/webm;codecs=opus';
/** Fits into a message of text, too. */
const MOST_PAYLOAD = 24_000;

const bytesOf = (source: AllowSharedBufferSource): Uint8Array =>
  ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
