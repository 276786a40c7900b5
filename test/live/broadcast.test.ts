import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { growing } from '../../src/encode/growing.ts';
import type { LiveStream } from '../../src/live/live-stream.ts';
import { liveBroadcast } from '../../src/relay/live-broadcast.ts';
import type { LegChunk, LiveLeg } from '../../src/relay/live-leg.ts';

const whole = (index: number): LegChunk => ({ index, chunk: growing(1, Uint8Array.of(index)), lost: 0 });

test('a beat that fills the connection while a chunk is fetched repeats nothing', async () => {
  const fetched = Promise.withResolvers<null>();
  let look = (): void => undefined;
  let position = 0;
  const stream = {
    watch: (listener: () => void) => {
      look = listener;
      return () => undefined;
    },
    chunk: () => fetched.promise,
  } as unknown as LiveStream;
  const leg: LiveLeg = {
    next: () => ({ fetch: position }),
    hasNews: () => position < 3,
    fetched: () => whole(position++),
    ahead: () => 0,
    end: () => null,
  };
  const BEAT = Uint8Array.of(99);
  const written: number[] = [];
  let drain = (): void => undefined;
  const share = {
    pieces: (_: LegChunk, bytes: Uint8Array) => [bytes],
    beat: () => BEAT,
    last: () => null,
    beatMs: 0,
  };
  const holding = {
    signal: new AbortController().signal,
    letGo: () => Promise.resolve(),
    mayShare: true,
    failure: () => null,
  };
  liveBroadcast(stream, leg, share, holding).attach({
    write: (bytes) => {
      written.push(bytes[0] ?? NaN);
      return bytes !== BEAT;
    },
    onDrain: (then) => (drain = then),
    end: () => undefined,
  });
  look(); // while it is being fetched
  drain();
  fetched.resolve(null);
  await sleep(20);
  expect(written.filter((byte) => byte !== 99)).toEqual([0, 1, 2]);
});
