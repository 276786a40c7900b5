import { gzipSync } from 'node:zlib';
import type { FailureCode } from '../../src/errors.ts';
import { describe, expect, it } from 'vitest';
import { ffmpeg } from '../support/ffmpeg.ts';
import { id3v2, join, junk } from '../support/mp3-forge.ts';
import type { Behaviour, Content } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { collect, setting, soon } from './setting.ts';

const text = (words: string): Uint8Array => Buffer.from(words);
const tone = (format: string, codec: string): Promise<Buffer> =>
  ffmpeg(['-f', 'lavfi', '-i', 'sine=d=2', '-c:a', codec, '-f', format, 'pipe:1']);
const noise = junk(100_000, 7);

type Row = [what: string, code: FailureCode, content: () => Content | Promise<Content>, behaviour?: Behaviour];

const TABLE: Row[] = [
  ['is not there', 'SOURCE_MISSING', () => text('x'), { status: 404 }],
  ['is gone', 'SOURCE_MISSING', () => text('x'), { status: 410 }],
  ['wants a login', 'SOURCE_PRIVATE', () => text('x'), { status: 401 }],
  ['is forbidden', 'SOURCE_PRIVATE', () => text('x'), { status: 403 }],
  ['is on a server that fails', 'SOURCE_FAILED', () => text('x'), { status: 500 }],
  ['is refused in another way', 'SOURCE_FAILED', () => text('x'), { status: 418 }],
  ['is empty', 'SOURCE_EMPTY', () => text('')],
  ['is empty, without ranges', 'SOURCE_EMPTY', () => text(''), { range: 'ignored' }],
  ['is a web page that says it is audio', 'SOURCE_NOT_MEDIA', () => text('<!doctype html><title>Listen</title>')],
  ['is a feed', 'SOURCE_NOT_MEDIA', () => text('<?xml version="1.0"?><rss><channel/></rss>')],
  ['is JSON', 'SOURCE_NOT_MEDIA', () => text('{"error":"no such episode"}')],
  ['is a playlist', 'SOURCE_NOT_MEDIA', () => text('#EXTM3U\n#EXTINF:9,\na.ts\n')],
  ['is an archive', 'SOURCE_NOT_MEDIA', () => join(text('PK\x03\x04'), noise)],
  ['is compressed by itself', 'SOURCE_NOT_MEDIA', () => gzipSync(noise)],
  ['is noise', 'SOURCE_NOT_MEDIA', () => noise],
  ['is a tag with noise behind it', 'SOURCE_DAMAGED', () => join(id3v2('Title', 2000), noise)],
  ['is nothing but a tag', 'SOURCE_DAMAGED', () => id3v2('Title', 2000)],
  [
    'is compressed on its way',
    'SOURCE_ENCODED',
    async () => await contentOf('cbr.mp3'),
    { gzip: true, range: 'ignored' },
  ],
  ['is ADPCM in WAV', 'CODEC_UNSUPPORTED', () => tone('wav', 'adpcm_ms')],
  ['is AC-3 in Matroska', 'CODEC_UNSUPPORTED', () => tone('matroska', 'ac3')],
  ['is Windows Media', 'CODEC_UNSUPPORTED', () => tone('asf', 'wmav2')],
  ['is Flash', 'CODEC_UNSUPPORTED', () => tone('flv', 'libmp3lame')],
  ['is MPEG layer II', 'CODEC_UNSUPPORTED', () => tone('mp2', 'mp2')],
  ['is a transport stream', 'CODEC_UNSUPPORTED', () => tone('mpegts', 'aac')],
];

async function contentOf(name: 'cbr.mp3'): Promise<Uint8Array> {
  await using at = await setting(await source(name));
  const { content } = at.origin;
  return typeof content === 'function' ? new Uint8Array() : content;
}

describe('a source that cannot be played', () => {
  it.each(TABLE)('because it %s gives %s', async (_, code, content, behaviour) => {
    await using at = await setting(await content(), { contentType: 'audio/mpeg', ...behaviour });
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({ code });
    expect(at.origin.seen.every(({ state }) => state !== 'open')).toBe(true);
  });

  it('is not reached', async () => {
    await using at = await setting(text('x'));
    await at.origin.close();
    await expect(at.sources.open(at.origin.url(), soon())).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
  });

  it('because it is shorter than it says gives what it has, and then an error', async () => {
    await using at = await setting(await source('vbr-xing.mp3', { seconds: 60 }), {
      dieAfter: { bytes: 65_536, how: 'close' },
    });
    const opened = await at.sources.open(at.origin.url(), soon());
    at.origin.behaviour.dieAfter = { bytes: 0, how: 'close' };
    const run = await at.sources.packets(opened, 0, 60 * 44_100, soon());
    await expect(collect(run.packets)).rejects.toMatchObject({ code: 'SOURCE_CUT' });
  });

  it('leaves nothing open when the listener leaves while it is looked at', async () => {
    await using at = await setting(await source('cbr.mp3'), { latencyMs: 300 });
    await expect(at.sources.open(at.origin.url(), AbortSignal.timeout(100))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await expect.poll(() => at.origin.connections).toBe(0);
    expect((await at.sources.open(at.origin.url(), soon())).record.codec).toBe('mp3');
  });
});
