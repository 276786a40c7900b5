import { expect, test } from 'vitest';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeChirp } from '../player/chirp.ts';
import { ffmpeg } from '../support/ffmpeg.ts';
import { hlsLink } from '../support/hls.ts';
import { listenToHls } from '../support/hls-listener.ts';
import { programOf } from '../support/radio-program.ts';
import { hearAnywhere } from './chirp-ear.ts';
import { channelOnLambda } from './lambda-channel.ts';

const CHIRP = { seconds: 90 };
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];

test('on functions those who poll carry the channel in turn: no number is skipped, and nobody is left running', async () => {
  const program = programOf(await encodeChirp(CHIRP, MP3), 'audio/mpeg');
  await using channel = await channelOnLambda(program, {}, { behaviour: { burstBytes: 240_000 } });
  const { baton, radio } = channel;
  const { origin } = new URL(baton.lambda.functionUrls.get('hls-live') ?? '');
  const link = hlsLink({ origin, keys: baton.keys }, radio.url(), 'mode.live~bitrate.96k');
  await sleep(3_000);
  const listeners = [1, 2].map(() => listenToHls(() => `${link}/a96.m3u8`));
  await sleep(30_000);
  await Promise.all(listeners.map((listener) => listener.stop()));
  for (const listener of listeners) {
    expect([listener.complaints, listener.failures, [...listener.gaps]]).toEqual([[], [], []]);
    expect(listener.numbers.size).toBeGreaterThan(4);
    const args = ['-f', 'mp4', '-i', 'pipe:0', '-ac', '1', '-ar', '48000', '-f', 'f32le', 'pipe:1'];
    const pcm = await ffmpeg(args, listener.bytes());
    const heard = new Float32Array(pcm.buffer, pcm.byteOffset, Math.floor(pcm.length / 4));
    expect(hearAnywhere(heard, CHIRP)).toMatchObject({ damagedMs: 0, silentMs: 0 });
  }
  await baton.idle();
  expect(await channel.producers()).toEqual([]);
  expect(radio.listeners).toBe(0);
  const playlists = baton.usage.filter(({ kind, chunksEncoded }) => kind === 'hls' && chunksEncoded > 0);
  expect(playlists.length).toBeGreaterThan(1);
  for (const { totalMs } of playlists) expect(totalMs).toBeLessThan(16_000);
}, 90_000);
