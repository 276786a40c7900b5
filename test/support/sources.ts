import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { splitAdts, withCrc } from './adts-forge.ts';
import { CONTAINER_RECIPES } from './container-sources.ts';
import { encode, lengthOf, type Extras } from './fixture-encode.ts';
import { ffmpeg, inFolder } from './ffmpeg.ts';
import { cached, type Fixture, type Made, type Stretch } from './fixture-cache.ts';
import { apeV2, id3v1, id3v2, join, junk, splitFrames, vbriFrame, withWrongXing } from './mp3-forge.ts';
import { randomNumbers } from './signal.ts';

/**
 * The source called `name`, `seconds` long (default 20, the hours 3600), holding the test signal. It is made with the
 * real ffmpeg at first use and kept under node_modules/.cache.
 */
export function source(name: SourceName, { seconds = name.includes('hour') ? 3600 : 20 } = {}): Promise<Fixture> {
  const contentType = TYPES[/\.(\w+)$/.exec(name)?.[1] ?? ''] ?? 'application/octet-stream';
  return cached(name, contentType, `${OWN_TEXT} ${name} ${seconds}`, () => RECIPES[name](seconds));
}

export type SourceName = keyof typeof RECIPES;

const RECIPES = {
  // MP3 whose first frame states its length. ffmpeg writes 'Info' for CBR and 'Xing' for VBR, both with a LAME tag.
  'cbr.mp3': (s: number) => mp3(s, 44100, 2, ['-b:a', '128k']),
  'cbr-320.mp3': (s: number) => mp3(s, 44100, 2, ['-b:a', '320k']),
  'vbr-xing.mp3': (s: number) => mp3(s, 44100, 2, ['-q:a', '4']),
  'mpeg2-24k.mp3': (s: number) => mp3(s, 24000, 1, ['-q:a', '5']),
  'mpeg25-11k.mp3': (s: number) => mp3(s, 11025, 2, ['-b:a', '32k']),
  'artwork-3mb.mp3': (s: number) => mp3(s, 44100, 2, ['-b:a', '128k'], { artwork: 'large' }),
  'chapters.mp3': (s: number) => mp3(s, 44100, 2, ['-q:a', '4'], { artwork: 'small', chapters: true }),

  // MP3 without any such frame, so that both delays are heard.
  'cbr-48k-bare.mp3': (s: number) => bareMp3(s, 48000, 2, ['-b:a', '128k']),
  'cbr-mono-padded.mp3': (s: number) => bareMp3(s, 44100, 1, ['-b:a', '64k']),
  'vbr-bare.mp3': (s: number) => bareMp3(s, 44100, 2, ['-q:a', '4']),
  'mpeg2-22k.mp3': (s: number) => bareMp3(s, 22050, 2, ['-b:a', '64k']),
  'mpeg25-12k.mp3': (s: number) => bareMp3(s, 12000, 1, ['-b:a', '24k']),
  'mpeg25-8k.mp3': (s: number) => bareMp3(s, 8000, 1, ['-b:a', '16k']),

  // MP3 that was worked on after it was encoded.
  'vbr-vbri.mp3': (s: number) => forged(s, (frames) => join(vbriFrame(frames), ...frames)),
  'tails.mp3': (s: number) =>
    forged(s, (frames) =>
      join(...frames, apeV2({ REPLAYGAIN_TRACK_GAIN: '-3.20 dB', Note: 'x'.repeat(900) }), id3v1('Tails')),
    ),
  'junk-in-front.mp3': (s: number) => forged(s, (frames) => join(junk(3 * 417, 3, frames[0]), ...frames)),
  'junk.mp3': (s: number) => forged(s, withJunk),
  'truncated.mp3': (s: number) =>
    forged(
      s,
      (frames) => join(...frames).subarray(0, -100),
      (frames) => frames.slice(0, -1),
    ),
  'stale-xing-low.mp3': (s: number) => staleXing(s, (bytes) => withWrongXing(bytes, 0.5)),
  'stale-xing-high.mp3': (s: number) =>
    staleXing(s, (bytes) => {
      const frames = splitFrames(bytes);
      return join(...frames.slice(0, frames.length >> 1));
    }),

  'front.m4a': (s: number) => mp4(s, 44100, 2, 'm4a', ['-movflags', '+faststart']),
  'end.m4a': (s: number) => mp4(s, 44100, 2, 'm4a'),
  '48k.m4a': (s: number) => mp4(s, 48000, 2, 'm4a', ['-movflags', '+faststart']),
  'mono.m4a': (s: number) => mp4(s, 44100, 1, 'm4a'),
  'chapters.m4a': (s: number) =>
    mp4(s, 44100, 2, 'm4a', ['-movflags', '+faststart'], { artwork: 'small', chapters: true }),
  'end.mov': (s: number) => mp4(s, 48000, 2, 'mov'),
  'video-front.mp4': (s: number) => mp4(s, 48000, 2, 'mp4', ['-movflags', '+faststart'], { video: true }),
  'video-end.mp4': (s: number) => mp4(s, 44100, 2, 'mp4', [], { video: true }),

  // AAC without a container, whose length nothing tells.
  'bare.aac': (s: number) => adts(s, 44100, 2, ['-b:a', '96k']),
  'low-mono.aac': (s: number) => adts(s, 24000, 1, ['-b:a', '64k']),
  'tails.aac': async (s: number) => {
    const { bytes, ...made } = await adts(s, 48000, 2, ['-b:a', '96k']);
    const frames = splitAdts(bytes);
    const note = apeV2({ Note: 'x'.repeat(900) });
    const whole = join(id3v2('Tails', 900), ...withCrc(frames), note, id3v1('Tails'));
    return { ...made, bytes: whole, expectedSamples: frames.length * 1024 };
  },

  '16-bit.aiff': (s: number) => aiff(s, 44100, 2, ['-c:a', 'pcm_s16be']),
  '24-bit.aiff': (s: number) => aiff(s, 96000, 1, ['-c:a', 'pcm_s24be']),
  'sowt.aiff': (s: number) => aiff(s, 22050, 2, ['-c:a', 'pcm_s16le']),

  ...CONTAINER_RECIPES,

  // Hours, laid together from runs of an encode of two minutes, so that no passage stands where it stood before.
  'hour-vbr-bare.mp3': (s: number) => longMp3(s, ['-q:a', '4']),
  'hour-cbr-bare.mp3': (s: number) => longMp3(s, ['-b:a', '128k']),
  'hour-front.m4a': (s: number) => longM4a(s),
} satisfies Record<string, (seconds: number) => Promise<Made>>;

