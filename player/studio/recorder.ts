import type { Encoder, EncoderOptions } from './encoder.ts';
import type { RecordedFormat } from './wire.ts';

/** The first one that there is; Safari before 18.4 has no WebM, and may know MP4 by its bare name alone. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4;codecs=mp4a.40.2', 'audio/mp4;codecs=opus'];
const LAST_TYPE = 'audio/mp4';
const PIECE_MS = 200;
/** Fits into a message of text, too. */
const MOST_PAYLOAD = 24_000;

/** Encodes what `node` plays with MediaRecorder. @throws NotSupportedError where it records nothing that is taken */
export function recorder(node: AudioNode, { channels, bitrate, payload, failed }: EncoderOptions): Encoder {
  const destination = new MediaStreamAudioDestinationNode(node.context as AudioContext, { channelCount: channels });
  const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? LAST_TYPE;
  const recording = new MediaRecorder(destination.stream, { mimeType, audioBitsPerSecond: bitrate });
  const format = Promise.withResolvers<RecordedFormat>();
  let order = Promise.resolve();
  node.connect(destination);
  recording.addEventListener('start', () => format.resolve(formatOf(recording.mimeType || mimeType)));
  recording.addEventListener('dataavailable', ({ data }) => {
    order = order.then(async () => {
      const bytes = new Uint8Array(await data.arrayBuffer());
      for (let at = 0; at < bytes.length; at += MOST_PAYLOAD) payload(bytes.subarray(at, at + MOST_PAYLOAD));
    });
  });
  recording.addEventListener('error', () => failed(new Error('The browser cannot record.')));
  recording.start(PIECE_MS);
  return {
    format: format.promise,
    async stop() {
      const stopped = new Promise((resolve) => recording.addEventListener('stop', resolve, { once: true }));
      if (recording.state !== 'inactive') {
        recording.stop();
        await stopped;
      }
      node.disconnect(destination);
      await order;
      format.reject(new Error('No sound came.'));
    },
  };
}

/** By what the recorder says of itself once it has begun. */
const formatOf = (mimeType: string): RecordedFormat =>
  mimeType.includes('webm')
    ? { container: 'webm' }
    : { container: 'mp4', codec: mimeType.includes('opus') ? 'opus' : 'aac' };
