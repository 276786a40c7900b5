import { createCipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { readPlaylist } from '../../src/hls/playlist.ts';
import { createNet } from '../../src/net/open.ts';
import { hlsReader } from '../../src/source/hls-reader.ts';
import { makeHls } from '../support/hls-made.ts';
import { startHlsOrigin } from '../support/hls-origin.ts';

test('an encrypted initialization section is opened with the key that stands before it, whichever segment is read first', async () => {
  const files = await makeHls({ kind: 'fmp4', codec: ['-c:a', 'aac'], seconds: 2, segmentSeconds: 1 });
  const keys = [Buffer.alloc(16, 1), Buffer.alloc(16, 2)] as const;
  const vector = Buffer.alloc(16, 9);
  const cipher = createCipheriv('aes-128-cbc', keys[0], vector);
  const [, plain = Buffer.of()] = Object.entries(files).find(([name]) => name.endsWith('init.mp4')) ?? [];
  const init = Buffer.concat([cipher.update(plain), cipher.final()]);
  await using origin = await startHlsOrigin({ '/init.mp4': init, '/k0': keys[0], '/k1': keys[1] });
  const keyed = (at: number): string => `#EXT-X-KEY:METHOD=AES-128,URI="k${at}",IV=0x${vector.toString('hex')}`;
  const lines = ['#EXTM3U', '#EXT-X-TARGETDURATION:1', keyed(0), '#EXT-X-MAP:URI="init.mp4"', '#EXTINF:1,', '0.m4s'];
  const text = [...lines, keyed(1), '#EXTINF:1,', '1.m4s', '#EXT-X-ENDLIST', ''].join('\n');
  const media = readPlaylist(Buffer.from(text), origin.url('/main.m3u8'));
  if (media.kind !== 'media') throw new Error('no media playlist');
  for (const segment of media.segments.toReversed()) {
    const reader = hlsReader(createNet({ allowOrigins: [origin.origin] }), { segmentMs: 5_000, retries: 0 });
    const track = await reader.track(segment, AbortSignal.timeout(20_000));
    expect(track?.coding).toMatchObject({ kind: 'sound', codec: 'aac', sampleRate: 48_000 });
  }
});
