import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FIXTURES, writeAtomically } from './fixture-cache.ts';
import { testSignal, type SignalOptions } from './signal.ts';

/** As long as most fixtures are, and a little more: whoever wants less takes a part. */
const KEPT_SECONDS = [21, 61, 121] as const;
const RECIPE = createHash('sha256')
  .update(readFileSync(join(import.meta.dirname, 'signal.ts')))
  .digest('hex')
  .slice(0, 16);

/**
 * Samples [from, to) of the test signal as PCM of 16 bits, for an encoder. Most fixtures are made of the same ones: these
 * are worked out once for each rate and number of channels, and kept on disk.
 */
export async function signalBytes(from: number, to: number, options: Required<SignalOptions>): Promise<Uint8Array> {
  const { sampleRate, channels } = options;
  const seconds = KEPT_SECONDS.find((each) => to <= each * sampleRate);
  if (from < 0 || seconds === undefined) return madeBytes(from, to, options);
  const path = join(FIXTURES, `signal-${seconds}-${sampleRate}-${channels}-${RECIPE}.pcm`);
  const kept = await readFile(path).catch(async () => {
    const made = madeBytes(0, seconds * sampleRate, options);
    await writeAtomically(path, made);
    return made;
  });
  const sampleBytes = 2 * channels;
  return kept.subarray(from * sampleBytes, to * sampleBytes);
}

const madeBytes = (from: number, to: number, options: SignalOptions): Uint8Array =>
  new Uint8Array(testSignal(from, to, options).data.buffer);
