import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { encodeChirp } from '../player/chirp.ts';

import { killFfmpeg, killNow } from '../support/ffmpeg-killer.ts';
import { settled } from '../support/leaks.ts';
import { programOf } from '../support/radio-program.ts';
import { randomNumbers } from '../support/signal.ts';
import { channelOnLambda, type LambdaChannel } from './lambda-channel.ts';
import { listenTo, type Listener } from './listener.ts';
import { piecesOf } from './pieces.ts';

const isFull = process.env['BATON_FULL'] === '1';
const {
  listeners: AUDIENCE,
  pauseMs,
  ...CHIRP
} = isFull ? { listeners: 5, pauseMs: 27_000, seconds: 420 } : { listeners: 2, pauseMs: 9_000, seconds: 100 };
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];
const SEED = 5;

const FAULTS: Readonly<Record<string, (channel: LambdaChannel) => Promise<unknown>>> = {
  'the environment that produces is killed': async (channel) => {
    const pids = await settled(
      () => channel.producers(),
      (found) => found.length > 0,
    );
    for (const pid of pids) killNow(pid);
    expect(pids).not.toEqual([]);
  },
  'ffmpeg is killed': killFfmpeg,
  'the source resets': ({ radio }) => {
    radio.reset();
    return Promise.resolve();
  },
  'S3 fails for 3 s': async ({ s3 }) => {
    s3.faults.serverErrors = Infinity;
    await sleep(3_000);
    s3.faults.serverErrors = 0;
  },
};

test('faults of functions, source and store are not heard on Lambda, or said', async () => {
  const program = programOf(await encodeChirp(CHIRP, MP3), 'audio/mpeg');
  await using channel = await channelOnLambda(program, { BATON_LIVE_LEG_SECONDS: isFull ? '45' : '20' });
  const link = channel.link('codec.aac~bitrate.96k', 'live.mp4');
  const listeners: Listener[] = [];
  for (let count = 0; count < AUDIENCE; count++) {
    listeners.push(listenTo(link));
    await sleep(isFull ? 4_000 : 3_000);
  }
  for (const name of faults()) {
    const startedAt = performance.now();
    await FAULTS[name]?.(channel);
    await sleep(pauseMs - (performance.now() - startedAt));
  }
  for (const listener of listeners) listener.stop();
  for (const listener of listeners) {
    const pieces = await piecesOf(listener, CHIRP);
    expect(pieces).not.toEqual([]);
    for (const piece of pieces) expect(piece).toMatchObject({ damagedMs: 0 });
  }
}, 600_000);

/** All of them, or ten at random. */
function faults(): readonly string[] {
  const names = Object.keys(FAULTS);
  const random = randomNumbers(SEED);
  return isFull ? Array.from({ length: 10 }, () => names[Math.floor(random() * names.length)] ?? '') : names;
}
