import { expect, test } from 'vitest';
import { hlsParts } from '../../src/intake/hls-intake.ts';
import type { IntakePart } from '../../src/intake/intake.ts';
import { createNet } from '../../src/net/open.ts';
import { readSound } from '../../src/source/hls-sound.ts';
import { makeHls } from '../support/hls-made.ts';
import { startHlsOrigin } from '../support/hls-origin.ts';

const AAC = ['-c:a', 'aac', '-b:a', '96k'];
const WINDOW = 6;
/** Segments, of a second each, that came and went while the playlist stood still. */
const MISSED = 20;
const NEW = { track: null, carry: new Uint8Array(), known: null };

/** What the playlist goes on with: the file of its first segment, the number of that, and how much time went by. */
const ROWS = {
  'segments that came and went while it stood still': { from: WINDOW + MISSED, number: WINDOW + MISSED, ms: 0 },
  'what its time stamps leave out while nothing came': { from: WINDOW + MISSED, number: WINDOW, ms: MISSED * 1000 },
};

test.each(Object.entries(ROWS))('a playlist that goes on is not waited for once more: %s', async (_, then) => {
  const files = await makeHls({ kind: 'ts', codec: AAC, seconds: 40, segmentSeconds: 1 });
  await using origin = await startHlsOrigin(files);
  const names = [
    ...Buffer.from(files['/main.m3u8'] ?? [])
      .toString()
      .matchAll(/^[^#\n]+\.ts$/gm),
  ].map(([name]) => name);
  let stands = { from: 0, number: 0, ms: 0 };
  const playlist = (): string => {
    const listed = names.slice(stands.from, stands.from + WINDOW).flatMap((name) => ['#EXTINF:1.0,', name]);
    return ['#EXTM3U', '#EXT-X-TARGETDURATION:1', `#EXT-X-MEDIA-SEQUENCE:${stands.number}`, ...listed, ''].join('\n');
  };
  origin.places.set('/live.m3u8', () => ({ body: playlist() }));
  const clock = (): number => performance.now() + stands.ms;
  const text = { bytes: Buffer.from(playlist()), url: origin.url('/live.m3u8') };
  const net = createNet({ allowOrigins: [origin.origin] });
  const stop = new AbortController();
  const parts = hlsParts(text, net, () => false, stop.signal, clock);

  const sounds = names.slice(0, WINDOW).map((name) => readSound(files[`/${name}`] ?? new Uint8Array(), NEW));
  const count = (await Promise.all(sounds)).reduce((sum, { packets }) => sum + packets.length, 0);
  const heard = await until(parts, count);
  expect(heard.filter(({ kind }) => kind === 'gap')).toEqual([]);
  stands = then;
  const since = clock();
  const anew = await until(parts, 120); // of 21 ms; one segment is given at once where several wait
  const [gap, ...others] = anew.filter((part) => part.kind === 'gap');
  expect(others).toEqual([]);
  expect(Math.abs((gap?.ms ?? 0) / 1000 - MISSED)).toBeLessThan(0.5);
  expect(clock() - since).toBeLessThan(MISSED * 500);
  stop.abort(new Error('enough'));
  await parts.return();
});

/** What comes, up to so many packets. */
async function until(parts: AsyncGenerator<IntakePart, void>, count: number): Promise<IntakePart[]> {
  const found: IntakePart[] = [];
  for (let packets = 0; packets < count;) {
    const next = await parts.next();
    if (next.done === true) throw new Error('the channel has ended');
    found.push(next.value);
    if (next.value.kind === 'packets') packets += next.value.packets.length;
  }
  return found;
}
