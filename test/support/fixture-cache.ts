import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from './ffmpeg.ts';
import { samplesOf, testSignal, type Pcm } from './signal.ts';

/** What a recipe gives: the file, and what is known of its sound by construction. */
export interface Made {
  readonly bytes: Uint8Array;
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Presentation samples that precede sample 0 of the sound: encoder and decoder delay that no header takes off. */
  readonly lead: number;
  /** See `Fixture`; left away it is what ffmpeg decodes. */
  readonly expectedSamples?: number;
  /** Stretches of sound in the order of the file, in samples of the test signal; left away it is the signal from 0 on. */
  readonly stretches?: readonly Stretch[];
}

/** `samples` samples of the file hold the test signal from `from` on. */
export interface Stretch {
  readonly from: number;
  readonly samples: number;
}

export interface Fixture extends Required<Made> {
  readonly name: string;
  readonly path: string;
  readonly contentType: string;
  /** Length of the presentation: what a LAME tag or the MP4 track states, else all whole frames. */
  readonly expectedSamples: number;
  /** The sound before it was encoded, by presentation samples. */
  readonly pcm: (from?: number, to?: number) => Pcm;
}

/** Where what is made once is kept. */
export const FIXTURES = join(import.meta.dirname, '../../node_modules/.cache/baton-fixtures');
const underWay = new Map<string, Promise<Fixture>>();

/** The fixture `name`, made once per `recipe` text and kept on disk; several processes may ask at once. */
export function cached(name: string, contentType: string, recipe: string, make: () => Promise<Made>): Promise<Fixture> {
  const id = `${name.replace(/\.\w+$/, '')}-${createHash('sha256').update(recipe).digest('hex').slice(0, 16)}`;
  const path = join(FIXTURES, id + (/\.\w+$/.exec(name)?.[0] ?? ''));
  const found = underWay.get(path) ?? load(path).catch(() => store(path, make));
  underWay.set(path, found);
  return found.then((fixture) => ({ ...fixture, name, contentType }));
}

async function load(path: string): Promise<Fixture> {
  const facts = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Omit<Fixture, 'bytes' | 'path' | 'pcm'>;
  const pcm = (from = 0, to = facts.expectedSamples) => soundOf(facts, from, to);
  return { ...facts, path, pcm, bytes: await readFile(path) };
}

async function store(path: string, make: () => Promise<Made>): Promise<Fixture> {
  const { bytes, ...made } = await make();
  await writeAtomically(path, bytes);
  const expectedSamples = made.expectedSamples ?? samplesOf(await decode(path));
  const facts = { stretches: [], ...made, expectedSamples };
  await writeAtomically(`${path}.json`, JSON.stringify(facts)); // last: it says that the fixture is whole
  return await load(path);
}

/** What several processes write at once is one of theirs, whole. */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  await mkdir(FIXTURES, { recursive: true });
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, content);
  await rename(draft, path);
}

function soundOf(
  facts: Required<Pick<Made, 'sampleRate' | 'channels' | 'lead' | 'stretches'>>,
  from: number,
  to: number,
): Pcm {
  const { lead, stretches, channels, sampleRate } = facts;
  if (stretches.length === 0) return testSignal(from - lead, to - lead, facts);
  const data = new Int16Array((to - from) * channels);
  let at = 0;
  for (const stretch of stretches) {
    const start = Math.max(from, at);
    const end = Math.min(to, at + stretch.samples);
    if (start < end) {
      const sound = testSignal(stretch.from + start - at, stretch.from + end - at, facts);
      data.set(sound.data, (start - from) * channels);
    }
    at += stretch.samples;
  }
  return { data, sampleRate, channels };
}
