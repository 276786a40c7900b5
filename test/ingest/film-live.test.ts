import { expect, test } from 'vitest';
import { createIngest } from '../../src/ingest/ingest.ts';
import { createOnAir } from '../../src/ingest/on-air.ts';
import type { IntakePart } from '../../src/intake/intake.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { md5 } from '../support/demuxed.ts';
import { filmPackets, HEIGHT, RATE, WIDTH, type SentFilm } from './sent-film.ts';

const SECONDS = 10;
const PACKET = 0.02;

test.each([
  ['in the same process', 'here'],
  ['in another process', 'elsewhere'],
] as const)(
  'who joins a show with pictures %s has them from a key picture on, beside their sound',
  async (_, where) => {
    const sent = await filmPackets('opus', SECONDS);
    const store = memoryStore({ maxBytes: 64 * 2 ** 20 });
    let time = Date.now();
    const now = (): number => time;
    const [publishing, listening] = [createIngest(store, now), createIngest(store, now)];
    const name = { channel: 'film', show: 'show' };
    await publishing.shows.claim('film', { show: 'show', publisher: 'p', claimedAt: time });
    const show = createOnAir(name, { format: sent.format, station: '', serial: 1 }, null, {
      ...{ shows: publishing.shows, strictShows: publishing.strictShows, now },
      ...{ onStored: () => undefined, onTaken: () => undefined },
    });
    publishing.onAir.set('film', show);

    const step = (SECONDS * 1000) / sent.payloads.length;
    const write = (from: number, to: number): void => {
      for (const [at, payload] of sent.payloads.slice(from, to).entries()) {
        time += step;
        show.write(from + at, payload, false);
      }
    };
    const half = Math.floor(sent.payloads.length * 0.57);
    for (let from = 0; from < half; from += 10) {
      write(from, Math.min(half, from + 10));
      if (where === 'elsewhere') await expect.poll(() => show.stored(), { interval: 20 }).toBe(show.next());
    }
    const signal = AbortSignal.timeout(30_000);
    const { parts } = await (where === 'here' ? publishing : listening).open('ingest://film', signal);
    const all: IntakePart[] = [];
    const isOver = (async () => {
      for await (const part of parts) all.push(part);
    })();
    await expect.poll(() => all.length).toBeGreaterThan(3);
    write(half, sent.payloads.length);
    await show.end();
    await isOver;
    expectJoined(all, sent);
  },
  60_000,
);

function expectJoined(all: readonly IntakePart[], sent: SentFilm): void {
  const [format, shown] = all;
  expect(format).toMatchObject({
    kind: 'format',
    format: { codec: 'opus', sampleRate: 48_000, channels: 1, preSkip: 0 },
  });
  expect(shown).toMatchObject({
    kind: 'picture-format',
    facts: { codec: 'h264', width: WIDTH, height: HEIGHT, rate: RATE },
  });
  const heard = all.flatMap((part) => (part.kind === 'packets' ? part.packets.map(({ bytes }) => md5(bytes)) : []));
  expect(heard.length).toBeGreaterThan(200);
  expect(heard).toEqual(sent.sound.slice(-heard.length));
  const soundFrom = (sent.sound.length - heard.length) * PACKET;
  expect(soundFrom).toBeGreaterThan(2); // the past is not heard again

  const pictures = all.flatMap((part) => (part.kind === 'pictures' ? part.pictures : []));
  const expected = sent.pictures.slice(-pictures.length);
  expect(pictures.map(({ bytes }) => md5(bytes))).toEqual(expected.map((picture) => picture.md5));
  expect(pictures[0]?.isKey).toBe(true);
  expect(expected[0]?.seconds).toBeLessThanOrEqual(soundFrom);
  const off = pictures.map(({ shownAt }, at) => Math.abs(shownAt + soundFrom - (expected[at]?.seconds ?? 0)));
  expect(Math.max(...off)).toBeLessThan(0.001);
}
