import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitAdts } from './adts-forge.ts';
import { ffmpeg } from './ffmpeg.ts';
import { cached, type Fixture, type Made } from './fixture-cache.ts';
import { signalBytes } from './kept-signal.ts';
import { frameFacts, splitFrames } from './mp3-forge.ts';
import { oggPages } from './ogg-pages.ts';

/** What a station plays, piece by piece; behind the last piece the first one follows. */
export interface Program {
  readonly contentType: string;
  readonly kbps: number;
  readonly pieces: readonly Piece[];
}

/** A frame, or a page of Ogg. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly seconds: number;
  /** What servers send first to those who join here: the headers of an Ogg stream. Null where one may join at any byte. */
  readonly head: Uint8Array | null;
}

export type ProgramKind = keyof typeof ENCODINGS;

export interface Sound {
  /** Of the test signal, in seconds; `from` 0 unless given. */
  readonly from?: number;
  readonly seconds: number;
  /** In the comments of Ogg. */
  readonly title?: string;
  readonly artist?: string;
}

/**
 * The test signal as a program, made with the real ffmpeg at first use and kept under node_modules/.cache. The fixture
 * knows where its sound lies; no millisecond of it is like another.
 */
export async function radioProgram(kind: ProgramKind, sound: Sound): Promise<Program & { readonly fixture: Fixture }> {
  const { type, extension } = ENCODINGS[kind];
  const name = `radio-${kind}.${extension}`;
  const fixture = await cached(name, type, `${OWN_TEXT} ${JSON.stringify(sound)}`, () => make(kind, sound));
  return { ...programOf(fixture.bytes, type), fixture };
}

/** A file that was encoded, as a program. */
export function programOf(bytes: Uint8Array, contentType: string): Program {
  const piecesOf = PIECES[contentType];
  if (piecesOf === undefined) throw new Error(`no program of ${contentType}`);
  const pieces = piecesOf(bytes);
  return { contentType, pieces, kbps: Math.round(kbpsOf(pieces)) };
}

/** One program behind the other. */
export function chained(...programs: readonly Program[]): Program {
  const [first] = programs;
  if (first === undefined) throw new Error('a chain of nothing');
  return { ...first, pieces: programs.flatMap(({ pieces }) => pieces) };
}

const AT_44K = { rate: 44100, channels: 2 } as const;
const AT_48K = { rate: 48000, channels: 2 } as const;
/** MP3: LAME's delay and the decoder's. AAC: one frame. */
const MP3 = { type: 'audio/mpeg', extension: 'mp3', lead: 1105 } as const;
const AAC = { type: 'audio/aac', extension: 'aac', lead: 1024 } as const;
const OGG = { type: 'application/ogg', extension: 'ogg', lead: 0 } as const;
const mp3 = (...args: string[]) => [
  '-c:a',
  'libmp3lame',
  ...args,
  '-write_xing',
  '0',
  '-id3v2_version',
  '0',
  '-f',
  'mp3',
];
const aac = (...args: string[]) => ['-c:a', 'aac', ...args, '-f', 'adts'];
const ogg = (...args: string[]) => [...args, '-page_duration', '100000', '-f', 'ogg'];

