import { expect, test } from 'vitest';
import { encodeBatch } from '../../src/encode/batch.ts';
import { batchLimit, type Output } from '../../src/encode/output.ts';
import { countPacked } from '../../src/encode/packed-frames.ts';
import { chunkBytes, chunkFrames } from '../../src/grid/chunk.ts';
import { chunkCount, layTimeline } from '../../src/grid/timeline.ts';
import { newMeter } from '../../src/meter/usage.ts';
import { warmPool } from '../../src/ffmpeg/warm.ts';
import { decode } from '../support/ffmpeg.ts';
import { startRelay, type Relay } from '../support/open-output.ts';
import { startOrigin } from '../support/origin.ts';
import { rms, samplesOf, slicePcm } from '../support/signal.ts';
import { source, type SourceName } from '../support/sources.ts';

const never = new AbortController().signal;

/** The chunks `indexes`, from one process; fails when the bytes of a chunk do not come in one order. */
async function encode(relay: Relay, output: Output, indexes: readonly number[]): Promise<Map<number, Buffer>> {
  const warm = warmPool(relay.baton.engine.path, { size: 0, idleMs: 0 });
  const pieces = new Map<number, Uint8Array[]>();
  for await (const { index, bytes } of encodeBatch(output, indexes, { ...relay.baton, warm }, newMeter(), never))
    pieces.set(index, [...(pieces.get(index) ?? []), Buffer.from(bytes)]);
  return new Map([...pieces].map(([index, parts]) => [index, Buffer.concat(parts)]));
}

test.each<[SourceName, string]>([
  ['vbr-xing.mp3', 'codec.mp3~bitrate.96k'],
  ['mpeg25-11k.mp3', 'codec.mp3~bitrate.40k~channels.mono~start.1230ms'],
  ['cbr-48k-bare.mp3', 'codec.mp3~bitrate.192k'],
  ['cbr-mono-padded.mp3', 'codec.mp3~bitrate.128k~channels.stereo'],
  ['vbr-xing.mp3', 'codec.opus~bitrate.96k'],
  ['cbr-48k-bare.mp3', 'codec.opus~bitrate.24k~channels.mono~start.1230ms'],
  ['vbr-bare.mp3', 'codec.aac~bitrate.96k'],
  ['mpeg25-11k.mp3', 'codec.aac~bitrate.64k~channels.mono~start.1230ms'],
  ['vbr-xing.mp3', 'codec.pcm'],
])('the chunks of %s as %s are the same however they are batched', async (name, options) => {
  await using origin = await startOrigin((await source(name)).bytes);
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url(), options);
  const all = Array.from({ length: chunkCount(output.timeline) }, (_, index) => index);
  const alone = new Map<number, Buffer>();
  for (const index of all) for (const [, bytes] of await encode(relay, output, [index])) alone.set(index, bytes);
  for (const index of all) expectWhole(alone.get(index), output, index);

  const some = all.slice(0, 8);
  const batches = [some, all.slice(-3), some.slice(2, 4), all.slice(2, 5).toReversed()];
  for (const batch of batches)
    for (const [index, bytes] of await encode(relay, output, batch))
      expect({ batch, index, same: bytes.equals(alone.get(index) ?? Buffer.of()) }).toEqual({
        batch,
        index,
        same: true,
      });
});

function expectWhole(bytes: Buffer = Buffer.of(), { timeline }: Output, index: number): void {
  const size = chunkBytes(timeline, index);
  if (size === null) expect(countPacked(bytes)).toBe(chunkFrames(timeline, index));
  else expect(bytes).toHaveLength(size);
}

test('AAC is decoded anew for every chunk, since its decoders remember', async () => {
  await using origin = await startOrigin((await source('48k.m4a')).bytes);
  await using relay = await startRelay(origin.origin);
  const output = await relay.output(origin.url('/48k.m4a'));
  expect(batchLimit(output)).toBe(1);
  const [first, second] = [await encode(relay, output, [4]), await encode(relay, output, [4])];
  expect(first.get(4)?.equals(second.get(4) ?? Buffer.of())).toBe(true);
});

test.each<SourceName>(['vbr-xing.mp3', 'end.m4a'])(
  'a source that has less than was promised is finished with silence: %s',
  async (name) => {
    const fixture = await source(name);
    await using origin = await startOrigin(fixture.bytes);
    await using relay = await startRelay(origin.origin);
    const honest = await relay.output(origin.url(`/${name}`));
    const output = promising(honest, fixture.expectedSamples + 10 * fixture.sampleRate);
    const last = chunkCount(honest.timeline) - 1;
    const chunks = [last, last + 1, last + 4].filter((index) => index < chunkCount(output.timeline));
    expect(chunks).toHaveLength(3);
    const encoded: Buffer[] = [];
    for (const index of chunks) {
      const bytes = (await encode(relay, output, [index])).get(index) ?? Buffer.of();
      expect(bytes).toHaveLength(chunkBytes(output.timeline, index) ?? NaN);
      encoded.push(bytes);
    }
    const sound = await decode(encoded[0] ?? Buffer.of(), { args: ['-f', 'wav'] });
    expect(rms(slicePcm(sound, 4000, 12_000))).toBeGreaterThan(-60);
    for (const silent of encoded.slice(1)) expect(rms(slicePcm(await decode(silent), 2000))).toBeLessThan(-80);
  },
);

test('a source that has more than was promised is cut', async () => {
  const fixture = await source('vbr-xing.mp3');
  await using origin = await startOrigin(fixture.bytes);
  await using relay = await startRelay(origin.origin);
  const output = promising(await relay.output(origin.url()), 3 * fixture.sampleRate);
  expect(chunkCount(output.timeline)).toBe(2);
  const bytes = (await encode(relay, output, [1])).get(1) ?? Buffer.of();
  expect(bytes).toHaveLength(chunkBytes(output.timeline, 1) ?? NaN);
  const sound = await decode(bytes);
  expect(rms(slicePcm(sound, 2000, 20_000))).toBeGreaterThan(-60);
  const end = 3 * 48_000 - 100 * 1152; // from there on nothing was promised
  expect(rms(slicePcm(sound, end + 1105 + 1152, samplesOf(sound)))).toBeLessThan(-80);
});

/** The same output of a source that claims another length. */
function promising(output: Output, samples: number): Output {
  const record = { ...output.source.record, samples };
  const rendition = { codec: 'mp3', kbps: 96, channels: null, startMs: 0, endMs: null } as const;
  return { ...output, source: { ...output.source, record }, timeline: layTimeline(rendition, record) };
}
