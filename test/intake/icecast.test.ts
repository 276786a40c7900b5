import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type IntakePart, openIntake } from '../../src/intake/intake.ts';
import { createNet, type Net } from '../../src/net/open.ts';
import { ICECAST, type Icecast, startIcecast } from '../support/icecast.ts';
import { chained, type Program, programOf, type ProgramKind, radioProgram } from '../support/radio-program.ts';
import { type Demuxed, demuxed, placeIn, sorted } from './demuxed.ts';
import { heAac } from './he-aac.ts';

// Installed with `apt-get install icecast2`; `npm run bench` does so.
if (ICECAST === null) console.log('icecast2 is not installed: the intake is not tested against it.');

const PROGRAMS: Readonly<Record<string, () => Promise<Program>>> = {
  mp3: () => radioProgram('mp3-128k', { seconds: 20 }),
  vbr: () => radioProgram('mp3-vbr', { seconds: 20 }),
  aac: () => radioProgram('aac-96k', { seconds: 20 }),
  'he-aac': () => Promise.resolve(programOf(heAac('he-aac-v2'), 'audio/aac')),
  opus: async () => await tracks('opus'),
  vorbis: async () => await tracks('vorbis'),
  flac: async () => await tracks('flac'),
};

const tracks = async (kind: ProgramKind): Promise<Program> =>
  chained(
    await radioProgram(kind, { seconds: 5, title: 'One', artist: 'A' }),
    await radioProgram(kind, { from: 5, seconds: 5, title: 'Two', artist: 'B' }),
  );

describe.skipIf(ICECAST === null)('a real Icecast', () => {
  let icecast: Icecast;
  let net: Net;

  beforeAll(async () => {
    icecast = await startIcecast(ICECAST ?? '');
    net = createNet({ allowOrigins: [icecast.origin] });
  });
  afterAll(async () => {
    await net.close();
    await icecast[Symbol.asyncDispose]();
  });

  async function listen(mount: string, ms: number): Promise<Demuxed> {
    const { parts, station } = await openIntake(`${icecast.origin}${mount}`, net, AbortSignal.timeout(20_000));
    expect(station).toEqual({ name: 'Radio Prüfstand', genre: 'Signals', url: 'http://radio.example/' });
    const all: IntakePart[] = [];
    const began = performance.now();
    for await (const part of parts) {
      all.push(part);
      if (performance.now() - began > ms) break;
    }
    return sorted(all);
  }

  test.each(Object.entries(PROGRAMS))('%s: all who join get the same packets, without a gap', async (name, program) => {
    const made = await program();
    const mount = `/${name}`;
    const source = await icecast.play(mount, made, 4);
    const first = listen(mount, 1800);
    await sleep(500);
    const second = await listen(mount, 900);
    const whole = await first;
    source.stop();
    const laps = Array.from({ length: 12 }, () => made.pieces.map(({ bytes }) => bytes)).flat();
    const played = demuxed(Buffer.concat(laps));
    expect(whole.lines.length).toBeGreaterThan(40);
    expect(placeIn(played.lines, whole.lines)).toBeGreaterThanOrEqual(0);
    expect(placeIn(played.lines, second.lines)).toBeGreaterThanOrEqual(0);
    const place = placeIn(whole.lines, second.lines.slice(0, 30));
    expect(place).toBeGreaterThanOrEqual(0);
    expect(second.formats).toHaveLength(1);
    if (made.contentType === 'application/ogg') {
      expect(whole.titles.map(({ title }) => title)).toEqual(expect.arrayContaining(['One', 'Two']) as string[]);
    }
  });

  test('its titles come as they change', async () => {
    const source = await icecast.play('/titles', await radioProgram('mp3-128k', { seconds: 20 }), 4);
    await icecast.title('/titles', 'Motörhead - Ace of Spades');
    const first = listen('/titles', 2000);
    await sleep(700);
    await icecast.title('/titles', 'Кино - Группа крови');
    const { titles } = await first;
    source.stop();
    expect(titles).toEqual([
      { title: 'Ace of Spades', artist: 'Motörhead' },
      { title: 'Группа крови', artist: 'Кино' },
    ]);
  });

  test('a mount that is not there is missing', async () => {
    const opening = openIntake(`${icecast.origin}/none`, net, AbortSignal.timeout(5000));
    await expect(opening).rejects.toMatchObject({ code: 'SOURCE_MISSING' });
  });
});
