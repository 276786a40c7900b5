import { parseBuffer } from 'music-metadata';
import { expect, test } from 'vitest';
import type { Tags } from '../../src/media/tags.ts';
import { writeWavHead } from '../../src/media/wav-write.ts';
import { decode, ffprobe } from '../support/ffmpeg.ts';
import { samplesOf } from '../support/signal.ts';
import { tones } from './sound.ts';

const TAGS: Tags = { title: 'A title', artist: 'An artist', album: 'An album', chapters: [] };
const sound = (channels: 1 | 2): Uint8Array => tones(4801, channels);

test.each([
  [1, TAGS],
  [2, TAGS],
  [2, { ...TAGS, title: 'odd' }],
  [2, { ...TAGS, title: 'Über 🎧' }],
  [2, { chapters: [] }],
] as const)('with %i channels and tags %o others read what was written', async (channels, tags) => {
  const data = sound(channels);
  const head = writeWavHead({ sampleRate: 48_000, channels, dataBytes: data.length, tags });
  expect(head.length % 2).toBe(0);
  const bytes = Buffer.concat([head, data]);
  expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true)).toBe(bytes.length - 8);
  const decoded = await decode(bytes);
  expect(decoded).toMatchObject({ sampleRate: 48_000, channels });
  expect(Buffer.from(decoded.data.buffer).equals(data)).toBe(true);
  const { common, format } = await parseBuffer(bytes, 'audio/wav');
  const { title, artist, album } = tags as Partial<Tags>;
  expect([common.title, common.artist, common.album]).toEqual([title, artist, album]);
  expect(format).toMatchObject({ sampleRate: 48_000, numberOfChannels: channels, numberOfSamples: 4801 });
});

test('chapters and artwork are read by those who look for them', async () => {
  const chapters = [
    { startMs: 0, endMs: 60, title: 'Anfang' },
    { startMs: 60, endMs: 100, title: 'Ende' },
  ];
  const artwork = { mime: 'image/jpeg', bytes: Buffer.from('\xff\xd8\xff and no more', 'latin1') } as const;
  const data = sound(2);
  const tags: Tags = { ...TAGS, chapters, artwork };
  const bytes = Buffer.concat([writeWavHead({ sampleRate: 48_000, channels: 2, dataBytes: data.length, tags }), data]);
  const { common, format } = await parseBuffer(bytes, 'audio/wav', { includeChapters: true });
  expect(common.picture?.map((picture) => picture.data.length)).toEqual([artwork.bytes.length]);
  expect(format.chapters?.map(({ title, start }) => [title, start])).toEqual([
    ['Anfang', 0],
    ['Ende', 0.06],
  ]);
  const probed = await ffprobe(bytes);
  if (probed !== null)
    expect(probed.chapters.map(({ start_time, tags: own }) => [Number(start_time), own?.['title']])).toEqual([
      [0, 'Anfang'],
      [0.06, 'Ende'],
    ]);
});

test('where 32 bits do not hold the size it stands in 64', async () => {
  const dataBytes = 6 * 2 ** 30;
  const head = writeWavHead({ sampleRate: 48_000, channels: 2, dataBytes, tags: { ...TAGS, title: 'Über' } });
  const view = new DataView(head.buffer, head.byteOffset);
  expect(Buffer.from(head.subarray(0, 16)).toString('latin1')).toBe('RF64\xff\xff\xff\xffWAVEds64');
  expect(Number(view.getBigUint64(20, true))).toBe(head.length + dataBytes - 8);
  expect(Number(view.getBigUint64(28, true))).toBe(dataBytes);
  expect(Number(view.getBigUint64(36, true))).toBe(dataBytes / 4);
  const probed = await ffprobe(Buffer.concat([head, sound(2)]));
  expect(probed?.streams[0]).toMatchObject({ codec_name: 'pcm_s16le', sample_rate: '48000', channels: 2 });
  expect(probed?.format.tags).toMatchObject({ title: 'Über', artist: 'An artist' });
});

test('32 bits are used for as long as they hold the size', () => {
  const empty = writeWavHead({ sampleRate: 48_000, channels: 2, dataBytes: 0, tags: TAGS });
  const most = 2 ** 32 - 4 - (empty.length - 8);
  const name = (dataBytes: number): string =>
    Buffer.from(writeWavHead({ sampleRate: 48_000, channels: 2, dataBytes, tags: TAGS }).subarray(0, 4)).toString();
  expect([name(most), name(most + 4)]).toEqual(['RIFF', 'RF64']);
});

test('a length that is not known is stated as such, and players play to the end', async () => {
  const head = writeWavHead({ sampleRate: 48_000, channels: 2, dataBytes: null, tags: { chapters: [] } });
  expect(samplesOf(await decode(Buffer.concat([head, sound(2)])))).toBe(4801);
});
