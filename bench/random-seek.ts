import { randomNumbers } from '../test/support/signal.ts';
import { commandMs, firstByteMs } from './first-byte.ts';
import type { Lab } from './lab.ts';
import { compare, mean, type Row } from './measure.ts';

const OPTIONS = 'codec.mp3~bitrate.128k';
const SEEKS = 40;
const HOUR_SECONDS = 3600;

/** A jump to a random place of an hour that nobody has played, against `ffmpeg -ss` on the same URL. */
export async function randomSeek(lab: Lab): Promise<readonly Row[]> {
  const source = await lab.freshSource();
  const url = lab.baton.link(source, OPTIONS);
  const size = await indexed(url);
  const random = randomNumbers(11);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let seek = 0; seek < SEEKS; seek++) {
    const place = random();
    const start = Math.floor(place * (size - 100_000)) + 50_000;
    ours.push(await firstByteMs(url, { range: `bytes=${start}-${start + 4095}` }));
    theirs.push(await commandMs(seekFfmpeg(lab, source, place * HOUR_SECONDS)));
  }
  return [
    compare(
      'random seek into an hour, mean',
      'ms',
      mean(ours),
      { name: 'ffmpeg -ss', value: mean(theirs) },
      { most: 1 },
    ),
  ];
}

/** Plays the start, which starts the index, and asks for the end, which waits for it. */
async function indexed(url: string): Promise<number> {
  await firstByteMs(url);
  const size = Number((await fetch(url, { method: 'HEAD' })).headers.get('content-length'));
  await firstByteMs(url, { range: `bytes=${size - 10}-` });
  return size;
}

const seekFfmpeg = ({ ffmpeg }: Lab, source: string, seconds: number): string =>
  `${ffmpeg} -v error -nostdin -ss ${seconds.toFixed(3)} -i ${source} -c:a libmp3lame -b:a 128k -ar 48000 -write_xing 0 -id3v2_version 0 -f mp3 pipe:1`;
