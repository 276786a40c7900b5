import { ffmpeg } from './ffmpeg.ts';
import { testSignal } from './signal.ts';

/** Frames of one encode of the test signal at 48 kHz, as they go into an MP4. */
export interface Coded {
  readonly codec: 'aac' | 'opus';
  readonly channels: 1 | 2;
  readonly kbps: number;
  readonly frameSamples: number;
  readonly priming: number;
  /** Of the sound. */
  readonly samples: number;
  readonly frames: readonly Buffer[];
}

/** The first `samples` samples of the test signal in just as many frames as they need. */
export async function codedFrames(codec: 'aac' | 'opus', channels: 1 | 2, samples: number): Promise<Coded> {
  const sound = testSignal(0, samples, { sampleRate: 48_000, channels });
  const input = ['-f', 's16le', '-ar', '48000', '-ac', String(channels), '-i', 'pipe:0'];
  const pcm = new Uint8Array(sound.data.buffer);
  const [frameSamples, priming, kbps] = codec === 'aac' ? [1024, 1024, 96] : [960, 312, 64];
  const encoded =
    codec === 'aac'
      ? adtsUnits(await ffmpeg([...input, '-c:a', 'aac', '-b:a', '96k', '-f', 'adts', 'pipe:1'], pcm))
      : oggPackets(await ffmpeg([...input, '-c:a', 'libopus', '-b:a', '64k', '-f', 'ogg', 'pipe:1'], pcm)).slice(2);
  const count = Math.ceil((samples + priming) / frameSamples);
  if (encoded.length < count) throw new Error(`${encoded.length} frames, ${count} needed`);
  return { codec, channels, kbps, frameSamples, priming, samples, frames: encoded.slice(0, count) };
}

/** What stands behind the headers of ADTS frames (ISO/IEC 13818-7 section 6.2). */
function adtsUnits(bytes: Buffer): Buffer[] {
  const units: Buffer[] = [];
  for (let at = 0; at + 7 <= bytes.length;) {
    const size = (bytes.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    units.push(bytes.subarray(at + 7, at + size));
    at += size;
  }
  return units;
}

/** Packets of an Ogg stream by its lacing values (RFC 3533 section 6). */
function oggPackets(bytes: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const segments = bytes.readUInt8(at + 26);
    let data = at + 27 + segments;
    for (const size of bytes.subarray(at + 27, at + 27 + segments)) {
      open.push(bytes.subarray(data, data + size));
      data += size;
      if (size === 255) continue;
      packets.push(Buffer.concat(open));
      open = [];
    }
    at = data;
  }
  return packets;
}
