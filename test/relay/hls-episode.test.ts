import { expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode } from '../support/ffmpeg.ts';
import { makeHls, type HlsRecipe } from '../support/hls-made.ts';
import { startHlsOrigin } from '../support/hls-origin.ts';
import { oddRange } from '../support/odd-ranges.ts';
import { promisedFile } from '../support/promised-file.ts';
import { locate, randomNumbers, samplesOf, slicePcm } from '../support/signal.ts';

const EPISODE: HlsRecipe = {
  ...{ kind: 'ts', seconds: 10, segmentSeconds: 2, encrypted: true },
  codec: ['-c:a', 'aac', '-b:a', '96k'],
};

test.each(['codec.mp3~bitrate.96k', 'codec.opus~bitrate.96k'])(
  'an episode in HLS as %s has no length at first, then an exact one, and any range of it from any process',
  async (options) => {
    await using origin = await startHlsOrigin(await makeHls(EPISODE));
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const url = baton.file(origin.url('/main.m3u8'), options);
    const first = await get(url);
    expect(first).toMatchObject({ status: 200, complete: true });
    expect(first.headers).toMatchObject({ 'accept-ranges': 'none', 'cache-control': 'no-store' });
    expect(first.headers['content-length']).toBeUndefined();

    const { bytes, promisedBytes, headers } = await promisedFile(url);
    expect(bytes.length).toBe(promisedBytes);
    expect(headers['etag']).toMatch(/^"/);
    const sound = await decode(bytes);
    expect(samplesOf(sound)).toBe(1024 * Math.ceil((10 * 48_000) / 1024 + 1));
    for (const second of [0.2, 2, 4, 6, 8]) {
      const { offset, score } = locate(slicePcm(sound, second * 48_000), second * 48_000);
      expect({ second, offset, isAlike: score > 0.95 }).toEqual({ second, offset: -1024, isAlike: true });
    }

    await using other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys });
    await promisedFile(other.origin + new URL(url).pathname);
    const random = randomNumbers(5);
    for (let count = 0; count < 8; count++) {
      const { text, start, end } = oddRange(bytes.length, [bytes.length - 1], random);
      const part = await get(other.origin + new URL(url).pathname, { range: text });
      expect(part.status).toBe(206);
      expect(part.headers['etag']).toBe(headers['etag']);
      expect(Buffer.compare(part.bytes, bytes.subarray(start, end))).toBe(0);
    }
  },
);
