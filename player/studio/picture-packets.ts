import type { Camera } from './camera.ts';
import { base64, bytesOf } from './wire.ts';
import type { PictureFormat } from './wire.ts';

/** What makes H.264 of a camera until it is stopped. */
export interface PicturePackets {
  /** Rejects where there are none to the end. */
  readonly format: Promise<PictureFormat>;
  /** Nothing comes from the camera. */
  giveUp(): void;
  /** All that has come in is passed on when it resolves. */
  stop(): Promise<void>;
}

export interface PicturePacketsOptions {
  /** The place in the sound, in milliseconds; null before there is any. */
  readonly place: () => number | null;
  /** Nothing is to be made for now: too much waits to be sent. */
  readonly isHeld: () => boolean;
  readonly packet: (bytes: Uint8Array, ms: number, isKey: boolean) => void;
  /** No more come, though nobody has stopped them. */
  readonly ended: (why: Pictureless) => void;
}

/** Why there are none; `noPictures`: the browser does not code them as they are needed. */
export type Pictureless = 'noCamera' | 'noPictures';

/** Baseline, which a camera's coder has everywhere; level 3.1 is enough for 720p at 30 pictures a second. */
const CODEC = 'avc1.42001f';
const RATE = 30;
const KEY_MS = 2_000;
/** Of 720p: 2 Mbit/s. */
const BITS_PER_PIXEL = 2.2;
const [MOST_PIXELS, LONGEST] = [1280 * 720, 1280];
/** Pictures that may wait for the coder; more are left out. */
const MOST_WAITING = 2;

/** Bits a second that pictures take, at most. */
export const PICTURE_BITRATE = MOST_PIXELS * BITS_PER_PIXEL;

const configOf = (width: number, height: number): VideoEncoderConfig => ({
  ...{ codec: CODEC, width, height, framerate: RATE, bitrate: Math.round(width * height * BITS_PER_PIXEL) },
  ...{ latencyMode: 'realtime', avc: { format: 'avc' } },
});

/** Whether the browser gives H.264. */
export async function canEncodePictures(): Promise<boolean> {
  if (!('VideoEncoder' in globalThis)) return false;
  const asked = await VideoEncoder.isConfigSupported(configOf(1280, 720)).catch(() => null);
  return asked?.supported === true;
}

/** Encodes what a camera gives, with a key picture every 2 s, on the clock of the sound. */
export function picturePackets(camera: Camera, options: PicturePacketsOptions): PicturePackets {
  const { place, isHeld, packet, ended } = options;
  const format = Promise.withResolvers<PictureFormat>();
  format.promise.catch(() => undefined); // whoever waits for it is told
  const life = new AbortController();
  let size: { readonly width: number; readonly height: number } | null = null;
  let canvas: OffscreenCanvas | null = null;
  let [keyAt, shownAt] = [-Infinity, -1];

  const encoder = new VideoEncoder({
    output(chunk, metadata) {
      const { codec = CODEC, description } = metadata?.decoderConfig ?? {};
      if (description !== undefined && size !== null)
        format.resolve({ codec, description: base64(bytesOf(description)), ...size, frameRate: RATE });
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      packet(bytes, chunk.timestamp / 1000, chunk.type === 'key');
    },
    error: () => over('noPictures'),
  });

  function take(frame: VideoFrame): void {
    const at = place();
    if (at === null || at <= shownAt || encoder.state === 'closed') return;
    if (isHeld() || encoder.encodeQueueSize > MOST_WAITING) {
      if (isHeld()) keyAt = -Infinity;
      return;
    }
    if (size === null) {
      size = sizeFor(frame);
      encoder.configure(configOf(size.width, size.height));
    }
    const isKey = at - keyAt >= KEY_MS - 500 / RATE;
    if (isKey) keyAt = at;
    shownAt = at;
    const picture = fitted(frame, size, Math.round(at * 1000));
    encoder.encode(picture, { keyFrame: isKey });
    picture.close();
  }

  /** A camera that is turned gives pictures of another shape: they are put into the same frame. */
  function fitted(frame: VideoFrame, { width, height }: NonNullable<typeof size>, timestamp: number): VideoFrame {
    const [from, to] = [frame.displayWidth, frame.displayHeight];
    if (from === width && to === height) return new VideoFrame(frame, { timestamp });
    canvas ??= new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d');
    const scale = Math.min(width / from, height / to);
    context?.clearRect(0, 0, width, height);
    context?.drawImage(frame, (width - from * scale) / 2, (height - to * scale) / 2, from * scale, to * scale);
    return new VideoFrame(canvas, { timestamp });
  }

  const taking = (async () => {
    for await (const frame of camera.frames(life.signal)) {
      try {
        take(frame);
      } finally {
        frame.close();
      }
    }
  })()
    .catch(() => undefined)
    .finally(() => over('noCamera'));

  function over(why: Pictureless): void {
    if (life.signal.aborted) return;
    life.abort();
    format.reject(new Error('No pictures came.'));
    ended(why);
  }

  return {
    format: format.promise,
    giveUp: () => over('noCamera'),
    async stop() {
      life.abort();
      await taking;
      if (encoder.state === 'configured') await encoder.flush().catch(() => undefined);
      if (encoder.state !== 'closed') encoder.close();
      format.reject(new Error('No pictures came.'));
    },
  };
}

/** That of a picture, smaller where it is more than is sent; even, as H.264 has it. */
function sizeFor({ displayWidth, displayHeight }: VideoFrame): { readonly width: number; readonly height: number } {
  const scale = Math.min(
    1,
    LONGEST / Math.max(displayWidth, displayHeight),
    Math.sqrt(MOST_PIXELS / (displayWidth * displayHeight)),
  );
  const even = (length: number): number => 2 * Math.round((length * scale) / 2);
  return { width: even(displayWidth), height: even(displayHeight) };
}
