import { expect, test } from 'vitest';
import { growing, type Growing } from '../../src/encode/growing.ts';
import type { LiveStream } from '../../src/live/live-stream.ts';
import type { PictureMark } from '../../src/live/picture-mark.ts';
import { pictureFlow, type PictureFlow } from '../../src/relay/picture-flow.ts';

const never = new AbortController().signal;

/** A flow from chunk 7 on, of what is at hand. */
function flowOf(at: Map<number, Growing>): PictureFlow {
  const stream = {
    ...{ here: (index: number) => at.get(index) ?? null, runs: () => [], isLost: () => false },
    chunk: (index: number) => Promise.resolve(at.get(index) ?? null),
    channel: { head: { latest: () => null } },
    output: { grid: { sampleRate: 48_000, frameSamples: 1024, chunkFrames: 75 } },
  } as unknown as LiveStream;
  return pictureFlow(stream, 7, { facts: {} } as PictureMark, never);
}

const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString();

test('a chunk that is begun with is gone on with, although another one takes its place', async () => {
  const own = growing(null);
  const at = new Map([[7, own]]);
  const flow = flowOf(at);
  own.append(Buffer.from('ours, '));
  expect(text(await flow.ready(7))).toBe('ours, ');
  own.append(Buffer.from('to its end'));
  own.end();
  at.set(7, growing(14, Buffer.from('that of others')));
  expect(flow.isOther()).toBe(false);
  expect(text(await flow.ready(7))).toBe('to its end');
  expect(flow.next()).toBe(8);
});

test('where its maker gives up, the leg ends before it, and nothing of another one follows', async () => {
  const own = growing(null);
  const at = new Map([[7, own]]);
  const flow = flowOf(at);
  own.append(Buffer.from('ours, '));
  expect(text(await flow.ready(7))).toBe('ours, ');
  own.fail(new Error('its maker gave up'));
  at.set(7, growing(14, Buffer.from('that of others')));
  expect(text(await flow.ready(8))).toBe('');
  expect([flow.isOther(), flow.next()]).toEqual([true, 7]);
  const rest: Uint8Array[] = [];
  for await (const piece of flow.rest(9)) rest.push(piece);
  expect(text(rest)).toBe('');
});
