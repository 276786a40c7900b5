import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { FilmPacket } from '../../src/ingest/film-records.ts';
import type { IngestFormat, PacketFormat } from '../../src/ingest/format.ts';
import { accessUnits, lengthPrefixed } from '../../src/media/annex-b.ts';
import { NAL, nalType, writeAvcConfig } from '../../src/media/avc.ts';
import { codedFrames } from '../support/coded-frames.ts';
import { demuxed, md5, type Demuxed } from '../support/demuxed.ts';
import { ffmpeg } from '../support/ffmpeg.ts';
import { testSignal } from '../support/signal.ts';
import { packetsOf, pieces } from './sent.ts';
import { writeFilmRecords } from './write-records.ts';

/** A show with pictures that a test publishes. */
export interface SentFilm {
  readonly format: IngestFormat;
  readonly payloads: readonly Uint8Array[];
  /** What has to come out, as ffprobe reads it. */
  readonly sound: readonly string[];
  readonly pictures: readonly Omit<Demuxed, 'kind'>[];
}

export const WIDTH = 640;
export const HEIGHT = 360;
export const RATE = 25;
/** Two seconds. */
const GOP = 2 * RATE;
const PER_MESSAGE_MS = 100;
/** Small enough that pictures are cut. */
const MOST = 6_000;

/** Packets as WebCodecs gives them: sound and pictures that begin together. */
export async function filmPackets(codec: 'opus' | 'aac', seconds: number): Promise<SentFilm> {
  const [{ frames, frameSamples }, { format: sound }, { pictures, description }] = await Promise.all([
    codedFrames(codec, codec === 'opus' ? 1 : 2, seconds * 48_000),
    packetsOf(codec, 1),
    cameraPictures(seconds),
  ]);
  const heard = frames.map((bytes, at): FilmPacket => ({
    ...{ track: 'sound', bytes, at: (at * frameSamples) / 48, isKey: true },
  }));
  const all = [...heard, ...pictures].sort((a, b) => a.at - b.at);
  const payloads: Uint8Array[] = [];
  for (let from = 0; from < all.length;) {
    const until = (all[from]?.at ?? 0) + PER_MESSAGE_MS;
    const next = all.findIndex(({ at }) => at >= until);
    const to = next < 0 ? all.length : next;
    payloads.push(...writeFilmRecords(all.slice(from, to), MOST));
    from = to;
  }
  const video = { codec: 'avc1.42c01e', description, width: WIDTH, height: HEIGHT, frameRate: RATE };
  return {
    ...{ format: { ...(sound as PacketFormat), video }, payloads, sound: frames.map(md5) },
    pictures: pictures.map(({ bytes, at, isKey }) => ({ md5: md5(bytes), seconds: at / 1000, isKey })),
  };
}

/** What MediaRecorder gives: WebM with H.264, in pieces of random sizes. Browsers leave the configuration out: `test/player`. */
export async function filmWebm(seconds: number): Promise<SentFilm> {
  const [sound, { stream }] = await Promise.all([opusStream(seconds), cameraPictures(seconds)]);
  const folder = await mkdtemp(join(tmpdir(), 'baton-film-'));
  const coded = join(folder, 'pictures.h264');
  await writeFile(coded, stream);
  const both = ['-f', 'ogg', '-i', 'pipe:0', '-f', 'h264', '-framerate', String(RATE), '-i', coded];
  const live = ['-c', 'copy', '-f', 'matroska', '-live', '1', '-cluster_time_limit', '900', 'pipe:1'];
  const webm = await ffmpeg([...both, '-map', '0', '-map', '1', ...live], sound);
  await rm(folder, { recursive: true });
  const packets = await demuxed(webm);
  return {
    ...{ format: { container: 'webm', video: true }, payloads: pieces(webm, 4_000) },
    sound: packets.filter(({ kind }) => kind === 'audio').map(({ md5: hash }) => hash),
    pictures: packets.filter(({ kind }) => kind === 'video'),
  };
}

/** Not one packet is missing, doubled, changed, or away from its place beside the sound. */
export async function expectFilm(recording: Uint8Array, sent: SentFilm): Promise<void> {
  const packets = await demuxed(recording);
  expect(packets.filter(({ kind }) => kind === 'audio').map(({ md5: hash }) => hash)).toEqual(sent.sound);
  const pictures = packets.filter(({ kind }) => kind === 'video');
  expect(pictures.map(({ md5: hash, isKey }) => [hash, isKey])).toEqual(
    sent.pictures.map(({ md5: hash, isKey }) => [hash, isKey]),
  );
  const [off] = pictures
    .map(({ seconds }, at) => Math.abs(seconds - (sent.pictures[at]?.seconds ?? 0)))
    .sort((a, b) => b - a);
  expect(off).toBeLessThan(0.002);
}

async function opusStream(seconds: number): Promise<Uint8Array> {
  const { data } = testSignal(0, seconds * 48_000, { sampleRate: 48_000, channels: 1 });
  const input = ['-f', 's16le', '-ar', '48000', '-ac', '1', '-i', 'pipe:0'];
  return await ffmpeg([...input, '-c:a', 'libopus', '-f', 'ogg', 'pipe:1'], new Uint8Array(data.buffer));
}

/** A test picture that moves, with a counter, as H.264 in the way a browser codes it. */
export async function cameraPictures(seconds: number): Promise<{
  readonly pictures: readonly FilmPacket[];
  readonly description: string;
  readonly stream: Uint8Array;
}> {
  const source = `testsrc2=size=${WIDTH}x${HEIGHT}:rate=${RATE}:duration=${seconds}`;
  const coder = [
    '-c:v',
    'libx264',
    '-profile:v',
    'baseline',
    '-preset',
    'veryfast',
    '-b:v',
    '1M',
    '-pix_fmt',
    'yuv420p',
  ];
  const params = `keyint=${GOP}:min-keyint=${GOP}:scenecut=0:bframes=0:aud=1:threads=1`;
  const stream = await ffmpeg(['-f', 'lavfi', '-i', source, ...coder, '-x264-params', params, '-f', 'h264', 'pipe:1']);
  const reader = accessUnits();
  const units = [...reader.push(stream), ...reader.end()];
  const find = (type: number): Uint8Array => units.flat().find((unit) => nalType(unit) === type) ?? new Uint8Array();
  const pictures = units.map((unit, at): FilmPacket => ({
    track: 'pictures',
    bytes: lengthPrefixed(unit.filter((nal) => ![NAL.delimiter, NAL.sps, NAL.pps].includes(nalType(nal) as never))),
    at: (at * 1000) / RATE,
    isKey: at % GOP === 0,
  }));
  const description = Buffer.from(writeAvcConfig([find(NAL.sps)], [find(NAL.pps)])).toString('base64');
  return { pictures, description, stream };
}
