import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, pcmOf } from './ffmpeg.ts';
import type { Pcm } from './signal.ts';

/** A player that we did not write, where there is one. */
export const MPV = existsSync('/usr/bin/mpv') ? '/usr/bin/mpv' : null;

/** What a player made of a file. */
export interface Played {
  readonly code: number | null;
  /** Errors. */
  readonly complaints: string;
  readonly title: string;
  readonly codec: string;
  readonly chapters: number;
  readonly sound: Pcm;
}

/** Plays a file called `name`, or what is at an address, to its end, as fast as it goes. */
export async function playWithMpv(binary: string, media: Uint8Array | string, name = 'media'): Promise<Played> {
  return await inFolder(async (folder) => {
    const [file, wav] = [typeof media === 'string' ? media : join(folder, name), join(folder, 'played.wav')];
    if (typeof media !== 'string') await writeFile(file, media);
    const output = ['--no-config', '--no-video', '--ao=pcm', `--ao-pcm-file=${wav}`, '--audio-format=s16'];
    const words = ['--msg-level=all=error,term-msg=info', `--term-playing-msg=${MARK}${FACTS.join('|')}`];
    const mpv = spawn(binary, [...output, ...words, file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [mpv.stdout, mpv.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    const [code] = (await once(mpv, 'close')) as [number | null];
    const lines = said.split('\n');
    const [codec = '', chapters = '', ...title] =
      lines
        .find((line) => line.startsWith(MARK))
        ?.slice(MARK.length)
        .split('|') ?? [];
    const complaints = lines.filter((line) => line.trim() !== '' && !line.startsWith(MARK)).join('\n');
    const sound = pcmOf(await readFile(wav));
    return { code, complaints, codec, chapters: Number(chapters), title: title.join('|'), sound };
  });
}

const MARK = 'playing ';
const FACTS = ['${audio-codec-name}', '${chapters}', '${media-title}'];