/** The names of all sources, without the hours. */
export const sourceNames = (Object.keys(RECIPES) as SourceName[]).filter((name) => !name.startsWith('hour'));

/** Frame-exact insertion of other frames, as ad servers do it: `bytes` is a bare MP3, `ad` too. */
export function withAd(bytes: Uint8Array, ad: Uint8Array, atFrame = 100): Uint8Array {
  const frames = splitFrames(bytes);
  return join(...frames.slice(0, atFrame), ...splitFrames(ad), ...frames.slice(atFrame));
}

const TYPES: Record<string, string> = {
  ...{ mp3: 'audio/mpeg', m4a: 'audio/mp4', mov: 'video/quicktime', mp4: 'video/mp4' },
  ...{ aac: 'audio/aac', aiff: 'audio/aiff', flac: 'audio/flac', wav: 'audio/wav' },
  ...{ opus: 'audio/ogg', ogg: 'audio/ogg', webm: 'video/webm', mkv: 'video/x-matroska' },
};
const OWN_TEXT = [
  'sources.ts',
  'signal.ts',
  'kept-signal.ts',
  'mp3-forge.ts',
  'adts-forge.ts',
  'fixture-cache.ts',
  'fixture-encode.ts',
  'container-sources.ts',
]
  .map((file) => readFileSync(joinPath(import.meta.dirname, file), 'utf8'))
  .join();

// LAME's delay of 576 and the 529 samples of every layer III decoder.
const MP3_LEAD = 1105;

async function mp3(
  seconds: number,
  sampleRate: number,
  channels: 1 | 2,
  args: readonly string[],
  extras?: Extras,
): Promise<Made> {
  const bytes = await encode(seconds, sampleRate, channels, 'mp3', ['-c:a', 'libmp3lame', ...args], extras);
  return { bytes, sampleRate, channels, lead: 0 };
}

async function bareMp3(seconds: number, sampleRate: number, channels: 1 | 2, args: readonly string[]): Promise<Made> {
  const made = await mp3(seconds, sampleRate, channels, ['-write_xing', '0', '-id3v2_version', '0', ...args]);
  return { ...made, lead: MP3_LEAD };
}

