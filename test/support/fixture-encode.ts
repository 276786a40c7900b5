import { readFile, writeFile } from 'node:fs/promises';
import { ffmpeg, inFolder } from './ffmpeg.ts';
import { signalBytes } from './kept-signal.ts';
import { randomNumbers } from './signal.ts';

export interface Extras {
  readonly artwork?: 'small' | 'large';
  readonly chapters?: boolean;
  readonly video?: boolean;
}

/** Title, artist and chapters (thirds of the sound) of the sources with chapters. */
export const TITLES = {
  title: 'Ein Stück über Töne',
  artist: 'Baton',
  album: 'Tests',
  chapters: ['Anfang', 'Mitte', 'Ende'],
} as const;

// 77 more, so that no length is a whole number of frames or milliseconds.
export const lengthOf = (seconds: number, sampleRate: number) => seconds * sampleRate + 77;

/** The test signal through ffmpeg into a file, for only there does it go back to write its headers. */
export async function encode(
  seconds: number,
  sampleRate: number,
  channels: 1 | 2,
  extension: string,
  args: readonly string[],
  { artwork, chapters = false, video = false }: Extras = {},
): Promise<Buffer> {
  const sound = await signalBytes(0, lengthOf(seconds, sampleRate), { sampleRate, channels });
  return await inFolder(async (folder) => {
    const inputs = ['-f', 's16le', '-ar', `${sampleRate}`, '-ac', `${channels}`, '-i', 'pipe:0'];
    const maps = ['-map', '0:a'];
    if (chapters) {
      await writeFile(`${folder}/tags`, tagsText(seconds));
      inputs.push('-f', 'ffmetadata', '-i', `${folder}/tags`);
      maps.push('-map_metadata', '1', '-map_chapters', '1');
    }
    const picture = chapters ? '2:v' : '1:v';
    if (artwork) {
      await writeFile(`${folder}/cover`, artwork === 'small' ? await smallCover() : await largeCover());
      inputs.push('-i', `${folder}/cover`);
      maps.push('-map', picture, '-c:v', 'copy', '-disposition:v:0', 'attached_pic');
    }
    if (video) {
      inputs.push('-f', 'lavfi', '-i', `testsrc=size=160x120:rate=10:duration=${seconds}`);
      maps.push('-map', picture, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p');
    }
    const out = `${folder}/out.${extension}`;
    await ffmpeg([...inputs, ...maps, ...args, out], sound);
    return await readFile(out);
  });
}

function tagsText(seconds: number): string {
  const { title, artist, album, chapters } = TITLES;
  const third = Math.floor((seconds * 1000) / 3);
  const marks = chapters.map(
    (name, i) => `[CHAPTER]\nTIMEBASE=1/1000\nSTART=${i * third}\nEND=${(i + 1) * third}\ntitle=${name}\n`,
  );
  return `;FFMETADATA1\ntitle=${title}\nartist=${artist}\nalbum=${album}\n${marks.join('')}`;
}

const smallCover = () =>
  ffmpeg([
    '-f',
    'lavfi',
    '-i',
    'testsrc=size=160x160',
    '-frames:v',
    '1',
    '-c:v',
    'mjpeg',
    '-f',
    'image2pipe',
    'pipe:1',
  ]);

function largeCover(): Promise<Buffer> {
  const random = randomNumbers(11);
  const noise = Uint8Array.from({ length: 1000 * 1000 * 3 }, () => random() * 256);
  return ffmpeg(
    [
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-s',
      '1000x1000',
      '-i',
      'pipe:0',
      '-c:v',
      'png',
      '-f',
      'image2pipe',
      'pipe:1',
    ],
    noise,
  );
}
