import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode, ffmpeg, inFolder } from '../support/ffmpeg.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { rms, samplesOf } from '../support/signal.ts';

const RATE = 48_000;

/** A second of `channels` tones, another one on each, in 16 bits, behind the head of a WAV with that speaker mask. */
function wav(channels: number, mask: number): Buffer {
  const head = Buffer.alloc(68);
  head.write('RIFF');
  head.writeUInt32LE(60 + RATE * channels * 2, 4);
  head.write('WAVEfmt ', 8);
  for (const [value, at] of [
    [40, 16],
    [RATE, 24],
    [RATE * channels * 2, 28],
    [mask, 40],
  ] as const)
    head.writeUInt32LE(value, at);
  for (const [value, at] of [
    [0xfffe, 20],
    [channels, 22],
    [channels * 2, 32],
    [16, 34],
    [22, 36],
    [16, 38],
    [1, 44],
  ] as const)
    head.writeUInt16LE(value, at);
  head.set([0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71], 50);
  head.write('data', 60);
  head.writeUInt32LE(RATE * channels * 2, 64);
  const data = new Int16Array(RATE * channels).map(
    (_, i) => 8000 * Math.sin(((i % channels) + 2) * Math.floor(i / channels) * 0.03),
  );
  return Buffer.concat([head, new Uint8Array(data.buffer)]);
}

const asFlac = (bytes: Buffer, mask: string): Promise<Buffer> =>
  inFolder(async (folder) => {
    const comment = ['-metadata', `WAVEFORMATEXTENSIBLE_CHANNEL_MASK=${mask}`];
    await ffmpeg(['-i', 'pipe:0', '-c:a', 'flac', ...comment, `${folder}/a.flac`], bytes);
    return await readFile(`${folder}/a.flac`);
  });

let origin: Origin;
let baton: TestBaton;
beforeAll(async () => {
  origin = await startOrigin(new Uint8Array());
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin.close();
});

describe('channels for speakers that no mixer knows what to do with are taken as their number usually is', () => {
  test.each([
    ['behind alone', 2, 0x30],
    ['at the sides alone', 2, 0x600],
    ['half a pair', 2, 0x5],
    ['left of the centre', 3, 0x43],
    ['on the ceiling', 2, 0x5000],
    ['the deep one', 1, 0x8],
    ['the left one', 1, 0x1],
    ['none in front', 4, 0x630],
  ] as const)('%s', async (_, channels, mask) => {
    const bytes = wav(channels, mask);
    for (const [kind, content] of [
      ['wav', bytes],
      ['flac', await asFlac(wav(channels, 0), `0x${mask.toString(16)}`)],
    ] as const) {
      origin.content = content;
      for (const options of ['codec.pcm', 'codec.mp3~bitrate.64k~channels.mono']) {
        const answer = await get(baton.file(origin.url(`/${mask}.${kind}`), options));
        expect(answer, `${kind} ${options}`).toMatchObject({ status: 200, complete: true });
        const sound = await decode(answer.bytes);
        expect(samplesOf(sound)).toBe(RATE);
        expect(rms(sound, 0, RATE)).toBeGreaterThan(-30);
      }
    }
  });
});
