import { describe, expect, it } from 'vitest';
import { decode } from '../support/ffmpeg.ts';
import { type Pcm, samplesOf, slicePcm, snr } from '../support/signal.ts';
import { source, type SourceName, sourceNames } from '../support/sources.ts';
import { decodeRun, setting, soon } from './setting.ts';

// Where ffmpeg itself loses frames of a damaged file, its own decode is no reference for what stands behind them.
const LOSES_FRAMES: readonly SourceName[] = ['junk.mp3'];

/** Their decoders know more of what came before than a lead-in gives them. */
const FORGETFUL: readonly string[] = ['aac', 'opus'];

describe('packets', () => {
  it.each(sourceNames.filter((name) => !LOSES_FRAMES.includes(name)))(
    'of %s decode to the samples of the whole file, wherever they start',
    async (name) => {
      const fixture = await source(name);
      const whole = await decode(fixture.path);
      await using at = await setting(fixture);
      const opened = await at.sources.open(at.origin.url(`/${name}`), soon());
      const length = fixture.expectedSamples;
      const starts = [0, 1, 5_000, Math.floor(length / 3), Math.floor(length / 2) + 17, length - 9_000];
      for (const from of starts) {
        const to = Math.min(length, from + 8_000);
        const run = await decodeRun(at.sources, opened, from, to);
        expect(samplesOf(run), `length from ${from}`).toBe(to - from);
        const reference = slicePcm(whole, from, to);
        if (!FORGETFUL.includes(opened.record.codec)) expect(largestDifference(run, reference)).toBeLessThanOrEqual(1);
        // AAC decoders fill bands with noise, which goes on from where it was; Opus converges: never the same twice.
        else expect(snr(run, reference), `signal to noise from ${from}`).toBeGreaterThan(45);
      }
    },
  );
});

function largestDifference(a: Pcm, b: Pcm): number {
  let largest = 0;
  for (let i = 0; i < a.data.length; i++)
    largest = Math.max(largest, Math.abs((a.data[i] ?? 0) - (b.data[i] ?? 99_999)));
  return largest;
}
