import { openCamera } from './camera.ts';
import type { Camera, CameraChoice } from './camera.ts';
import { createEncoder } from './encoder.ts';
import type { Encoder, EncoderOptions } from './encoder.ts';
import { createFilmEncoder } from './film-encoder.ts';
import { createLevel } from './level.ts';
import type { Level } from './level.ts';
import { canEncodePictures, PICTURE_BITRATE } from './picture-packets.ts';
import type { Pictureless } from './picture-packets.ts';
import { createResendQueue } from './resend-queue.ts';
import type { ResendQueue } from './resend-queue.ts';
import { canEncodeSound } from './sound-packets.ts';
import { openSource } from './sound-source.ts';
import type { SoundSource, SourceChoice } from './sound-source.ts';
import { createUplink } from './uplink.ts';
import type { Socket, Uplink, UplinkState } from './uplink.ts';
import type { Format, Links, OnAir } from './wire.ts';

/** What a broadcast is made of. */
export interface BroadcastOptions {
  readonly source: SourceChoice;
  /** Null: sound alone. */
  readonly camera: CameraChoice | null;
  readonly token: string;
  readonly channel: string;
  /** Of the station. */
  readonly name: string;
  /** Of the sound, bits a second. */
  readonly bitrate: number;
  /** Address of studio-tap.ts. */
  readonly tap: string;
  readonly open: () => Socket;
  /** A name that no other show of the channel has. */
  readonly show: () => string;
  readonly now: () => number;
  readonly changed: () => void;
}

/** A show that is on air, or on its way there. */
export interface Broadcast {
  /** Null before there is anything to be sent. */
  state(): UplinkState | null;
  onAir(): OnAir | null;
  listeners(): number;
  links(): Links | null;
  readonly level: Level;
  /** What the camera shows; null without one. */
  picture(): MediaStream | null;
  /** Why there is sound alone, though a camera is chosen. */
  pictureless(): Pictureless | null;
  /** Seconds of sound that the server does not have yet. */
  behind(): number;
  setMuted(isMuted: boolean): void;
  title(text: string, artist: string): void;
  /** Resolves when all that was recorded is in the queue; the uplink goes on until the server has it. */
  stop(): Promise<void>;
  /** Ends everything at once. */
  close(): void;
}

/** What waits to be sent is kept in memory: above so much, sound alone is added. */
const MOST_WAITING = 48 * 2 ** 20;

/** Goes on air. Rejects when there is no source to be had; without a camera it is sound alone. */
export async function createBroadcast(options: BroadcastOptions): Promise<Broadcast> {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'playback' }); // what Opus is coded at
  let source: SoundSource | null = null;
  let seen: Camera | Pictureless | null = null;
  try {
    await context.resume();
    source = await openSource(options.source, context);
    seen = options.camera && (await cameraFor(options.camera, context, source, options.bitrate));
    return await onAir(options, context, source, seen);
  } catch (error) {
    source?.close();
    if (typeof seen === 'object') seen?.close();
    void context.close();
    throw error;
  }
}

async function cameraFor(
  choice: CameraChoice,
  context: AudioContext,
  { channels }: SoundSource,
  bitrate: number,
): Promise<Camera | Pictureless> {
  if (!(await canEncodeSound(context, channels, bitrate)) || !(await canEncodePictures())) return 'noPictures';
  return openCamera(choice).catch(() => 'noCamera');
}

