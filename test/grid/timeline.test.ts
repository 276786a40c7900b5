import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkBytes, planChunk } from '../../src/grid/chunk.ts';
import { MP3_KBPS, type Mp3Rendition } from '../../src/grid/rendition.ts';
import { CHUNK_FRAMES, chunkCount, encoderPadding, layTimeline } from '../../src/grid/timeline.ts';

const RATES = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000];
const rendition = (parts: Partial<Mp3Rendition> = {}): Mp3Rendition => ({
  codec: 'mp3',
  kbps: 128,
  channels: null,
  startMs: 0,
  endMs: null,
  ...parts,
});

const anyTimeline = fc
  .record({
    kbps: fc.constantFrom(...MP3_KBPS),
    sampleRate: fc.constantFrom(...RATES),
    seconds: fc.double({ min: 0.01, max: 60, noNaN: true }),
    startMs: fc.nat(1000).map((steps) => steps * 10),
    lengthMs: fc.option(fc.integer({ min: 1, max: 3000 }).map((steps) => steps * 10)),
  })
  .map(({ kbps, sampleRate, seconds, startMs, lengthMs }) => {
    const samples = Math.ceil(sampleRate * (seconds + startMs / 1000));
    const source = { sampleRate, samples, channels: 2 };
    const asked = rendition({ kbps, startMs, endMs: lengthMs === null ? null : startMs + lengthMs });
    return { source, asked, timeline: layTimeline(asked, source) };
  });

describe('the grid', () => {
  test('lays a known source out as the format demands', () => {
    const timeline = layTimeline(rendition(), { sampleRate: 44_100, channels: 2, samples: 44_100 * 60 });
    expect(timeline).toMatchObject({
      sampleRate: 48_000,
      frameSamples: 1152,
      frameBytes: 384,
      samples: 2_880_000,
      frames: 2501,
      channels: 2,
    });
    expect(chunkCount(timeline)).toBe(26);
    expect(chunkBytes(timeline, 25)).toBe(384);
    expect(encoderPadding(2501, 1152, 2_880_000)).toBe(576);
  });

  test('codes rates below 64 kbit/s as MPEG-2 at 24 kHz', () => {
    expect(layTimeline(rendition({ kbps: 56 }), { sampleRate: 48_000, channels: 1, samples: 48_000 })).toMatchObject({
      sampleRate: 24_000,
      frameSamples: 576,
      frameBytes: 168,
      samples: 24_000,
      channels: 1,
    });
  });

  test('rounds the length up, and counts the trim in output samples', () => {
    const source = { sampleRate: 44_100, channels: 2, samples: 44_101 };
    expect(layTimeline(rendition(), source).samples).toBe(48_002);
    expect(layTimeline(rendition({ startMs: 990 }), source)).toMatchObject({ samples: 482, origin: 47_520 });
    expect(() => layTimeline(rendition({ startMs: 1010 }), source)).toThrow('starts after the end');
  });

  test('keeps every promise for any source, bitrate and trim', () => {
    fc.assert(
      fc.property(anyTimeline, ({ source, timeline }) => {
        const { frames, frameSamples, samples, sampleRate, origin } = timeline;
        if (frames === null || samples === null) throw new Error('a length is known here');
        const padding = encoderPadding(frames, frameSamples, samples);
        expect(padding).toBeGreaterThanOrEqual(529);
        expect(padding).toBeLessThan(4096);
        let total = 0;
        for (let index = 0; index < chunkCount(timeline); index++) {
          const plan = planChunk(timeline, source, index);
          total += plan.frames;
          expect(chunkBytes(timeline, index)).toBe(plan.frames * timeline.frameBytes);
          expect(Number.isInteger((plan.from * sampleRate) / source.sampleRate)).toBe(true);
          expect(plan.from).toBeGreaterThanOrEqual(0);
          expect(plan.to).toBeLessThanOrEqual(source.samples);
          const start = (plan.from * sampleRate) / source.sampleRate + plan.audioStart;
          expect(start).toBe(origin + (index * CHUNK_FRAMES - plan.preroll) * frameSamples);
          expect(plan.audioEnd - plan.audioStart).toBeLessThanOrEqual(plan.encoded);
          const heard = Math.min(start + plan.encoded, origin + samples);
          expect(start + plan.audioEnd - plan.audioStart).toBe(heard);
          if (plan.to < source.samples) expect((plan.to * sampleRate) / source.sampleRate).toBeGreaterThan(heard);
        }
        expect(total).toBe(frames);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  test('plans the same inner chunk whether the length is known or not', () => {
    const source = { sampleRate: 44_100, channels: 2, samples: 44_100 * 60 };
    const known = layTimeline(rendition(), source);
    const unknown = layTimeline(rendition(), { ...source, samples: null });
    expect(chunkCount(unknown)).toBe(Infinity);
    expect(planChunk(unknown, { ...source, samples: null }, 3)).toEqual(planChunk(known, source, 3));
  });
});
