import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sampleArgs } from '../src/ffmpeg/picture-args.ts';
import { ladderOf } from '../src/grid/picture.ts';
import { ffmpeg } from '../test/support/ffmpeg.ts';
import type { Lab } from './lab.ts';
import { compare, limit, median, type Row } from './measure.ts';

const SEGMENT_SECONDS = 6;
const SEGMENTS = [1, 2, 3];
const HD = { width: 1920, height: 1080 };

/**
 * A segment of 480 lines that nobody has asked for, of a source of 1080, against `ffmpeg -ss -t` with the same coder from
 * the same address; and how much of the time the first bytes take.
 */
export async function videoSegment(lab: Lab): Promise<readonly Row[]> {
  const source = await madeFilm(lab);
  const base = lab.baton.link(source, '', { kind: 'hls', name: 'index.m3u8' });
  const playlist = await (await fetch(`${base}/v480.m3u8`)).text();
  const segments = playlist.split('\n').filter((line) => line.endsWith('.m4s'));
  await (await fetch(`${base}/${segments[0] ?? ''}`)).arrayBuffer(); // the parameter sets are known from here on
  const [ours, theirs, shares]: [number[], number[], number[]] = [[], [], []];
  for (const index of SEGMENTS) {
    const { firstMs, wholeMs } = await timed(`${base}/${segments[index] ?? ''}`);
    ours.push(wholeMs);
    shares.push(firstMs / wholeMs);
    theirs.push(await commandMs(lab.ffmpeg, peerArgs(source, index * SEGMENT_SECONDS)));
  }
  return [
    compare(
      'cold segment of 480 lines from 1080',
      'ms',
      median(ours),
      { name: 'ffmpeg -ss -t', value: median(theirs) },
      { most: 1 },
    ),
    limit('cold segment of 480 lines: first byte, share of the whole', '%', median(shares) * 100, 50),
  ];
}

/** 26 s, a key frame every ten. */
async function madeFilm({ folder, originUrl }: Lab): Promise<string> {
  const path = join(folder, 'www', 'film.mp4');
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=1920x1080:r=30:d=26', '-f', 'lavfi', '-i', 'sine=d=26'];
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '300', '-pix_fmt', 'yuv420p', '-b:v', '5M'];
  await ffmpeg([...inputs, ...video, '-c:a', 'aac', '-movflags', '+faststart', path]);
  return `${originUrl}/film.mp4`;
}

/** The coder's arguments are those of Baton. */
function peerArgs(source: string, start: number): readonly string[] {
  const rung = ladderOf(HD, 30).find(({ lines }) => lines === 480);
  if (rung === undefined) throw new Error('no rung of 480 lines');
  const args = sampleArgs({ ...rung, colour: { primaries: 1, transfer: 1, matrix: 1 } }, 'none');
  const coder = args.slice(args.indexOf('-c:v'), args.indexOf('-frames:v'));
  const scale = `scale=${rung.width}:${rung.height}:flags=bicubic`;
  const input = ['-v', 'error', '-nostdin', '-ss', String(start), '-t', String(SEGMENT_SECONDS), '-i', source];
  const muxer = ['-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4', 'pipe:1'];
  return [...input, '-an', '-vf', scale, ...coder, ...muxer];
}

async function timed(url: string): Promise<{ firstMs: number; wholeMs: number }> {
  const startedAt = performance.now();
  const answer = await fetch(url);
  let firstMs = NaN;
  let bytes = 0;
  for await (const piece of answer.body ?? []) {
    if (bytes === 0) firstMs = performance.now() - startedAt;
    bytes += piece.length;
  }
  if (!answer.ok || bytes === 0) throw new Error(`${answer.status} for ${url}`);
  return { firstMs, wholeMs: performance.now() - startedAt };
}

async function commandMs(command: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}`);
  return performance.now() - startedAt;
}