async function onAir(
  options: BroadcastOptions,
  context: AudioContext,
  source: SoundSource,
  seen: Camera | Pictureless | null,
): Promise<Broadcast> {
  let camera = typeof seen === 'object' ? seen : null;
  let pictureless = typeof seen === 'string' ? seen : null;
  let bitrate = options.bitrate + (camera === null ? 0 : PICTURE_BITRATE);
  const life = new AbortController();
  const gain = new GainNode(context);
  source.node.connect(gain);
  const level = createLevel(gain);
  let queue: ResendQueue = createResendQueue();
  let uplink: Uplink | null = null;
  let song: readonly [string, string] | null = null;
  let isStopping = false;
  let stopping: Promise<void> | null = null;
  let failure: UplinkState | null = null;
  let encoder: Encoder = await begin();

  function begin(): Promise<Encoder> {
    const sound: EncoderOptions = {
      ...{ channels: source.channels, bitrate: options.bitrate },
      payload(bytes) {
        queue.push(bytes);
        uplink?.pump();
      },
      failed: ({ message }) => fail(message),
    };
    if (camera === null) return createEncoder(gain, options.tap, sound);
    const isHeld = (): boolean => queue.bytes() > MOST_WAITING;
    const film = { ...sound, camera, now: options.now, isHeld, pictureless: leaveOut };
    return createFilmEncoder(gain, options.tap, film);
  }

  /** No more pictures come. */
  function leaveOut(why: Pictureless): void {
    camera?.close();
    [camera, pictureless] = [null, why];
    options.changed();
  }

  function fail(message: string): void {
    failure = { at: 'refused', code: 'RECORDING', message };
    options.changed();
  }

  function connect(format: Format): void {
    if (life.signal.aborted) return;
    const { token, channel, name, open, now } = options;
    uplink = createUplink({
      ...{ open, now, queue, changed: () => look(format), signal: life.signal },
      hello: { token, channel, show: options.show(), format, ...(name !== '' && { name }) },
    });
    if (song !== null) uplink.title(...song);
    if (isStopping) uplink.end();
  }

  /** The server gave the show up, as after a long outage: what it does not have is the beginning of another show. */
  function look(format: Format): void {
    options.changed();
    if (isStopping || uplink?.state().at !== 'ended') return;
    const left = queue.payloads();
    queue = createResendQueue();
    uplink = null;
    if (format.container === 'packets') {
      for (const payload of left) queue.push(payload);
      connect(format);
    } else void restart();
  }

  /**
   * A container has its head at the beginning: a new show needs a new one. So does sound that is alone because no picture
   * has come.
   */
  async function restart(): Promise<void> {
    try {
      await encoder.stop();
      queue = createResendQueue();
      encoder = await begin();
      if (stopping !== null) await encoder.stop();
      connect(await encoder.format);
    } catch {
      if (stopping === null) fail('The sound cannot be recorded.');
      else nothing();
    }
  }

  /** There is no first payload. */
  function unmade(): void {
    if (stopping === null && pictureless !== null) {
      bitrate = options.bitrate;
      void restart();
    } else nothing();
  }

  /** It was stopped before there was anything to be sent. */
  function nothing(): void {
    failure ??= { at: 'ended', recording: null };
    options.changed();
  }

  async function finish(): Promise<void> {
    try {
      await encoder.stop();
    } finally {
      isStopping = true;
      source.close();
      camera?.close();
      void context.close();
      uplink?.end();
      options.changed();
    }
  }

  const stop = (): Promise<void> => (stopping ??= finish().catch(() => undefined)); // `failed` tells

  addEventListener('online', () => uplink?.online(), { signal: life.signal });
  void source.over.then(stop);
  encoder.format.then(connect, unmade);

  return {
    state: () => failure ?? uplink?.state() ?? null,
    onAir: () => uplink?.onAir() ?? null,
    listeners: () => uplink?.listeners() ?? 0,
    links: () => uplink?.links() ?? null,
    level,
    picture: () => (isStopping ? null : (camera?.stream ?? null)),
    pictureless: () => pictureless,
    behind: () => (queue.bytes() * 8) / bitrate,
    setMuted: (isMuted) => void (gain.gain.value = isMuted ? 0 : 1),
    title(text, artist) {
      song = [text, artist];
      uplink?.title(text, artist);
    },
    stop,
    close() {
      life.abort();
      void stop();
    },
  };
}
