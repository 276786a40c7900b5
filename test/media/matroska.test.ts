import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { matroskaHead, matroskaPacket, type MatroskaTrack } from '../../src/media/matroska.ts';
import { adtsFrames, ffmpeg, FFMPEGS, join, mp3, pcmArgs, tones, walk } from './sound.ts';

const HOUR_MS = 3_600_000;

interface Job {
  readonly track: MatroskaTrack;
  readonly packets: readonly Uint8Array[];
  readonly packetMs: number;
  readonly original: Uint8Array;
  readonly format: string;
}

function aac(sampleRate: number, channels: number): Job {
  const args = [...pcmArgs(sampleRate, channels), '-c:a', 'aac', '-b:a', '96k', '-f', 'adts', 'pipe:1'];
  const original = ffmpeg(args, tones(sampleRate, channels));
  const rateIndex = { 48_000: 3, 44_100: 4, 24_000: 6 }[sampleRate] ?? 0;
  const codecPrivate = Uint8Array.of((2 << 3) | (rateIndex >> 1), ((rateIndex & 1) << 7) | (channels << 3));
  const track = { codecId: 'A_AAC', codecPrivate, sampleRate, channels } as const;
  return { track, packets: adtsFrames(original), packetMs: 1_024_000 / sampleRate, original, format: 'aac' };
}

function mpeg(sampleRate: number, channels: number): Job {
  const original = mp3(sampleRate, sampleRate, channels, 64);
  const packets = walk(original, () => 4096).map(({ bytes }) => bytes);
  const packetMs = (sampleRate >= 32_000 ? 1_152_000 : 576_000) / sampleRate;
  return { track: { codecId: 'A_MPEG/L3', sampleRate, channels }, packets, packetMs, original, format: 'mp3' };
}

const JOBS: Record<string, Job> = {
  'AAC at 48 kHz': aac(48_000, 2),
  'AAC at 44.1 kHz, mono': aac(44_100, 1),
  'AAC at 24 kHz': aac(24_000, 2),
  'MP3 at 44.1 kHz': mpeg(44_100, 2),
  'MP3 at 24 kHz, mono': mpeg(24_000, 1),
  'MP3 at 11.025 kHz': mpeg(11_025, 2),
};

const muxed = ({ track, packets, packetMs }: Job, fromMs: number): Uint8Array =>
  join(matroskaHead(track), ...packets.map((packet, n) => matroskaPacket(packet, Math.round(fromMs + n * packetMs))));

describe.each(FFMPEGS)('%s', (path) => {
  test.each(Object.entries(JOBS))('decodes %s from Matroska to the samples of the original', (_, job) => {
    const decode = (format: string, input: Uint8Array): Uint8Array =>
      ffmpeg(['-f', format, '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], input, path);
    const expected = decode(job.format, job.original);
    expect(expected.length).toBeGreaterThan(40_000);
    for (const fromMs of [0, 5 * HOUR_MS]) {
      expect(Buffer.compare(decode('matroska', muxed(job, fromMs)), expected)).toBe(0);
    }
  });

  test('sees each packet whole, at its millisecond', () => {
    const job = aac(44_100, 1);
    const args = ['-f', 'matroska', '-i', 'pipe:0', '-c', 'copy', '-copyts', '-f', 'framecrc', 'pipe:1'];
    const lines = Buffer.from(ffmpeg(args, muxed(job, 5 * HOUR_MS), path))
      .toString()
      .split('\n');
    const packets = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').map(Number));
    expect(packets.map(([, , timestamp, , size]) => [timestamp, size])).toEqual(
      job.packets.map(({ length }, n) => [Math.round(5 * HOUR_MS + n * job.packetMs), length]),
    );
  });

  test('gives the first samples while the stream is still open', async () => {
    const job = JOBS['AAC at 48 kHz'];
    if (!job) return;
    const input = ['-probesize', '1024', '-analyzeduration', '0', '-f', 'matroska', '-i', 'pipe:0'];
    const child = spawn(path, ['-v', 'error', ...input, '-f', 's16le', '-flush_packets', '1', 'pipe:1']);
    try {
      child.stdin.write(muxed({ ...job, packets: job.packets.slice(0, 20) }, 0));
      const [first] = (await once(child.stdout, 'data')) as [Uint8Array];
      expect(first.length).toBeGreaterThan(0);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });
});

test('a packet costs 27 bytes and is not changed', () => {
  const packet = tones(500, 1);
  const cluster = matroskaPacket(packet, 5 * HOUR_MS);
  expect(cluster.subarray(27)).toEqual(packet);
  expect(cluster).toHaveLength(1027);
  expect(matroskaPacket(packet, 1.4)).toEqual(matroskaPacket(packet, 1));
});