const ENCODINGS = {
  'mp3-128k': { ...MP3, ...AT_44K, args: mp3('-b:a', '128k') },
  'mp3-64k': { ...MP3, ...AT_44K, args: mp3('-b:a', '64k') },
  'mp3-vbr': { ...MP3, ...AT_44K, args: mp3('-q:a', '4') },
  'mp3-48k': { ...MP3, ...AT_48K, args: mp3('-b:a', '128k') },
  'mp3-mono': { ...MP3, rate: 44100, channels: 1, args: mp3('-b:a', '64k') },
  'mp3-22k': { ...MP3, rate: 22050, channels: 2, args: mp3('-b:a', '48k') },
  'mp3-16k': { ...MP3, rate: 16000, channels: 1, args: mp3('-b:a', '16k') },
  'mp3-8k': { ...MP3, rate: 8000, channels: 1, args: mp3('-b:a', '8k') },
  'aac-96k': { ...AAC, ...AT_44K, args: aac('-b:a', '96k') },
  'aac-48k': { ...AAC, ...AT_48K, args: aac('-b:a', '96k') },
  'aac-24k': { ...AAC, rate: 24000, channels: 1, args: aac('-b:a', '48k') },
  'aac-22k': { ...AAC, rate: 22050, channels: 2, args: aac('-b:a', '48k') },
  opus: { ...OGG, ...AT_48K, args: ogg('-c:a', 'libopus', '-b:a', '96k') },
  'opus-mono': { ...OGG, rate: 48000, channels: 1, args: ogg('-c:a', 'libopus', '-b:a', '48k') },
  vorbis: { ...OGG, ...AT_44K, args: ogg('-c:a', 'libvorbis', '-q:a', '4') },
  'vorbis-q2': { ...OGG, ...AT_44K, args: ogg('-c:a', 'libvorbis', '-q:a', '2') },
  flac: { ...OGG, ...AT_44K, args: ogg('-c:a', 'flac') },
} as const;

const OWN_TEXT = ['radio-program.ts', 'signal.ts', 'kept-signal.ts', 'fixture-cache.ts']
  .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'))
  .join();

async function make(kind: ProgramKind, { from = 0, seconds, title, artist }: Sound): Promise<Made> {
  const { rate: sampleRate, channels, args, lead } = ENCODINGS[kind];
  const first = Math.round(from * sampleRate);
  const samples = Math.round(seconds * sampleRate);
  const sound = await signalBytes(first, first + samples, { sampleRate, channels });
  const tags = Object.entries({ title, artist }).flatMap(([key, value]) =>
    value === undefined ? [] : ['-metadata', `${key}=${value}`],
  );
  const input = ['-f', 's16le', '-ar', String(sampleRate), '-ac', String(channels), '-i', 'pipe:0'];
  const bytes = await ffmpeg([...input, '-map_metadata', '-1', ...tags, ...args, 'pipe:1'], sound);
  const whole = { from: first - lead, samples: samples + 10 * sampleRate };
  return { bytes, sampleRate, channels, lead, stretches: [whole] };
}

const PIECES: Partial<Record<string, (bytes: Uint8Array) => Piece[]>> = {
  'audio/mpeg': mp3Pieces,
  'audio/aac': adtsPieces,
  'application/ogg': oggPieces,
};

function mp3Pieces(bytes: Uint8Array): Piece[] {
  return splitFrames(bytes).map((frame) => {
    const { samples, sampleRate } = frameFacts(frame);
    return { bytes: frame, seconds: samples / sampleRate, head: null };
  });
}

const ADTS_RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

/** The header's rate is that of the core, and so is the length of a block: HE-AAC doubles both. */
function adtsPieces(bytes: Uint8Array): Piece[] {
  return splitAdts(bytes).map((frame) => {
    const rate = ADTS_RATES[((frame[2] ?? 0) >> 2) & 15] ?? NaN;
    return { bytes: frame, seconds: (1024 * (((frame[6] ?? 0) & 3) + 1)) / rate, head: null };
  });
}

function oggPieces(bytes: Uint8Array): Piece[] {
  const pieces: Piece[] = [];
  let before = 0;
  for (const { page, granule, head, rate, isHeader } of oggPages(bytes)) {
    // The headers come with the first page behind them.
    if (isHeader) before = 0;
    else {
      const isFirst = pieces.at(-1)?.head !== head;
      const seconds = Math.max(0, granule - before) / rate;
      before = Math.max(before, granule);
      pieces.push({ bytes: isFirst ? Buffer.concat([head, page]) : page, seconds, head });
    }
  }
  return pieces;
}

function kbpsOf(pieces: readonly Piece[]): number {
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
  return (bytes * 8) / 1000 / pieces.reduce((sum, piece) => sum + piece.seconds, 0);
}
