import { readFile, writeFile } from 'node:fs/promises';
import { createDeflate, crc32 } from 'node:zlib';
import { ffmpeg, inFolder } from './ffmpeg.ts';
import { testSignal } from './signal.ts';

/** A PNG of `side` x `side` grey pixels, all of them black: many of them in few bytes. */
export async function hugePng(side: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 1 });
  const rows = Buffer.alloc((side + 1) * 100);
  for (let row = 0; row < side; row += 100) deflate.write(rows);
  deflate.end();
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  const parts = [pngChunk('IHDR', header)];
  const data: Buffer[] = [];
  for await (const bytes of deflate) data.push(bytes as Buffer);
  parts.push(pngChunk('IDAT', Buffer.concat(data)), pngChunk('IEND', Buffer.alloc(0)));
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** An ID3v2.3 tag with `image` as its cover. */
export function id3WithCover(image: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from('\0image/png\0\x03\0', 'latin1'), image]);
  const frame = Buffer.alloc(10);
  frame.write('APIC', 'latin1');
  frame.writeUInt32BE(body.length, 4);
  const size = frame.length + body.length;
  const tag = Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, size >> 21, (size >> 14) & 127, (size >> 7) & 127, size & 127]);
  return Buffer.concat([tag, frame, body]);
}

/** A copy of an MP4 in which the 32-bit number at `offset` of the content of its first box `type` is another one. */
export function withBoxNumber(movie: Uint8Array, type: string, offset: number, value: number): Buffer {
  const copy = Buffer.from(movie);
  const at = copy.indexOf(type, 0, 'latin1');
  if (at < 0) throw new Error(`no box ${type}`);
  copy.writeUInt32BE(value, at + 4 + offset);
  return copy;
}

/** The test signal on `channels` channels as ffmpeg encodes it; `args` name codec and container options. */
export async function manyChannels(
  extension: 'm4a' | 'mov',
  sampleRate: number,
  channels: number,
  args: readonly string[],
): Promise<Buffer> {
  const { data } = testSignal(0, sampleRate * 4, { sampleRate, channels: 1 });
  return await inFolder(async (folder) => {
    const raw = `${folder}/sound`;
    await writeFile(raw, new Uint8Array(data.buffer));
    const input = ['-f', 's16le', '-ar', `${sampleRate}`, '-ac', '1', '-i', raw];
    const spread = `pan=${channels === 8 ? '7.1' : `${channels}c`}|${Array.from({ length: channels }, (_, n) => `c${n}=c0`).join('|')}`;
    await ffmpeg([...input, '-af', spread, ...args, `${folder}/out.${extension}`]);
    return await readFile(`${folder}/out.${extension}`);
  });
}

function pngChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
