import { randomInt } from 'node:crypto';
import type { IngestFormat } from '../../src/ingest/format.ts';
import { codedFrames } from '../support/coded-frames.ts';
import { ffmpeg } from '../support/ffmpeg.ts';
import { testSignal } from '../support/signal.ts';
import { writePacketRecords } from './write-records.ts';

/** What a test publishes. */
export interface Sent {
  readonly format: IngestFormat;
  readonly payloads: readonly Uint8Array[];
  /** What has to come out: the stream itself, or packets of it. */
  readonly stream: Uint8Array | null;
  readonly packets: readonly Uint8Array[] | null;
}

const RATE = 48_000;
const OPUS = { container: 'packets', codec: 'opus', sampleRate: RATE, channels: 1, description: null } as const;
const AAC = { container: 'packets', codec: 'aac', sampleRate: RATE, channels: 2, description: 'EZA=' } as const;
const PER_MESSAGE = 5;

/** Packets as WebCodecs gives them. */
export async function packetsOf(codec: 'opus' | 'aac', seconds: number): Promise<Sent> {
  const { frames, frameSamples } = await codedFrames(codec, codec === 'opus' ? 1 : 2, seconds * RATE);
  const records = frames.map((bytes) => ({ samples: frameSamples, bytes }));
  const payloads = Array.from({ length: Math.ceil(records.length / PER_MESSAGE) }, (_, at) =>
    writePacketRecords(records.slice(at * PER_MESSAGE, (at + 1) * PER_MESSAGE)),
  );
  return { format: codec === 'opus' ? OPUS : AAC, payloads, stream: null, packets: frames };
}

/** A stream of a container, in pieces of random sizes. */
export async function streamOf(container: 'webm' | 'mp3' | 'adts' | 'ogg', seconds: number): Promise<Sent> {
  const encode = {
    webm: ['-c:a', 'libopus', '-b:a', '64k', '-f', 'ogg'],
    mp3: ['-c:a', 'libmp3lame', '-b:a', '96k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'],
    adts: ['-c:a', 'aac', '-b:a', '96k', '-f', 'adts'],
    ogg: ['-c:a', 'libvorbis', '-b:a', '96k', '-f', 'ogg'],
  }[container];
  const { data } = testSignal(0, seconds * RATE, { sampleRate: RATE, channels: 2 });
  const input = ['-f', 's16le', '-ar', String(RATE), '-ac', '2', '-i', 'pipe:0'];
  const encoded = await ffmpeg([...input, ...encode, 'pipe:1'], new Uint8Array(data.buffer));
  if (container !== 'webm')
    return { format: { container }, payloads: pieces(encoded, 2_000), stream: encoded, packets: null };
  const live = ['-c', 'copy', '-f', 'webm', '-live', '1', '-cluster_time_limit', '900', 'pipe:1'];
  const webm = await ffmpeg(['-f', 'ogg', '-i', 'pipe:0', ...live], encoded);
  return { format: { container }, payloads: pieces(webm, 1_500), stream: null, packets: oggPackets(encoded).slice(2) };
}

/** MP4 in fragments, as a browser records it, in pieces of random sizes. */
export async function mp4Of(codec: 'opus' | 'aac', seconds: number): Promise<Sent> {
  const encode = codec === 'opus' ? ['-c:a', 'libopus', '-f', 'ogg'] : ['-c:a', 'aac', '-f', 'adts'];
  const copy = codec === 'opus' ? ['-f', 'ogg', '-i', 'pipe:0'] : ['-f', 'aac', '-i', 'pipe:0'];
  const form = codec === 'opus' ? ['-strict', '-2'] : ['-bsf:a', 'aac_adtstoasc'];
  const { data } = testSignal(0, seconds * RATE, { sampleRate: RATE, channels: 2 });
  const input = ['-f', 's16le', '-ar', String(RATE), '-ac', '2', '-i', 'pipe:0'];
  const encoded = await ffmpeg([...input, '-b:a', '64k', ...encode, 'pipe:1'], new Uint8Array(data.buffer));
  const fragments = ['-movflags', 'delay_moov+default_base_moof', '-frag_duration', '500000', '-f', 'mp4'];
  const mp4 = await ffmpeg([...copy, '-c', 'copy', ...form, ...fragments, 'pipe:1'], encoded);
  const packets = codec === 'opus' ? oggPackets(encoded).slice(2) : adtsPackets(encoded);
  return { format: { container: 'mp4', codec }, payloads: pieces(mp4, 1_500), stream: null, packets };
}

export function pieces(bytes: Uint8Array, most: number): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += all.at(-1)?.length ?? 0)
    all.push(bytes.subarray(at, at + randomInt(1, most)));
  return all;
}

/** The packets of one Ogg stream, headers first (RFC 3533). */
export function oggPackets(bytes: Uint8Array): Buffer[] {
  const all = Buffer.from(bytes);
  const packets: Buffer[] = [];
  let open: Buffer[] = [];
  for (let at = 0; at < all.length;) {
    if (all.toString('latin1', at, at + 4) !== 'OggS') throw new Error(`no page at ${at}`);
    const count = all.readUInt8(at + 26);
    let body = at + 27 + count;
    for (const size of all.subarray(at + 27, at + 27 + count)) {
      open.push(all.subarray(body, body + size));
      body += size;
      if (size === 255) continue;
      packets.push(Buffer.concat(open));
      open = [];
    }
    at = body;
  }
  return packets;
}

/** What stands behind the headers of ADTS frames. */
export function adtsPackets(bytes: Uint8Array): Buffer[] {
  const all = Buffer.from(bytes);
  const units: Buffer[] = [];
  for (let at = 0; at < all.length;) {
    const size = (all.readUIntBE(at + 3, 3) >> 5) & 0x1fff;
    units.push(all.subarray(at + 7, at + size));
    at += size;
  }
  return units;
}
