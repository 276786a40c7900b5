import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { encodeChirp, type Chirp } from '../player/chirp.ts';
import { startBaton, testKeys, type TestBaton } from '../support/baton.ts';
import { killFfmpeg } from '../support/ffmpeg-killer.ts';
import { programOf, type Program } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { listenTo } from './listener.ts';
import { piecesOf } from './pieces.ts';

const isFull = process.env['BATON_FULL'] === '1';
const CHIRP: Chirp = { seconds: isFull ? 400 : 120 };
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];
const AAC = ['-ar', '44100', '-c:a', 'aac', '-b:a', '96k', '-f', 'adts'];

const mp3 = async (): Promise<Program> => programOf(await encodeChirp(CHIRP, MP3), 'audio/mpeg');
const adts = async (): Promise<Program> => programOf(await encodeChirp(CHIRP, AAC), 'audio/aac');

/** A store that is away while it is told to be. */
function moody(store: Store): Store & { away: boolean } {
  const self = { away: false };
  const guard = <T>(work: () => Promise<T>, otherwise: T): Promise<T> =>
    self.away ? Promise.resolve(otherwise) : work();
  return Object.assign(self, {
    ...store,
    get: (key: string, signal?: AbortSignal) => guard(() => store.get(key, signal), null),
    putIfAbsent: (key: string, bytes: Uint8Array, signal?: AbortSignal) =>
      guard(() => store.putIfAbsent(key, bytes, signal), false),
    replaceIfMatch: (key: string, bytes: Uint8Array, tag: string | null, signal?: AbortSignal) =>
      guard(() => store.replaceIfMatch(key, bytes, tag, signal), false),
  });
}

test('faults of source, encoder, store and server are not heard, or said', async () => {
  await using radio = await startRadio(await mp3());
  await using other = await startRadio(await adts());
  const store = moody(memoryStore({ maxBytes: 2 ** 28 }));
  const keys = testKeys();
  const allowOrigins = [radio.origin, other.origin];
  const config = { liveLegMs: 20_000, shutdownMs: 3_000 };
  let baton: TestBaton = await startBaton({ allowOrigins, store, keys, config });
  const port = Number(new URL(baton.origin).port);
  const link = publicLink(
    {
      kind: 'live',
      options: `codec.aac~bitrate.128k~fallback.${Buffer.from(other.url()).toString('base64url')}`,
      source: radio.url(),
      name: 'live.mp4',
    },
    keys,
  );
  const beganAt = performance.now();
  const listener = listenTo(baton.origin + link);
  const adtsProgram = await adts();
  const restart = async (): Promise<void> => {
    await baton.stop();
    baton = await startBaton({ allowOrigins, store, keys, config: { ...config, port } });
  };
  const faults: readonly (readonly [name: string, fault: () => unknown, seconds: number])[] = [
    ['ffmpeg is killed', killFfmpeg, 4],
    ['the source resets', () => radio.reset(), 5],
    ['the store is away for 4 s', () => void ((store.away = true), setTimeout(() => (store.away = false), 4000)), 7],
    ['the source stalls for 3 s', () => radio.stall(3000, 'late'), 6],
    ['the server restarts', restart, 7],
    ['the source is away for 2 s', () => (radio.reset(), radio.refuse(2000)), 6],
    ['the codec changes', () => radio.play(adtsProgram, 70), 8],
    ['the source is away for 9 s', () => (radio.reset(), radio.refuse(9000)), 16],
  ];
  await sleep(8_000);
  for (const [name, fault, seconds] of faults) {
    console.log(name, listener.ahead().toFixed(2));
    await fault();
    await sleep(isFull ? 25_000 : seconds * 1000);
  }
  await sleep(4_000);
  listener.stop();
  await baton.stop();
  const heard = await piecesOf(listener, CHIRP);
  const { events, handovers, retries } = listener;
  const losses = events.filter((event) => event.type === 'discontinuity');
  console.log(heard, losses, { handovers, retries, starved: listener.starvedMs() });
  for (const piece of heard) expect(piece).toMatchObject({ damagedMs: 0 });
  const seconds = heard.reduce((sum, piece) => sum + piece.seconds, 0);
  expect(seconds).toBeGreaterThan(0.8 * ((performance.now() - beganAt) / 1000 - 10));
  expect(events.filter(({ type }) => type === 'error')).toEqual([]);
  // the source that is away is missed for its 9 s, less than 5 of which are bridged, and what the codec changed from for a moment
  expect(losses.reduce((sum, { missingMs }) => sum + missingMs, 0)).toBeLessThan(12_000);
  expect(losses.length).toBeGreaterThan(0);
  expect(handovers).toBeGreaterThan(1);
}, 600_000);
