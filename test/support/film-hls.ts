import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { decode, FFPROBE, inFolder } from './ffmpeg.ts';
import { beepTimes, seenFrames } from './film.ts';
import { bytesAt, readMedia, readMultivariant, type ReadPlaylist } from './hls.ts';

/** What Baton's HLS of a film has, all of it fetched: the variant listed first, or that of so many lines. */
export interface FilmHls {
  readonly video: ReadPlaylist;
  readonly audio: ReadPlaylist;
  readonly pictures: Buffer;
}

export async function fetchFilmHls(link: string, lines?: number): Promise<FilmHls> {
  const { playlist } = await readMultivariant(link);
  const variant = playlist.variants.find(({ uri }) => lines === undefined || uri.includes(`v${lines}`));
  const base = new URL(link);
  const video = await readMedia(new URL(variant?.uri ?? '', base).href);
  const audio = await readMedia(new URL(variant?.audio[0]?.uri ?? '', base).href);
  return { video, audio, pictures: await wholeTrack(video) };
}

/** All of a track, its segments asked for backwards. */
export async function wholeTrack(playlist: ReadPlaylist): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const [index, { url }] of [...playlist.segments.entries()].reverse()) parts[index] = await bytesAt(url);
  return Buffer.concat([await bytesAt(playlist.init), ...parts]);
}

/** When frames are shown, by the clock of the file. */
export async function frameTimes(pictures: Buffer): Promise<number[]> {
  return await inFolder(async (folder) => {
    await writeFile(`${folder}/film.mp4`, pictures);
    const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=pts_time', '-of', 'csv=p=0'];
    const { stdout } = await promisify(execFile)(FFPROBE ?? 'ffprobe', [...args, `${folder}/film.mp4`]);
    return stdout.split('\n').filter(Boolean).map(Number.parseFloat);
  });
}

/** When flashes begin, by the clock of the file. */
export async function flashTimes(pictures: Buffer): Promise<number[]> {
  const seen = await seenFrames(pictures);
  const times = await frameTimes(pictures);
  return seen.flatMap(({ isFlash }, index) =>
    isFlash && seen[index - 1]?.isFlash === false ? [times[index] ?? NaN] : [],
  );
}

/** How far each flash, but the last, is from the nearest beep, in seconds. */
export async function beepsOff({ audio, pictures }: Pick<FilmHls, 'audio' | 'pictures'>): Promise<number[]> {
  const sound = await decode(await wholeTrack(audio));
  const left = sound.data.filter((_, at) => at % sound.channels === 0);
  const beeps = beepTimes(left, sound.sampleRate);
  const flashes = await flashTimes(pictures);
  return flashes.slice(0, -1).map((flash) => Math.min(...beeps.map((beep) => Math.abs(beep - flash))));
}
