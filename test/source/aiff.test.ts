import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { decode, ffmpeg, inFolder } from '../support/ffmpeg.ts';
import { id3v2, join } from '../support/mp3-forge.ts';
import { type Pcm, randomNumbers, samplesOf, slicePcm } from '../support/signal.ts';
import { collect, decodeRun, setting, soon } from './setting.ts';

/** Two seconds of noise with another level in every channel, as ffmpeg writes it. */
const written = (codec: string, rate: number, layout: string): Promise<Buffer> =>
  inFolder(async (folder) => {
    const sound = Array.from({ length: CHANNELS[layout] ?? 1 }, (_, i) => `random(${i})*.${9 - i}-.4`).join('|');
    const input = `aevalsrc=${sound}:s=${rate}:d=2:c=${layout}`;
    await ffmpeg(['-f', 'lavfi', '-i', input, '-c:a', codec, `${folder}/out.aiff`]);
    return await readFile(`${folder}/out.aiff`);
  });

const CHANNELS: Readonly<Record<string, number>> = {
  mono: 1,
  stereo: 2,
  '2.1': 3,
  quad: 4,
  '5.0': 5,
  '5.1': 6,
  '7.1': 8,
};

const CODINGS = [
  ['pcm_s8', 'pcm_s8', 8_000, 'mono'],
  ['pcm_s16be', 'pcm_s16be', 44_100, 'stereo'],
  ['pcm_s24be', 'pcm_s24be', 192_000, 'stereo'],
  ['pcm_s32be', 'pcm_s32be', 96_000, '5.1'],
  ['pcm_s16le', 'pcm_s16le', 48_000, '7.1'],
  ['pcm_f32be', 'pcm_f32be', 88_200, '2.1'],
  ['pcm_f64be', 'pcm_f64be', 22_050, 'quad'],
  ['pcm_alaw', 'pcm_alaw', 8_000, 'mono'],
  ['pcm_mulaw', 'pcm_mulaw', 11_025, '5.0'],
] as const;

async function expectSameSound(bytes: Uint8Array, whole: Pcm): Promise<void> {
  await using at = await setting(bytes);
  const opened = await at.sources.open(at.origin.url(), soon());
  const samples = samplesOf(whole);
  expect(opened.record).toMatchObject({ container: 'aiff', samples, skip: 0, sampleRate: whole.sampleRate });
  const random = randomNumbers(9);
  const anywhere = Array.from({ length: 3 }, () => Math.floor(random() * (samples - 700)));
  for (const from of [0, 1, ...anywhere, samples - 100]) {
    const run = await decodeRun(at.sources, opened, from, Math.min(samples, from + 600));
    const reference = slicePcm(whole, from, Math.min(samples, from + 600));
    expect(run).toMatchObject({ sampleRate: whole.sampleRate, channels: whole.channels });
    expect(Buffer.compare(bytesOf(run), bytesOf(reference)), `from ${from}`).toBe(0);
  }
}

const bytesOf = ({ data }: Pcm): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

