import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '../config.ts';
import { describeFfmpeg, findFfmpeg } from '../ffmpeg/binary.ts';
import { computeEngineId } from '../ffmpeg/engine.ts';
import { reasonOf, tried, type Finding } from './finding.ts';

const NEEDED = {
  '-encoders': ['libmp3lame'],
  '-decoders': ['mp3float', 'aac', 'pcm_s16le'],
  '-demuxers': ['mp3', 'matroska', 's16le'],
  '-filters': ['atrim', 'asetpts', 'aresample', 'aformat', 'apad', 'asplit'],
} as const;

/** Decoders this old have known faults that a crafted file may use. */
const OLD_YEARS = 3;
const INSTALL = 'Install a current ffmpeg (https://ffmpeg.org/download.html) and set FFMPEG_PATH to it.';

/** Which ffmpeg is used, how old it is, whether it can do what is needed, and what outputs of it are known by. */
export async function checkFfmpeg({ ffmpegPath }: Config, thisYear: number): Promise<Finding[]> {
  let path: string;
  try {
    path = findFfmpeg(ffmpegPath);
    const { version, year } = await describeFfmpeg(path);
    const from = ffmpegPath === null ? 'from the npm package' : 'from FFMPEG_PATH';
    const binary: Finding = { name: 'ffmpeg', state: 'ok', text: `${version} ${from}: ${path}` };
    return [binary, ageOf(year, thisYear), await abilities(path), await engine(path)];
  } catch (thrown) {
    const advice =
      ffmpegPath === null ? 'Run `npm ci` again, or set FFMPEG_PATH.' : 'Set FFMPEG_PATH to an ffmpeg, or unset it.';
    return [{ name: 'ffmpeg', state: 'fail', text: reasonOf(thrown), advice }];
  }
}

function ageOf(year: number | null, thisYear: number): Finding {
  const name = 'ffmpeg age';
  if (year === null) return { name, state: 'warn', text: 'its year is not known', advice: INSTALL };
  if (thisYear - year < OLD_YEARS) return { name, state: 'ok', text: `built from sources of ${year}` };
  return {
    name,
    state: 'warn',
    text: `built from sources of ${year}: its decoders have faults known since, which a crafted file may use`,
    advice: `Baton gives it no network, no files, one decoder, and limits. For sources you do not trust: ${INSTALL}`,
  };
}

async function abilities(path: string): Promise<Finding> {
  const missing: string[] = [];
  for (const [list, names] of Object.entries(NEEDED)) {
    const { stdout } = await promisify(execFile)(path, ['-hide_banner', '-v', 'error', list], { env: {} });
    // "flags name description", the name may be several joined by commas
    const has = new Set([...stdout.matchAll(/^ *\S+ +(\S+)/gm)].flatMap(([, name = '']) => name.split(',')));
    missing.push(...names.filter((name) => !has.has(name)).map((name) => `${list.slice(1, -1)} ${name}`));
  }
  const name = 'codecs';
  if (missing.length > 0) return { name, state: 'fail', text: `ffmpeg lacks ${missing.join(', ')}`, advice: INSTALL };
  return { name, state: 'ok', text: 'MP3 encoder; MP3 and AAC decoders' };
}

const engine = (path: string): Promise<Finding> =>
  tried('engine', INSTALL, async () => `${await computeEngineId(path, process.arch)} (a test encode went well)`);
