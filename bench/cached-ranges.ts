import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { compare, cpuSeconds, type Row } from './measure.ts';

const OPTIONS = 'codec.mp3~bitrate.128k';
const RANGE = { start: 400_000, end: 400_000 + 65_536 };
const SECONDS = 5;
const CONNECTIONS = 16;

/** 64 kB ranges of what is in the store, against the same range of a static file on nginx: requests per processor second. */
export async function cachedRanges(lab: Lab): Promise<readonly Row[]> {
  const url = lab.baton.link(await lab.freshSource(), OPTIONS);
  const range = `bytes=${RANGE.start}-${RANGE.end - 1}`;
  const whole = new Uint8Array(await (await fetch(url, { headers: { range: 'bytes=0-999999' } })).arrayBuffer());
  await writeFile(join(lab.folder, 'www', 'static.mp3'), whole);
  const ours = await load(url, range, [lab.baton.pid]);
  const theirs = await load(`${lab.originUrl}/static.mp3`, range, lab.nginxPids());
  return [compare('cached 64 kB ranges', 'req/CPU s', ours, { name: 'nginx', value: theirs }, { least: 0.3 })];
}

/** Requests per second that the server's processes spent on a processor. */
async function load(url: string, range: string, pids: readonly number[]): Promise<number> {
  const spent = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = spent();
  const child = spawn('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '-H', `Range: ${range}`, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  if (output.includes('Non-2xx') || !(requests > 0)) throw new Error(`the load went wrong: ${output}`);
  return requests / (spent() - before);
}
