import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { sampleArgs } from '../src/ffmpeg/picture-args.ts';
import { ladderOf } from '../src/grid/picture.ts';
import { ffmpeg } from '../test/support/ffmpeg.ts';
import type { Milliseconds } from '../src/units.ts';
import type { Lab } from './lab.ts';
import { compare, cpuSeconds, limit, median, type Row } from './measure.ts';

const GONE: Milliseconds = 100;
const SEGMENT_SECONDS = 6;
const SEGMENTS = [1, 2, 3];
const HD = { width: 1920, height: 1080 };

/**
 * A segment of 480 lines that nobody has asked for, of a source of 1080, against `ffmpeg -ss -t` with the same coder from
 * the same address, by turns: its time, what it takes of the processor, and how soon the first bytes are there.
 */
export async function videoSegment(lab: Lab): Promise<readonly Row[]> {
  const sources = await madeFilms(lab);
  const [ours, theirs, shares]: [Cost[], Cost[], number[]] = [[], [], []];
  for (const source of sources) {
    const base = lab.baton.link(source, '', { kind: 'hls', name: 'index.m3u8' });
    const playlist = await (await fetch(`${base}/v480.m3u8`)).text();
    const segments = playlist.split('\n').filter((line) => line.endsWith('.m4s'));
    await (await fetch(`${base}/${segments[0] ?? ''}`)).arrayBuffer(); // the parameter sets are known from here on
    for (const index of SEGMENTS) {
      let firstMs = NaN;
      const own = await costOf(
        lab.baton.pid,
        async () => (firstMs = await fetched(`${base}/${segments[index] ?? ''}`)),
      );
      ours.push(own);
      shares.push(firstMs / own.ms);
      theirs.push(await costOf(process.pid, () => run(lab.ffmpeg, peerArgs(source, index * SEGMENT_SECONDS))));
    }
  }
  const middle = (costs: readonly Cost[], what: keyof Cost): number => median(costs.map((cost) => cost[what]));
  const against = (what: keyof Cost) => ({ name: 'ffmpeg -ss -t', value: middle(theirs, what) });
  const name = 'cold segment of 480 lines from 1080';
  return [
    compare(name, 'ms', middle(ours, 'ms'), against('ms'), { most: 1 }),
    compare(`${name}: processor`, 'ms', middle(ours, 'cpuMs'), against('cpuMs'), { most: 1 }),
    limit('cold segment of 480 lines: first byte, share of the whole', '%', median(shares) * 100, 50),
  ];
}

interface Cost {
  readonly ms: Milliseconds;
  /** Of a process and those it started. */
  readonly cpuMs: Milliseconds;
}

async function costOf(pid: number, act: () => Promise<unknown>): Promise<Cost> {
  const [startedAt, before] = [performance.now(), cpuSeconds(pid)];
  await act();
  const ms = performance.now() - startedAt;
  await setTimeout(GONE); // the processor time of a child counts when it is gone
  return { ms, cpuMs: (cpuSeconds(pid) - before) * 1000 };
}

/** Addresses of 26 s, a key frame every ten. */
async function madeFilms({ folder, originUrl }: Lab): Promise<readonly string[]> {
  const path = join(folder, 'www', 'film.mp4');
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=1920x1080:r=30:d=26', '-f', 'lavfi', '-i', 'sine=d=26'];
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '300', '-pix_fmt', 'yuv420p', '-b:v', '5M'];
  await ffmpeg([...inputs, ...video, '-c:a', 'aac', '-movflags', '+faststart', path]);
  await symlink(path, join(folder, 'www', 'again.mp4'));
  return [`${originUrl}/film.mp4`, `${originUrl}/again.mp4`];
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

/** When the first byte of an answer that is read to its end is there. */
async function fetched(url: string): Promise<Milliseconds> {
  const startedAt = performance.now();
  const answer = await fetch(url);
  let firstMs = NaN;
  for await (const piece of answer.body ?? [])
    if (Number.isNaN(firstMs) && piece.length > 0) firstMs = performance.now() - startedAt;
  if (!answer.ok || Number.isNaN(firstMs)) throw new Error(`${answer.status} for ${url}`);
  return firstMs;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}`);
}
