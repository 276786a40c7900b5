import { expect, test } from 'vitest';
import { tsDemuxer } from '../../src/media/mpeg-ts.ts';
import { splitSegment } from '../../src/media/segment-frames.ts';
import { silentAac, silentMp3 } from '../../src/media/silent-packet.ts';
import { adtsFrame } from '../../src/media/adts-write.ts';
import { splitAdts } from '../support/adts-forge.ts';
import { decode, ffmpeg } from '../support/ffmpeg.ts';
import { splitFrames } from '../support/mp3-forge.ts';
import { rms, samplesOf } from '../support/signal.ts';

const NOTHING = new Uint8Array();
const tone = (...args: readonly string[]): Promise<Buffer> =>
  ffmpeg(['-f', 'lavfi', '-i', 'sine=r=48000:d=2', '-ac', '2', ...args, 'pipe:1']);

test('a frame that lies in two segments is whole, wherever they are cut', async () => {
  const bytes = await tone('-c:a', 'aac', '-f', 'adts');
  const frames = splitAdts(bytes);
  for (let cut = 900; cut < 1700; cut++) {
    const first = splitSegment(bytes.subarray(0, cut), [], NOTHING);
    const second = splitSegment(bytes.subarray(cut), [], first?.rest ?? NOTHING);
    const found = [...(first?.frames ?? []), ...(second?.frames ?? [])].map((frame) => Buffer.from(frame.bytes));
    expect({ cut, isSame: Buffer.concat(found).equals(Buffer.concat(frames)) }).toEqual({ cut, isSame: true });
  }
});

test('a transport stream gives the same in pushes of any size, and what it lost is a hole and no more', async () => {
  const stream = await tone('-c:a', 'aac', '-f', 'mpegts');
  const demuxed = (bytes: Uint8Array, size: number) => {
    const demuxer = tsDemuxer();
    for (let at = 0; at < bytes.length; at += size) demuxer.push(bytes.subarray(at, at + size));
    return demuxer.end();
  };
  const whole = demuxed(stream, stream.length);
  const all = splitSegment(whole.bytes, whole.marks, NOTHING)?.frames.length ?? 0;
  expect(all).toBeGreaterThan(90);
  for (const size of [1, 187, 188, 1000]) expect(demuxed(stream, size)).toEqual(whole);
  const holed = Buffer.concat([stream.subarray(0, 188 * 40), stream.subarray(188 * 42)]);
  const shifted = Buffer.concat([stream.subarray(0, 188 * 30 + 50), stream.subarray(188 * 31)]);
  for (const damaged of [holed, shifted]) {
    const { bytes, marks } = demuxed(damaged, 500);
    const left = splitSegment(bytes, marks, NOTHING)?.frames.length ?? 0;
    expect(left).toBeGreaterThan(all - 30);
    expect(left).toBeLessThan(all);
  }
});

test('silence is silent, and as long as what it stands for', async () => {
  const mp3 = splitFrames(await tone('-c:a', 'libmp3lame', '-b:a', '96k', '-f', 'mp3', '-write_xing', '0'));
  const silent = silentMp3(mp3[5] ?? NOTHING) ?? NOTHING;
  const sound = await decode(Buffer.concat(Array<Uint8Array>(50).fill(silent)));
  expect(samplesOf(sound)).toBeGreaterThan(49 * 1152);
  expect(rms(sound)).toBe(-Infinity);
  for (const channelConfig of [1, 2, 3, 4, 5, 6, 7]) {
    const config = Uint8Array.of(0x11, 0x80 | (channelConfig << 3)); // LC at 48 kHz
    const block = silentAac(config) ?? NOTHING;
    const frame = adtsFrame(block, { objectType: 2, rateIndex: 3, channelConfig });
    const heard = await decode(Buffer.concat(Array<Uint8Array>(20).fill(frame)));
    const found = { channels: heard.channels, samples: samplesOf(heard), loudness: rms(heard) };
    expect(found).toEqual({
      channels: channelConfig === 7 ? 8 : channelConfig,
      samples: 20 * 1024,
      loudness: -Infinity,
    });
  }
});
