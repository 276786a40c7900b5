import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { radioProgram, type ProgramKind } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { apart, carrier, made } from './carrier.ts';

const isFull = process.env['BATON_FULL'] === '1';
const SPEED = 4;

/** What two processes make that begin `seconds` of the program apart. */
async function compare(
  kind: ProgramKind,
  options: string,
  seconds: number,
): Promise<{ common: number; equal: number }> {
  await using radio = await startRadio(await radioProgram(kind, { seconds: 120 }), { speed: SPEED, tickMs: 20 });
  const store = memoryStore({ maxBytes: 2 ** 28 });
  const first = new Map<string, Uint8Array>();
  const second = new Map<string, Uint8Array>();
  const recorded = {
    ...store,
    putIfAbsent: (key: string, bytes: Uint8Array) => (first.set(key, bytes), store.putIfAbsent(key, bytes)),
  };
  await using a = await carrier(radio.url(), recorded, { options });
  await made(a.stream, 2);
  await sleep((seconds * 1000) / SPEED);
  await using b = await carrier(radio.url(), apart(store, second), { options });
  await made(b.stream, 8);
  const last = (index: string): number => Number(index.split('/').at(-1));
  const newest = Math.max(...[...second.keys()].map(last));
  while (![...first.keys()].some((key) => last(key) >= newest)) await a.stream.changed(AbortSignal.timeout(30_000));
  const common = [...second.keys()].filter((key) => first.has(key));
  const equal = common.filter(
    (key) => Buffer.compare(first.get(key) ?? Buffer.of(), second.get(key) ?? Buffer.of()) === 0,
  );
  return { common: common.length, equal: equal.length };
}

const CASES: readonly [ProgramKind, string][] = [
  ['mp3-vbr', 'codec.aac~bitrate.96k'],
  ['aac-96k', 'codec.mp3~bitrate.40k~channels.mono'],
  ['vorbis', 'codec.opus~bitrate.64k'],
];
const MORE: readonly [ProgramKind, string][] = [
  ['mp3-128k', 'codec.mp3~bitrate.128k'],
  ['opus', 'codec.aac~bitrate.64k'],
  ['aac-24k', 'codec.opus~bitrate.48k'],
];

test.each(isFull ? [...CASES, ...MORE] : CASES)(
  '%s as %s: whoever joins when makes the same chunks',
  async (kind, options) => {
    for (const seconds of isFull ? [0.1, 1, 5, 20] : [3.3]) {
      const { common, equal } = await compare(kind, options, seconds);
      expect(common).toBeGreaterThanOrEqual(6);
      expect({ seconds, equal }).toEqual({ seconds, equal: common });
    }
  },
);