/** A bare VBR file of frames that need no other frame, changed by `change`; `whole` are the frames it still holds. */
async function forged(
  seconds: number,
  change: (frames: Uint8Array[]) => Uint8Array,
  whole = (frames: Uint8Array[]) => frames,
): Promise<Made> {
  const { bytes, sampleRate, channels, lead } = await cached('frames.mp3', '', `${OWN_TEXT} frames ${seconds}`, () =>
    bareMp3(seconds, 44100, 2, ['-q:a', '4', '-reservoir', '0']),
  );
  const frames = splitFrames(bytes);
  return { bytes: change(frames), sampleRate, channels, lead, expectedSamples: whole(frames).length * 1152 };
}

function withJunk(frames: readonly Uint8Array[]): Uint8Array {
  const [first] = frames;
  const part = Math.floor(frames.length / 5);
  const cut = (k: number) => frames.slice(k * part, k === 4 ? undefined : (k + 1) * part);
  const pieces = [junk(2 * 417, 1), junk(3000, 2, first), id3v2('In the middle', 700), new Uint8Array(522)];
  return join(...cut(0), ...pieces.flatMap((piece, k) => [piece, ...cut(k + 1)]));
}

async function staleXing(seconds: number, change: (bytes: Uint8Array) => Uint8Array): Promise<Made> {
  const made = await mp3(seconds, 44100, 2, ['-q:a', '4', '-reservoir', '0', '-id3v2_version', '0']);
  const bytes = change(made.bytes);
  return { ...made, bytes, expectedSamples: (splitFrames(bytes).length - 1) * 1152 - MP3_LEAD };
}

async function mp4(
  seconds: number,
  sampleRate: number,
  channels: 1 | 2,
  extension: string,
  args: readonly string[] = [],
  extras?: Extras,
): Promise<Made> {
  const bytes = await encode(seconds, sampleRate, channels, extension, ['-c:a', 'aac', '-b:a', '96k', ...args], extras);
  return { bytes, sampleRate, channels, lead: 0, expectedSamples: lengthOf(seconds, sampleRate) };
}

/** Whole frames, the encoder's delay in front. */
async function adts(seconds: number, sampleRate: number, channels: 1 | 2, args: readonly string[]): Promise<Made> {
  const bytes = await encode(seconds, sampleRate, channels, 'aac', ['-c:a', 'aac', ...args]);
  return { bytes, sampleRate, channels, lead: 1024, expectedSamples: splitAdts(bytes).length * 1024 };
}

async function aiff(seconds: number, sampleRate: number, channels: 1 | 2, args: readonly string[]): Promise<Made> {
  const bytes = await encode(seconds, sampleRate, channels, 'aiff', args);
  return { bytes, sampleRate, channels, lead: 0, expectedSamples: lengthOf(seconds, sampleRate) };
}

async function longMp3(seconds: number, args: readonly string[]): Promise<Made> {
  const base = await bareMp3(120, 44100, 2, ['-reservoir', '0', ...args]);
  const { pieces, stretches } = shuffled(splitFrames(base.bytes), seconds, 1152, MP3_LEAD);
  return { ...base, bytes: Buffer.concat(pieces), stretches, expectedSamples: pieces.length * 1152 };
}

async function longM4a(seconds: number): Promise<Made> {
  const adts = await encode(120, 44100, 2, 'aac', ['-c:a', 'aac', '-b:a', '96k']);
  const { pieces, stretches } = shuffled(splitAdts(adts), seconds, 1024, 1024);
  const bytes = await inFolder(async (folder) => {
    await writeFile(`${folder}/in.aac`, Buffer.concat(pieces));
    await ffmpeg(['-i', `${folder}/in.aac`, '-c', 'copy', '-movflags', '+faststart', `${folder}/out.m4a`]);
    return await readFile(`${folder}/out.m4a`);
  });
  return { bytes, sampleRate: 44100, channels: 2, lead: 1024, stretches, expectedSamples: pieces.length * 1024 };
}

/** Runs of 5 to 15 s of `frames`, drawn at random, until `seconds` are full. */
function shuffled(frames: readonly Uint8Array[], seconds: number, frameSamples: number, lead: number) {
  const random = randomNumbers(5);
  const pieces: Uint8Array[] = [];
  const stretches: Stretch[] = [];
  const wanted = Math.ceil((seconds * 44100) / frameSamples);
  while (pieces.length < wanted) {
    const count = Math.min(wanted - pieces.length, 200 + Math.floor(random() * 400));
    const first = pieces.length === 0 ? 0 : Math.floor(random() * (frames.length - count));
    pieces.push(...frames.slice(first, first + count));
    stretches.push({ from: first * frameSamples - lead, samples: count * frameSamples });
  }
  return { pieces, stretches };
}
