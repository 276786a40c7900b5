import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpeg } from './ffmpeg.ts';

/** Six seconds of picture and sound in the forms that HLS has, by path: `/ts/v.m3u8`, `/ts/s0.ts`… */
export type HlsMedia = ReadonlyMap<string, Buffer>;

export const HLS_SECONDS = 6;

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/baton-hls');
const SOUND = ['-c:a', 'aac', '-b:a', '64k', '-ar', '48000', '-ac', '1'];
const PICTURE = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '10', '-sc_threshold', '0'];
const INPUT = [
  ...['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=10:d=${HLS_SECONDS}`],
  // Where the encoder's delay ends, so that both begin at once.
  ...[
    '-itsoffset',
    String(1024 / 48_000),
    '-f',
    'lavfi',
    '-i',
    `sine=frequency=440:sample_rate=48000:duration=${HLS_SECONDS}`,
  ],
];

/** What each folder holds, of the one encode. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  ts: ['-hls_time', '1', '-hls_segment_filename', 'ts/s%d.ts'],
  aes: ['-hls_time', '2', '-hls_key_info_file', 'key.info', '-hls_segment_filename', 'aes/s%d.ts'],
  bytes: ['-hls_time', '2', '-hls_flags', 'single_file', '-hls_segment_filename', 'bytes/all.ts'],
  fmp4: ['-an', '-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_segment_filename', 'fmp4/s%d.m4s'],
  sound: ['-vn', '-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_segment_filename', 'sound/s%d.m4s'],
};

const MAIN: Readonly<Record<string, string>> = {
  '/main-ts.m3u8': `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=160x90,CODECS="avc1.42c00b,mp4a.40.2"
ts/v.m3u8
`,
  '/main-fmp4.m3u8': `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="A tone",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="1",URI="sound/v.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=160x90,CODECS="avc1.42c00b,mp4a.40.2",AUDIO="sound"
fmp4/v.m3u8
`,
};

let made: Promise<HlsMedia> | null = null;

/** Made once and kept on disk; several processes may ask at once. */
export const hlsMedia = (): Promise<HlsMedia> => (made ??= load());

async function load(): Promise<HlsMedia> {
  const recipe = createHash('sha256')
    .update(JSON.stringify([INPUT, SOUND, PICTURE, FORMS, 'low: pictures']))
    .digest('hex')
    .slice(0, 16);
  const folder = join(CACHE, recipe);
  const files = await filesIn(folder).catch(async () => {
    await make(folder);
    return filesIn(folder);
  });
  return new Map([...files, ...Object.entries(MAIN).map(([path, text]) => [path, Buffer.from(text)] as const)]);
}

async function filesIn(folder: string): Promise<[string, Buffer][]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(paths.map(async (path) => [path.slice(folder.length), await readFile(path)] as [string, Buffer]));
}

async function make(folder: string): Promise<void> {
  const draft = `${folder}.${randomUUID()}`;
  for (const form of [...Object.keys(FORMS), 'low']) await mkdir(join(draft, form), { recursive: true });
  const whole = join(draft, 'whole.mkv');
  await ffmpeg([...INPUT, ...PICTURE, ...SOUND, '-bitexact', whole]);
  await writeFile(join(draft, 'aes/k.bin'), Buffer.from('0123456789abcdef'));
  await writeFile(join(draft, 'key.info'), `k.bin\n${join(draft, 'aes/k.bin')}\n000102030405060708090a0b0c0d0e0f\n`);
  for (const [form, args] of Object.entries(FORMS)) {
    const at = args.map((arg) => (/\/|\.info$/.test(arg) ? join(draft, arg) : arg));
    const list = ['-f', 'hls', '-hls_list_size', '0', '-hls_playlist_type', 'vod'];
    await ffmpeg(['-i', whole, '-c', 'copy', ...list, ...at, join(draft, form, 'v.m3u8')]);
  }
  const flags = ['-movflags', '+empty_moov+default_base_moof+frag_custom', '-frag_duration', '500000'];
  await ffmpeg(['-i', whole, '-an', '-c', 'copy', ...flags, '-f', 'mp4', join(draft, 'low/all.mp4')]);
  await rename(draft, folder).catch(() => rm(draft, { recursive: true })); // another process was first
}
