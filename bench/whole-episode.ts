import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startBaton, type Lab } from './lab.ts';
import { compare, cpuSeconds, limit, peakMegabytes, type Row } from './measure.ts';

const OPTIONS = 'codec.mp3~bitrate.128k';

/** One hour, transcoded whole, against one ffmpeg process with the same settings on the same URL. */
export async function wholeEpisode(lab: Lab): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const baton = await startBaton(join(lab.folder, 'whole-episode'), lab.originUrl, stack); // its peak is of this work alone
  const { pid } = baton;
  const cpuBefore = cpuSeconds(pid);
  const startedAt = performance.now();
  const response = await fetch(baton.link(await lab.freshSource(), OPTIONS));
  let bytes = 0;
  for await (const piece of response.body ?? []) bytes += piece.length;
  const ours = { seconds: (performance.now() - startedAt) / 1000, cpu: cpuSeconds(pid) - cpuBefore };
  if (bytes !== Number(response.headers.get('content-length')))
    throw new Error(`${bytes} bytes instead of the promised`);
  const theirs = await ffmpegAlone(lab, await lab.freshSource());
  return [
    compare('whole hour, time', 's', ours.seconds, { name: 'ffmpeg', value: theirs.seconds }, { most: 0.65 }),
    compare('whole hour, processor', 's', ours.cpu, { name: 'ffmpeg', value: theirs.cpu }, { most: 1.25 }),
    limit('peak memory of the Node process', 'MB', peakMegabytes(pid), 200),
  ];
}

async function ffmpegAlone({ ffmpeg }: Lab, source: string): Promise<{ seconds: number; cpu: number }> {
  const args = [
    '-v',
    'error',
    '-nostdin',
    '-i',
    source,
    '-map',
    '0:a:0',
    '-c:a',
    'libmp3lame',
    '-b:a',
    '128k',
    '-ar',
    '48000',
    '-reservoir',
    '0',
    '-f',
    'mp3',
    '-y',
    '/dev/null',
  ];
  const cpuBefore = cpuSeconds(process.pid);
  const startedAt = performance.now();
  await once(spawn(ffmpeg, args, { stdio: 'ignore' }), 'close');
  return { seconds: (performance.now() - startedAt) / 1000, cpu: cpuSeconds(process.pid) - cpuBefore };
}
