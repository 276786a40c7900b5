import { commandMs, firstByteMs, headBytes } from './first-byte.ts';
import type { Lab } from './lab.ts';
import { compare, median, type Row } from './measure.ts';

const ROUNDS = 15;
const OPTIONS = 'codec.mp3~bitrate.128k';

/** The first audio frame of a transcode that nobody has asked for before, against `curl | ffmpeg` on the same file. */
export async function firstFrame(lab: Lab): Promise<readonly Row[]> {
  const known: number[] = [];
  const unknown: number[] = [];
  const pipe: number[] = [];
  const skip = await headBytes(lab.baton.link(await lab.freshSource(), OPTIONS));
  for (let round = 0; round < ROUNDS + 2; round++) {
    const probed = lab.baton.link(await lab.freshSource(), OPTIONS);
    await fetch(probed, { method: 'HEAD' });
    await pause();
    known.push(await firstByteMs(probed, { skip }));
    await pause();
    unknown.push(await firstByteMs(lab.baton.link(await lab.freshSource(), OPTIONS), { skip }));
    await pause();
    pipe.push(await commandMs(curlFfmpeg(lab, await lab.freshSource())));
    await pause();
  }
  const warm = (values: readonly number[]): number => median(values.slice(2));
  const peer = { name: 'curl | ffmpeg', value: warm(pipe) };
  return [
    compare('first audio frame, probe cached', 'ms', warm(known), peer, { most: 0.5 }),
    compare('first audio frame, probe not cached', 'ms', warm(unknown), peer, { most: 1 }),
  ];
}

const curlFfmpeg = ({ ffmpeg }: Lab, source: string): string =>
  `curl -s ${source} | ${ffmpeg} -v error -f mp3 -i pipe:0 -c:a libmp3lame -b:a 128k -ar 48000 -write_xing 0 -id3v2_version 0 -f mp3 pipe:1`;

/** Parked processes start, and what was left behind is gone. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));
