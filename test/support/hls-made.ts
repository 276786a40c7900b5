import { readdir, readFile, writeFile } from 'node:fs/promises';
import { chirpPcm } from '../player/chirp.ts';
import { FFMPEG, ffmpeg, inFolder, SYSTEM_FFMPEG } from './ffmpeg.ts';
import { testSignal } from './signal.ts';

/** A rendition of the test signal, as ffmpeg cuts it. */
export interface HlsRecipe {
  readonly seconds: number;
  readonly segmentSeconds: number;
  readonly sampleRate?: number;
  readonly channels?: 1 | 2;
  readonly codec: readonly string[];
  readonly kind: 'ts' | 'fmp4' | 'packed';
  /** In the same file. */
  readonly byteRanges?: boolean;
  readonly encrypted?: boolean;
  readonly video?: boolean;
  /** Sound whose pitch tells the time instead of the test signal, in mono at 48 kHz. */
  readonly chirp?: boolean;
  /** By the ffmpeg that Baton uses, too, which is older and leaves out more: its segments of one file have no maps. */
  readonly old?: boolean;
}

/** The key of what is encrypted. */
export const HLS_KEY: Uint8Array = Uint8Array.from({ length: 16 }, (_, index) => 7 * index + 1);

/** Files by path: `/main.m3u8`, what it names, and `/key`. The signal begins at its sample 0. */
export async function makeHls(recipe: HlsRecipe): Promise<Record<string, Uint8Array>> {
  const name = JSON.stringify(recipe);
  const files = made.get(name) ?? make(recipe);
  made.set(name, files);
  return { ...(await files) };
}

const made = new Map<string, Promise<Record<string, Uint8Array>>>();

async function make(recipe: HlsRecipe): Promise<Record<string, Uint8Array>> {
  const { seconds, segmentSeconds, sampleRate = 48_000, channels = 2, codec, kind } = recipe;
  const { byteRanges, encrypted, video, old, chirp } = recipe;
  const sound =
    chirp === true
      ? chirpPcm({ seconds }, 0, seconds * sampleRate)
      : testSignal(0, seconds * sampleRate, { sampleRate, channels }).data;
  return await inFolder(async (folder) => {
    const inputs = ['-f', 's16le', '-ar', `${sampleRate}`, '-ac', `${channels}`, '-i', 'pipe:0'];
    const maps = ['-map', '0:a', ...codec];
    if (video === true) {
      inputs.push('-f', 'lavfi', '-i', `testsrc=size=160x120:rate=10:duration=${seconds}`);
      maps.push('-map', '1:v', '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10');
    }
    const binary = old === true ? FFMPEG : (SYSTEM_FFMPEG ?? FFMPEG);
    const bytes = new Uint8Array(sound.buffer);
    if (kind === 'packed') {
      await packed(folder, [...inputs, ...maps], segmentSeconds, bytes);
    } else {
      await writeFile(`${folder}/key`, HLS_KEY);
      await writeFile(`${folder}/key.info`, `key\n${folder}/key\n`);
      const form = ['-f', 'hls', '-hls_time', `${segmentSeconds}`, '-hls_list_size', '0', '-hls_playlist_type', 'vod'];
      if (kind === 'fmp4') form.push('-hls_segment_type', 'fmp4');
      if (byteRanges === true) form.push('-hls_flags', 'single_file');
      if (encrypted === true) form.push('-hls_key_info_file', `${folder}/key.info`);
      await ffmpeg([...inputs, ...maps, ...form, `${folder}/main.m3u8`], bytes, binary);
    }
    const files: Record<string, Uint8Array> = {};
    for (const name of await readdir(folder)) files[`/${name}`] = await readFile(`${folder}/${name}`);
    return files;
  });
}

/** Segments of bare frames, each behind a tag with its time, as Apple's segmenter makes them. */
async function packed(folder: string, args: readonly string[], seconds: number, sound: Uint8Array): Promise<void> {
  const extension = args.includes('libmp3lame') ? 'mp3' : 'aac';
  const list = ['-segment_list', `${folder}/list.csv`, '-segment_list_type', 'csv', '-write_xing', '0'];
  const muxer = extension === 'mp3' ? 'mp3' : 'adts';
  const form = ['-f', 'segment', '-segment_time', `${seconds}`, '-segment_format', muxer, ...list];
  const options =
    extension === 'mp3' ? form : form.filter((each, i) => each !== '-write_xing' && form[i - 1] !== '-write_xing');
  await ffmpeg([...args, ...options, `${folder}/bare%d.${extension}`], sound);
  const rows = (await readFile(`${folder}/list.csv`, 'utf8'))
    .trim()
    .split('\n')
    .map((row) => row.split(','));
  const lines = rows.flatMap(([name = '', start = '0', end = '0']) => {
    return [`#EXTINF:${(Number(end) - Number(start)).toFixed(3)},`, name];
  });
  for (const [name = '', start = '0'] of rows) {
    const frames = await readFile(`${folder}/${name}`);
    await writeFile(`${folder}/${name}`, Buffer.concat([timestampTag(Number(start) + 10), frames]));
  }
  const head = ['#EXTM3U', '#EXT-X-VERSION:3', `#EXT-X-TARGETDURATION:${Math.ceil(seconds) + 1}`];
  await writeFile(
    `${folder}/main.m3u8`,
    [...head, '#EXT-X-PLAYLIST-TYPE:VOD', ...lines, '#EXT-X-ENDLIST', ''].join('\n'),
  );
}

/** ID3v2.4 with the PRIV frame of RFC 8216 3.4. */
export function timestampTag(seconds: number): Buffer {
  const owner = Buffer.from('com.apple.streaming.transportStreamTimestamp\0');
  const ticks = Buffer.alloc(8);
  ticks.writeBigUInt64BE(BigInt(Math.round(seconds * 90_000)));
  const content = Buffer.concat([owner, ticks]);
  const frame = Buffer.concat([Buffer.from('PRIV'), Buffer.from([0, 0, 0, content.length, 0, 0]), content]);
  return Buffer.concat([Buffer.from('ID3'), Buffer.from([4, 0, 0, 0, 0, 0, frame.length]), frame]);
}
