import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import {
  ALL_FORMATS,
  BufferSource,
  BufferTarget,
  EncodedAudioPacketSource,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  Input,
  Mp4OutputFormat,
  Output,
} from 'mediabunny';
import { BatonError } from '../errors.ts';
import { startFfmpeg } from '../ffmpeg/process.ts';
import { runFfmpeg } from '../ffmpeg/run.ts';
import type { Bytes, Frames, Milliseconds, Seconds } from '../units.ts';
import type { EpisodeOptions } from './demo-episode.ts';
import { filmPictures, FLASH_FRAMES, FRAMES_PER_SECOND, HEIGHT, WIDTH } from './demo-film-picture.ts';
import { replaceFile, unusable } from './own-file.ts';

/** The film on disk. */
export interface DemoFilm {
  readonly file: string;
  readonly bytes: Bytes;
  readonly title: string;
  readonly durationMs: Milliseconds;
}

/** Part of the file name: a new recipe makes a new file. */
const RECIPE = 1;
const TITLE = 'One Minute by the Clock';
const SECONDS: Seconds = 60;
const FRAMES: Frames = SECONDS * FRAMES_PER_SECOND;

/**
 * The demo film in `folder`: a minute of a running clock, with a flash and a beep on each second, as H.264 and AAC in an
 * MP4. Drawn and encoded at the first call (some seconds), found there by later ones. The file appears whole or not at
 * all.
 * @throws CONFIG_INVALID when the folder cannot be written, what `runFfmpeg` throws, the signal's reason
 */
export async function demoFilm(folder: string, options: EpisodeOptions): Promise<DemoFilm> {
  const file = join(folder, `film-${RECIPE}.mp4`);
  const known = await stat(file).catch(() => null);
  if (known !== null) return describe(file, known.size);
  const bytes = await shoot(options);
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw unusable(`${folder} cannot be made`, cause);
  });
  await replaceFile(file, bytes);
  return describe(file, bytes.length);
}

const describe = (file: string, bytes: Bytes): DemoFilm => ({ file, bytes, title: TITLE, durationMs: SECONDS * 1000 });

const AAC_FRAME: Seconds = 1024 / 48_000;
const BEEP = `if(lt(mod(t\\,1)\\,${FLASH_FRAMES / FRAMES_PER_SECOND})\\,0.4*sin(2*PI*t*if(lt(mod(t\\,10)\\,1)\\,1320\\,880))\\,0)`;
const ENCODE = [
  ...['-hide_banner', '-nostdin', '-v', 'error'],
  ...['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${WIDTH}x${HEIGHT}`, '-r', String(FRAMES_PER_SECOND)],
  ...['-i', 'pipe:0', '-f', 'lavfi', '-i', `aevalsrc=${BEEP}:s=48000:d=${SECONDS}`],
  ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-threads', '2', '-g', '50', '-profile:v', 'high'],
  ...['-c:a', 'aac', '-b:a', '128k', '-movflags', 'empty_moov+default_base_moof+frag_keyframe', '-f', 'mp4', 'pipe:3'],
];

async function shoot({ path, signal, onProgress }: EpisodeOptions): Promise<Uint8Array> {
  onProgress?.(0);
  const pieces: Uint8Array[] = [];
  const input = (): AsyncIterable<Uint8Array> => pictures(signal, onProgress);
  for await (const { bytes } of runFfmpeg(startFfmpeg(path, ENCODE, 1), input, signal)) pieces.push(bytes);
  return await asOneFile(Buffer.concat(pieces));
}

/** Drawing takes the thread for a millisecond at a time; signals and timers get their turn in between. */
async function* pictures(signal: AbortSignal, onProgress?: (fraction: number) => void): AsyncGenerator<Uint8Array> {
  const draw = filmPictures();
  for (let frame = 0; frame < FRAMES; frame++) {
    await turn(undefined, { signal });
    yield draw(frame);
    onProgress?.((frame + 1) / FRAMES);
  }
}

/** As cameras and hosts have films: one table of all frames in front. ffmpeg cannot write that into a pipe. */
async function asOneFile(fragments: Uint8Array): Promise<Uint8Array> {
  using input = new Input({ formats: ALL_FORMATS, source: new BufferSource(fragments) });
  const [video, audio] = [await input.getPrimaryVideoTrack(), await input.getPrimaryAudioTrack()];
  const [pictures, sound] = [await video?.getDecoderConfig(), await audio?.getDecoderConfig()];
  if (video == null || audio == null || pictures == null || sound == null)
    throw new BatonError('ENCODER_FAILED', 'the demo film lacks a track');
  const target = new BufferTarget();
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: 'in-memory' }), target });
  const videoOut = new EncodedVideoPacketSource('avc');
  const audioOut = new EncodedAudioPacketSource('aac');
  output.addVideoTrack(videoOut, { frameRate: FRAMES_PER_SECOND });
  output.addAudioTrack(audioOut);
  output.setMetadataTags({ title: TITLE, artist: 'Baton' });
  await output.start();
  const copyPictures = async (): Promise<void> => {
    let first: Seconds | null = null; // fragments state no edits: B frames have put everything back
    for await (const packet of new EncodedPacketSink(video).packets()) {
      first ??= packet.timestamp;
      await videoOut.add(packet.clone({ timestamp: packet.timestamp - first }), { decoderConfig: pictures });
    }
    videoOut.close();
  };
  const copySound = async (): Promise<void> => {
    let at: Seconds = 0 - AAC_FRAME; // the first frame is the encoder's delay, and is not heard
    for await (const packet of new EncodedPacketSink(audio).packets()) {
      await audioOut.add(packet.clone({ timestamp: at, duration: AAC_FRAME }), { decoderConfig: sound });
      at += AAC_FRAME;
    }
    audioOut.close();
  };
  await Promise.all([copyPictures(), copySound()]);
  await output.finalize();
  return new Uint8Array(target.buffer ?? new ArrayBuffer());
}
