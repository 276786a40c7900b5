import { readdir, readFile, writeFile } from 'node:fs/promises';
import { FFMPEG, ffmpeg, inFolder, SYSTEM_FFMPEG } from './ffmpeg.ts';
import { film, type FilmRecipe } from './film.ts';
import { HLS_KEY } from './hls-made.ts';

/** How a film is cut into HLS. */
export interface HlsFilmRecipe {
  readonly film?: FilmRecipe;
  readonly kind: 'ts' | 'fmp4';
  readonly segmentSeconds?: number;
  readonly encrypted?: boolean;
  /** All segments in one file. */
  readonly byteRanges?: boolean;
  /** By the ffmpeg that Baton uses, which is older: its segments of one file have no maps. */
  readonly old?: boolean;
  /** What else ffmpeg is told of the output. */
  readonly output?: readonly string[];
  /** Of all files; `main` by default. */
  readonly name?: string;
}

/** Files by path: `/main.m3u8` and what it names. Pictures and sound are passed on as they are. */
export async function hlsFilm(recipe: HlsFilmRecipe): Promise<Record<string, Uint8Array>> {
  const { kind, segmentSeconds = 4, encrypted, byteRanges, old, output = [], name = 'main' } = recipe;
  const source = await film(recipe.film ?? {});
  return await inFolder(async (folder) => {
    await writeFile(`${folder}/in`, source);
    await writeFile(`${folder}/key`, HLS_KEY);
    await writeFile(`${folder}/key.info`, `key\n${folder}/key\n`);
    const form = ['-f', 'hls', '-hls_time', `${segmentSeconds}`, '-hls_list_size', '0', '-hls_playlist_type', 'vod'];
    if (kind === 'fmp4') form.push('-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', `${name}-init.mp4`);
    if (byteRanges === true) form.push('-hls_flags', 'single_file');
    if (encrypted === true) form.push('-hls_key_info_file', `${folder}/key.info`);
    const binary = old === true ? FFMPEG : (SYSTEM_FFMPEG ?? FFMPEG);
    const args = ['-i', `${folder}/in`, '-c', 'copy', ...output, ...form, `${folder}/${name}.m3u8`];
    await ffmpeg(args, new Uint8Array(), binary);
    const files: Record<string, Uint8Array> = {};
    for (const file of await readdir(folder))
      if (file !== 'in' && file !== 'key.info') files[`/${file}`] = await readFile(`${folder}/${file}`);
    return files;
  });
}