describe('an AIFF', () => {
  it.each(CODINGS)('of %s has exactly the samples that ffmpeg decodes, from any on', async (_, codec, rate, layout) => {
    const bytes = await written(codec, rate, layout);
    await expectSameSound(bytes, await decode(bytes));
  });

  it.each(Object.entries(LAYOUTS()))('with %s is read all the same', async (_, forge) => {
    const plain = await written('pcm_s16be', 44_100, 'stereo');
    const chunks = chunksOf(plain);
    await expectSameSound(forge(chunks), await decode(plain));
  });

  it('that was cut off has what is there', async () => {
    const plain = await written('pcm_s24be', 44_100, 'stereo');
    const cut = plain.subarray(0, plain.length - 10_001);
    await expectSameSound(cut, await decode(cut));
  });

  it('has title and artist from its text chunks or its ID3 tag', async () => {
    const { COMM, SSND } = chunksOf(await written('pcm_s16be', 44_100, 'stereo'));
    const texts = [chunk('NAME', Buffer.from('Odd')), chunk('AUTH', Buffer.from('Somebody\0'))];
    const rows: [Buffer, object][] = [
      [form('AIFF', COMM, ...texts, SSND), { title: 'Odd', artist: 'Somebody' }],
      [form('AIFF', COMM, SSND, ...texts), { title: 'Odd', artist: 'Somebody' }],
      [form('AIFF', COMM, SSND, chunk('ID3 ', id3v2('Tagged', 99))), { title: 'Tagged' }],
    ];
    for (const [bytes, tags] of rows) {
      await using at = await setting(bytes);
      expect((await at.sources.open(at.origin.url(), soon())).record.tags).toMatchObject(tags);
    }
  });

  it('may come without ranges or a length', async () => {
    const bytes = await written('pcm_s16be', 44_100, 'stereo');
    for (const behaviour of [{ range: 'ignored' }, { range: 'ignored', length: false }] as const) {
      await using at = await setting(bytes, behaviour);
      const opened = await at.sources.open(at.origin.url(), soon());
      expect(opened.record.samples).toBe(88_200);
      const run = await at.sources.packets(opened, 88_100, 88_200, soon());
      expect(Buffer.concat(await collect(run.packets))).toHaveLength(400);
    }
  });

  it.each([
    ['another compression', 'CODEC_UNSUPPORTED', (c: Chunks) => form('AIFC', compressed(c, 'ima4'), c.SSND)],
    ['no format', 'SOURCE_DAMAGED', (c: Chunks) => form('AIFF', c.SSND)],
    ['no sound', 'SOURCE_DAMAGED', (c: Chunks) => form('AIFF', c.COMM)],
    ['a sound of nothing', 'SOURCE_NO_AUDIO', (c: Chunks) => form('AIFF', c.COMM, chunk('SSND', Buffer.alloc(8)))],
    ['a head of nothing but chunks', 'SOURCE_DAMAGED', () => form('AIFF', ...Array<Buffer>(2_000).fill(ODD))],
    ['33 bits', 'CODEC_UNSUPPORTED', (c: Chunks) => form('AIFF', edited(c.COMM, 15, 33), c.SSND)],
  ] as const)('with %s gives %s', async (_, code, forge) => {
    await using at = await setting(forge(chunksOf(await written('pcm_s16be', 44_100, 'stereo'))));
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({ code });
    expect(at.origin.seen.length).toBeLessThan(10);
  });
});

interface Chunks {
  readonly COMM: Buffer;
  readonly SSND: Buffer;
}

const ODD = chunk('ANNO', Buffer.from('odd'));

function LAYOUTS(): Readonly<Record<string, (chunks: Chunks) => Buffer>> {
  return {
    'its format behind its sound': ({ COMM, SSND }) => form('AIFF', SSND, COMM),
    'chunks of odd length between': ({ COMM, SSND }) => form('AIFF', ODD, COMM, ODD, SSND, ODD),
    'a compression of none': (chunks) => form('AIFC', compressed(chunks, 'NONE'), chunks.SSND),
    'its sound at an offset': ({ COMM, SSND }) => {
      const moved = join(Buffer.from([0, 0, 0, 6, 0, 0, 0, 0]), Buffer.alloc(6, 0x55), SSND.subarray(16));
      return form('AIFF', COMM, chunk('SSND', moved));
    },
    'no length in its head': ({ COMM, SSND }) => form('AIFF', COMM, edited(SSND, 4, 0, 0, 0, 0)),
    'more of a length than there is': ({ COMM, SSND }) => form('AIFF', COMM, edited(SSND, 4, 0x7f)),
  };
}

/** The chunks of a file, with their heads and padding. */
function chunksOf(file: Buffer): Chunks {
  const found: Record<string, Buffer> = {};
  for (let at = 12; at < file.length;) {
    const end = at + 8 + file.readUInt32BE(at + 4);
    found[file.toString('latin1', at, at + 4)] = file.subarray(at, end + (end & 1));
    at = end + (end & 1);
  }
  const { COMM = Buffer.alloc(0), SSND = Buffer.alloc(0) } = found;
  return { COMM, SSND };
}

function chunk(id: string, content: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(content.length);
  return join(Buffer.from(id), size, content, Buffer.alloc(content.length & 1));
}

const form = (kind: 'AIFF' | 'AIFC', ...chunks: Buffer[]): Buffer => chunk('FORM', join(Buffer.from(kind), ...chunks));

const compressed = ({ COMM }: Chunks, kind: string): Buffer =>
  chunk('COMM', join(COMM.subarray(8, 26), Buffer.from(kind), Buffer.from([0, 0])));

function edited(bytes: Buffer, at: number, ...values: number[]): Buffer {
  const copy = Buffer.from(bytes);
  copy.set(values, at);
  return copy;
}
