import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunkBytes, planChunk } from '../../src/grid/chunk.ts';
import { AAC_KBPS, MP3_KBPS, OPUS_KBPS } from '../../src/grid/codecs.ts';
import { PAGE_PACKETS, pagesBytes } from '../../src/grid/pages.ts';
import type { CodedRendition, GridRendition } from '../../src/grid/rendition.ts';
import { chunkCount, encoderPadding, layTimeline } from '../../src/grid/timeline.ts';

const RATES = [8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000];
const rendition = (parts: Partial<CodedRendition> = {}): CodedRendition => ({
  codec: 'mp3',
  kbps: 128,
  channels: null,
  startMs: 0,
  endMs: null,
  ...parts,
});

const CODED = [
  ...MP3_KBPS.map((kbps) => ({ codec: 'mp3', kbps }) as const),
  ...OPUS_KBPS.map((kbps) => ({ codec: 'opus', kbps }) as const),
  ...AAC_KBPS.map((kbps) => ({ codec: 'aac', kbps }) as const),
];

const anyTimeline = fc
  .record({
    coded: fc.constantFrom(...CODED, { codec: 'pcm' } as const),
    sampleRate: fc.constantFrom(...RATES),
    seconds: fc.double({ min: 0.01, max: 60, noNaN: true }),
    startMs: fc.nat(1000).map((steps) => steps * 10),
    lengthMs: fc.option(fc.integer({ min: 1, max: 3000 }).map((steps) => steps * 10)),
  })
  .map(({ coded, sampleRate, seconds, startMs, lengthMs }) => {
    const samples = Math.ceil(sampleRate * (seconds + startMs / 1000));
    const source = { sampleRate, samples, channels: 2 };
    const edits = { channels: null, startMs, endMs: lengthMs === null ? null : startMs + lengthMs };
    const asked: GridRendition = { ...coded, ...edits };
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
        const decoded = frames * frameSamples - timeline.priming;
        expect(decoded).toBeGreaterThanOrEqual(samples);
        if (timeline.codec === 'mp3') {
          const padding = encoderPadding(frames, frameSamples, samples);
          expect(padding).toBeGreaterThanOrEqual(529);
          expect(padding).toBeLessThan(4096);
        } else {
          expect(decoded - samples).toBeLessThan(frameSamples);
        }
        let total = 0;
        for (let index = 0; index < chunkCount(timeline); index++) {
          const plan = planChunk(timeline, source, index);
          total += plan.frames;
          const { frameBytes } = timeline;
          expect(chunkBytes(timeline, index)).toBe(frameBytes === null ? null : plan.frames * frameBytes);
          expect(Number.isInteger((plan.from * sampleRate) / source.sampleRate)).toBe(true);
          expect(plan.from).toBeGreaterThanOrEqual(0);
          expect(plan.to).toBeLessThanOrEqual(source.samples);
          const start = (plan.from * sampleRate) / source.sampleRate + plan.audioStart;
          expect(start).toBe(origin + (index * timeline.chunkFrames - plan.preroll) * frameSamples);
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

  test.each(['mp3', 'opus', 'aac', 'pcm'] as const)(
    'plans the same inner chunk of %s whether the length is known or not',
    (codec) => {
      const source = { sampleRate: 44_100, channels: 2, samples: 44_100 * 60 };
      const asked: GridRendition = codec === 'pcm' ? { ...rendition(), codec } : rendition({ codec });
      const known = layTimeline(asked, source);
      const unknown = layTimeline(asked, { ...source, samples: null });
      expect(chunkCount(unknown)).toBe(Infinity);
      expect(planChunk(unknown, { ...source, samples: null }, 3)).toEqual(planChunk(known, source, 3));
    },
  );

  test.each([
    // frames, bytes of one, priming, chunks
    [rendition({ codec: 'opus', kbps: 64 }), 3001, 160, 120, 26],
    [rendition({ codec: 'opus', kbps: 256 }), 3001, 640, 120, 26],
    [rendition({ codec: 'aac' }), 2814, null, 1024, 13],
    [{ ...rendition(), codec: 'pcm' }, 2_880_000, 4, 0, 25],
  ] as const)('lays a minute out as %o', (asked, frames, frameBytes, priming, chunks) => {
    const timeline = layTimeline(asked, { sampleRate: 44_100, channels: 2, samples: 44_100 * 60 });
    expect(timeline).toMatchObject({ sampleRate: 48_000, samples: 2_880_000, frames, frameBytes, priming });
    expect(chunkCount(timeline)).toBe(chunks);
  });

  test.each(OPUS_KBPS)('has pages of Opus at %i kbit/s that no chunk straddles', (kbps) => {
    const timeline = layTimeline(rendition({ codec: 'opus', kbps }), {
      sampleRate: 48_000,
      channels: 2,
      samples: 96_001,
    });
    expect(timeline.chunkFrames % PAGE_PACKETS).toBe(0);
    const packets = timeline.frameBytes ?? NaN;
    const lacing = Math.floor(packets / 255) + 1;
    expect(pagesBytes(timeline, PAGE_PACKETS)).toBe(27 + PAGE_PACKETS * (lacing + packets));
    expect(pagesBytes(timeline, PAGE_PACKETS + 1)).toBe(54 + (PAGE_PACKETS + 1) * (lacing + packets));
    expect(PAGE_PACKETS * lacing).toBeLessThanOrEqual(255);
  });
});
