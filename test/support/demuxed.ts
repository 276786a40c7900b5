import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { FFPROBE } from './ffmpeg.ts';

/** A packet as ffprobe reads it out of a container. */
export interface Demuxed {
  readonly kind: 'audio' | 'video';
  readonly seconds: number;
  readonly isKey: boolean;
  readonly md5: string;
}

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');

/** The packets of all tracks of a file, in its order. */
export async function demuxed(file: Uint8Array): Promise<Demuxed[]> {
  const entries = 'packet=codec_type,pts_time,flags,data_hash';
  const args = ['-v', 'error', '-show_packets', '-show_data_hash', 'md5', '-show_entries', entries, '-of', 'json', '-'];
  const child = spawn(FFPROBE ?? 'ffprobe', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(file);
  const pieces: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => pieces.push(bytes));
  await once(child, 'close');
  const { packets } = JSON.parse(Buffer.concat(pieces).toString()) as { packets: Probed[] };
  return packets.map(({ codec_type: kind, pts_time: seconds, flags, data_hash: hash }) => ({
    ...{ kind, seconds: Number(seconds), isKey: flags.startsWith('K'), md5: hash.replace('MD5:', '') },
  }));
}

interface Probed {
  readonly codec_type: Demuxed['kind'];
  readonly pts_time: string;
  readonly flags: string;
  readonly data_hash: string;
}
