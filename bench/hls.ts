import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { randomNumbers } from '../test/support/signal.ts';
import { firstByteMs } from './first-byte.ts';
import type { Lab } from './lab.ts';
import { compare, limit, mean, median, type Row } from './measure.ts';

const TRACK = 'a128';
const SEGMENT_SECONDS = 4.8;
const SEGMENTS = 24;
const PLAYLISTS = 50;
const HOURS = 3;

/**
 * Segments of an hour that nobody has made yet, against ffmpeg making them from the same URL, once by their last byte and
 * once by their first; and the playlist of three hours.
 */
export async function hls(lab: Lab): Promise<readonly Row[]> {
  const source = await lab.freshSource();
  const link = hlsLink(lab, source);
  const playlist = await textAt(`${link}/${TRACK}.m3u8`); // waits for the index, if there has to be one
  const names = playlist.split('\n').filter((line) => line.endsWith('.m4s'));
  const random = randomNumbers(7);
  const chosen = new Set<number>();
  while (chosen.size < 2 * SEGMENTS) chosen.add(1 + Math.floor(random() * (names.length - 2)));
  const [whole, first, theirs]: [number[], number[], number[]] = [[], [], []];
  for (const [turn, index] of [...chosen].entries()) {
    const url = `${link}/${names[index] ?? ''}`;
    if (turn % 2 === 0) first.push(await firstByteMs(url));
    else {
      whole.push(await wholeMs(url));
      theirs.push(await ffmpegMs(lab, source, index * SEGMENT_SECONDS));
    }
  }
  const long = await longSource(lab);
  const address = `${hlsLink(lab, long)}/${TRACK}.m3u8`;
  const size = (await textAt(address)).length;
  const playlists: number[] = [];
  for (let turn = 0; turn < PLAYLISTS; turn++) playlists.push(await wholeMs(address));
  const peer = { name: 'ffmpeg -ss -t', value: mean(theirs) };
  return [
    compare('cold audio segment of HLS, mean', 'ms', mean(whole), peer, { most: 0.7 }),
    compare('its first byte, mean', 'ms', mean(first), peer, { most: 0.7 }),
    limit(`playlist of ${HOURS} hours (${Math.round(size / 1000)} kB), median`, 'ms', median(playlists), 5),
  ];
}

const hlsLink = ({ baton }: Lab, source: string): string => baton.link(source, '', { kind: 'hls', name: 'index.m3u8' });

async function textAt(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} from ${url}`);
  return await response.text();
}

async function wholeMs(url: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${response.status} from ${url}`);
  return performance.now() - startedAt;
}

/** Until the last byte of the same stretch is there, from the same encoder, in the same container. */
async function ffmpegMs({ ffmpeg }: Lab, source: string, seconds: number): Promise<number> {
  const startedAt = performance.now();
  const input = ['-v', 'error', '-nostdin', '-ss', seconds.toFixed(3), '-t', String(SEGMENT_SECONDS), '-i', source];
  const output = ['-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-f', 'mp4'];
  const fragmented = ['-movflags', 'frag_keyframe+empty_moov+default_base_moof', 'pipe:1'];
  const child = spawn(ffmpeg, [...input, ...output, ...fragmented], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.resume();
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
  return performance.now() - startedAt;
}

/** A WAV of three hours, most of which takes no room. */
async function longSource({ folder, originUrl }: Lab): Promise<string> {
  const [rate, bytes] = [8000, HOURS * 3600 * 8000];
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // one channel
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(bytes, 40);
  const file = await open(join(folder, 'www', 'long.wav'), 'w');
  await file.write(head);
  await file.truncate(44 + bytes);
  await file.close();
  return `${originUrl}/long.wav`;
}
