import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { encodeChirp } from '../player/chirp.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { programOf, type Program } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { hearAnywhere } from './chirp-ear.ts';
import { listenTo } from './listener.ts';

const isFull = process.env['BATON_FULL'] === '1';
const CHIRP = { seconds: 120 };

/** The chirp, whose every millisecond is known. */
export async function chirpProgram(): Promise<Program> {
  const args = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];
  return programOf(await encodeChirp(CHIRP, args), 'audio/mpeg');
}

const live = (baton: TestBaton, source: string, options = 'codec.aac~bitrate.128k'): string =>
  baton.origin + publicLink({ kind: 'live', options, source, name: 'live.mp4' }, baton.keys);

test.concurrent('legs of a server follow each other without a lost sample', async () => {
  await using radio = await startRadio(await chirpProgram());
  await using baton = await startBaton({
    allowOrigins: [radio.origin],
    config: { liveLegMs: 6_000, shutdownMs: 2_000 },
  });
  const listener = listenTo(live(baton, radio.url()));
  await sleep(isFull ? 60_000 : 20_000);
  listener.stop();
  const heard = hearAnywhere(await listener.heard(), CHIRP);
  expect(heard).toMatchObject({ damagedMs: 0, silentMs: 0 });
  expect(listener.handovers).toBeGreaterThanOrEqual(2);
});

test.concurrent('a clock that jumps by an hour, forth and back, is not heard', async () => {
  await using radio = await startRadio(await chirpProgram());
  let jumpedMs = 0;
  await using baton = await startBaton({
    allowOrigins: [radio.origin],
    config: { liveLegMs: 6_000, shutdownMs: 2_000 },
    now: () => Date.now() + jumpedMs,
  });
  const first = listenTo(live(baton, radio.url()));
  await sleep(6_000);
  jumpedMs = 3_600_000;
  await sleep(5_000);
  const second = listenTo(live(baton, radio.url()));
  await sleep(3_000);
  jumpedMs = -3_600_000;
  await sleep(7_000);
  for (const listener of [first, second]) {
    listener.stop();
    expect(listener.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
    const heard = hearAnywhere(await listener.heard(), CHIRP);
    expect(heard).toMatchObject({ damagedMs: 0, silentMs: 0 });
    expect(heard.seconds).toBeGreaterThan(9);
  }
  expect(radio.connected).toBe(1);
});
