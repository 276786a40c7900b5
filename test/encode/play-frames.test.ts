import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Output } from '../../src/encode/output.ts';
import { playFrames, type FrameRange } from '../../src/encode/play-frames.ts';
import { newMeter, type Meter } from '../../src/meter/usage.ts';
import type { Notes } from '../../src/relay/app.ts';
import { frameRuns } from '../../src/relay/frames.ts';
import { decode } from '../support/ffmpeg.ts';
import { startRelay, type Relay } from '../support/open-output.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const never = new AbortController().signal;
const ENDS = { signal: never, closing: never };

let origin: Origin;

beforeAll(async () => {
  origin = await startOrigin((await source('vbr-bare.mp3')).bytes);
});
afterAll(() => origin.close());

async function collect(runs: AsyncIterable<readonly Uint8Array[]>): Promise<string[]> {
  const frames: Uint8Array[] = [];
  for await (const run of runs) {
    expect(run.length).toBeGreaterThan(0);
    frames.push(...run);
  }
  return frames.map((frame) => Buffer.from(frame).toString('base64'));
}

const frames = (relay: Relay, output: Output, range: FrameRange, meter: Meter = newMeter()): Promise<string[]> =>
  collect(playFrames(output, range, relay.baton, meter, ENDS));

describe.each([
  ['codec.aac~bitrate.96k', 225],
  ['codec.opus~bitrate.48k~channels.mono', 120],
  ['codec.mp3~bitrate.96k', 100],
])('frames of %s', (options, chunkFrames) => {
  test('are all there, and the same wherever one begins and ends, stored or not', async () => {
    await using relay = await startRelay(origin.origin);
    const output = await relay.output(origin.url(), options);
    const whole = await frames(relay, output, { from: 0, to: null });
    expect(whole).toHaveLength(output.timeline.frames ?? NaN);
    const ranges: FrameRange[] = [
      { from: 0, to: 1 },
      { from: 7, to: 9 },
      { from: chunkFrames - 1, to: chunkFrames + 1 },
      { from: chunkFrames, to: 2 * chunkFrames },
      { from: chunkFrames + 3, to: null },
      { from: whole.length - 1, to: null },
      { from: 5, to: whole.length + 100 },
      { from: whole.length, to: null },
    ];
    await using other = await startRelay(origin.origin);
    const unstored = await other.output(origin.url(), options);
    for (const range of ranges) {
      const wanted = whole.slice(range.from, range.to ?? undefined);
      expect(await frames(relay, output, range)).toEqual(wanted);
      expect(await frames(other, unstored, range)).toEqual(wanted);
    }
    const meter = newMeter();
    await frames(relay, output, { from: 0, to: null }, meter);
    expect(meter.chunksEncoded).toBe(0);
  });

  test('are the same while the length of the source is not known', async () => {
    await using relay = await startRelay(origin.origin);
    const fresh = await relay.baton.sources.open(origin.url('/fresh.mp3'), never);
    expect(fresh.record.samples).toBeNull();
    const growing = relay.baton.files(fresh, options);
    const notes: Notes = {
      meter: newMeter(),
      rendition: null,
      firstAudioAt: null,
      errorHeaders: {},
      failure: null,
      leg: null,
    };
    const known = await relay.output(origin.url('/fresh.mp3'), options);
    const wanted = (await frames(relay, known, { from: 0, to: null })).slice(3);
    expect(await collect(frameRuns(growing, 3, relay.baton, notes, ENDS))).toEqual(wanted);
  });
});

test('access units of AAC stand alone behind ADTS headers of ours', async () => {
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url(), 'codec.aac~bitrate.64k~channels.mono~end.6000ms');
  const units = await frames(relay, output, { from: 0, to: null });
  const sound = await decode(Buffer.concat(units.map((unit) => withAdts(Buffer.from(unit, 'base64')))));
  expect(sound).toMatchObject({ sampleRate: 48_000, channels: 1 });
  expect(sound.data).toHaveLength(units.length * 1024);
});

/** Mono at 48 kHz (ISO/IEC 13818-7 section 6.2). */
function withAdts(unit: Buffer): Buffer {
  const size = unit.length + 7;
  return Buffer.concat([
    Buffer.of(0xff, 0xf1, 0x4c, 0x40 | (size >> 11), (size >> 3) & 0xff, ((size & 7) << 5) | 0x1f, 0xfc),
    unit,
  ]);
}
