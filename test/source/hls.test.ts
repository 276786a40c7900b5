import { expect, test } from 'vitest';
import { createNet } from '../../src/net/open.ts';
import { createSources, type Sources } from '../../src/source/sources.ts';
import { memoryStore } from '../../src/store/memory.ts';
import type { Store } from '../../src/store/store.ts';
import { splitAdts } from '../support/adts-forge.ts';
import { HLS_KEY, type HlsRecipe, makeHls, timestampTag } from '../support/hls-made.ts';
import { type HlsOrigin, type Place, startHlsOrigin } from '../support/hls-origin.ts';
import { locate, rms, samplesOf, slicePcm } from '../support/signal.ts';
import { collect, decodeRun, digest, soon } from './setting.ts';

const AAC = ['-c:a', 'aac', '-b:a', '96k'];
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '96k'];
const RATE = 48_000;
const SIX = { seconds: 6, segmentSeconds: 2 };

interface Row extends HlsRecipe {
  /** Samples that encoder and decoder put in front of the signal, and frames of how many samples there are. */
  readonly lead: number;
  readonly frame: number;
}

const ROWS: Readonly<Record<string, Row>> = {
  'AAC in a transport stream': { ...SIX, kind: 'ts', codec: AAC, lead: 1024, frame: 1024 },
  'AAC at 44.1 kHz, whose time stamps are rounded': {
    ...{ ...SIX, kind: 'ts', codec: AAC, lead: 1024, frame: 1024 },
    sampleRate: 44_100,
  },
  'MP3 in a transport stream': { ...SIX, kind: 'ts', codec: MP3, lead: 1105, frame: 1152 },
  'AAC beside pictures': { ...SIX, kind: 'ts', codec: AAC, video: true, lead: 1024, frame: 1024 },
  'AAC in fragmented MP4': { ...SIX, kind: 'fmp4', codec: AAC, lead: 1024, frame: 1024 },
  'Opus in fragmented MP4': { ...SIX, kind: 'fmp4', codec: ['-c:a', 'libopus', '-b:a', '96k'], lead: 312, frame: 960 },
  'bare AAC': { ...SIX, kind: 'packed', codec: AAC, lead: 1024, frame: 1024 },
  'bare MP3': { ...SIX, kind: 'packed', codec: MP3, lead: 1105, frame: 1152 },
  'AES-128': { ...SIX, kind: 'ts', codec: AAC, encrypted: true, lead: 1024, frame: 1024 },
  'ranges of one file, without maps in each': {
    ...{ ...SIX, kind: 'ts', codec: AAC, lead: 1024, frame: 1024 },
    byteRanges: true,
    old: true,
  },
};

test.each(Object.keys(ROWS))(
  '%s is as long as its frames, and sounds like the signal wherever it is read',
  async (name) => {
    const row = ROWS[name];
    if (row === undefined) throw new Error(name);
    await using at = await hlsSetting(await makeHls(row));
    const { lead, frame, seconds, sampleRate = RATE } = row;
    const source = await at.sources.open(at.url, soon());
    expect(source.record).toMatchObject({ container: 'hls', samples: null, sampleRate, channels: 2 });
    const first = await decodeRun(at.sources, source, 0, sampleRate);
    const { offset } = locate(first, 0);
    expect(offset + source.record.skip).toBe(0 - lead); // before the rest has been read
    const { record } = await at.sources.indexed(source, soon());
    expect(((record.samples ?? 0) + record.skip) % frame).toBe(0);
    expect(Math.abs((record.samples ?? 0) + record.skip - seconds * sampleRate - lead)).toBeLessThan(2 * frame);
    const whole = await decodeRun(at.sources, { ...source, record }, 0, record.samples ?? 0);
    expect(samplesOf(whole)).toBe(record.samples);
    for (let position = 0; position < (seconds - 0.5) * sampleRate; position += sampleRate / 2) {
      const found = locate(slicePcm(whole, position), position);
      expect({ position, offset: found.offset, isAlike: found.score > 0.95 }).toEqual({
        position,
        offset,
        isAlike: true,
      });
    }
  },
);

test('a process that has the index reads only what it needs, and the same', async () => {
  await using at = await hlsSetting(await makeHls({ ...SIX, kind: 'ts', codec: AAC }));
  const source = await at.sources.open(at.url, soon());
  const measured = await at.sources.indexed(source, soon());
  const wanted = await packets(at.sources, measured, 230_000, 240_000);
  await at.sources.close();
  at.origin.seen.length = 0;
  const other = at.another(at.store);
  const again = await other.open(at.url, soon());
  expect(again.record).toEqual(measured.record);
  expect(await packets(other, again, 230_000, 240_000)).toEqual(wanted);
  expect(at.origin.seen.map((line) => line.split(' ')[1])).toEqual(['/main.m3u8', '/main2.ts']);
});

test('what is missing, damaged or for another decoder is silent, and what follows keeps its place', async () => {
  const files = await makeHls({ seconds: 14, segmentSeconds: 2, kind: 'ts', codec: AAC });
  const other = await makeHls({ ...SIX, kind: 'ts', codec: AAC, sampleRate: 32_000 });
  const damaged = Buffer.from(files['/main3.ts'] ?? []).fill(0x55);
  await using at = await hlsSetting({
    ...files,
    '/main3.ts': damaged,
    '/main5.ts': other['/main1.ts'] ?? '',
  });
  at.origin.places.delete('/main1.ts');
  const source = await at.sources.open(at.url, soon());
  const measured = await at.sources.indexed(source, soon());
  const whole = await decodeRun(at.sources, measured, 0, measured.record.samples ?? 0);
  for (const second of [0.5, 4.6, 8.6, 12.6]) {
    const { offset, score } = locate(slicePcm(whole, second * RATE), second * RATE);
    expect({ second, offset, isAlike: score > 0.95 }).toEqual({ second, offset: -1024, isAlike: true });
  }
  for (const second of [2.7, 6.7, 10.7]) expect(rms(whole, second * RATE, (second + 0.6) * RATE)).toBeLessThan(-70);
});

test('a clock that is set anew goes on without a gap where the playlist says so', async () => {
  const one = await makeHls({ seconds: 4, segmentSeconds: 2, kind: 'packed', codec: AAC });
  const text = [
    ...['#EXTM3U', '#EXT-X-TARGETDURATION:3', '#EXTINF:2,', 'bare0.aac', '#EXTINF:2,', 'bare1.aac'],
    ...['#EXT-X-DISCONTINUITY', '#EXTINF:2,', 'bare0.aac', '#EXTINF:2,', 'bare1.aac', '#EXT-X-ENDLIST', ''],
  ].join('\n');
  await using at = await hlsSetting({ ...one, '/main.m3u8': text });
  const { record } = await at.sources.indexed(await at.sources.open(at.url, soon()), soon());
  expect(record.samples).toBe(2 * 1024 * framesIn(one, '/bare0.aac', '/bare1.aac'));
});

const REFUSED: Readonly<
  Record<string, readonly [code: string, (files: Record<string, Place>) => Record<string, Place>]>
> = {
  'a playlist that is not over': [
    'SOURCE_LIVE',
    withText((text) => text.replace(/#EXT-X-(ENDLIST|PLAYLIST-TYPE:VOD)/g, '')),
  ],
  'SAMPLE-AES': ['SOURCE_PROTECTED', withText((text) => text.replace('METHOD=AES-128', 'METHOD=SAMPLE-AES'))],
  'a key of a DRM': [
    'SOURCE_PROTECTED',
    withText((text) => text.replace('AES-128,', 'AES-128,KEYFORMAT="com.apple.streamingkeydelivery",')),
  ],
  'a key that is refused': ['SOURCE_PRIVATE', (files) => ({ ...files, '/key': () => ({ status: 403 }) })],
  'a key that is not there': [
    'SOURCE_PRIVATE',
    (files) => Object.fromEntries(Object.entries(files).filter(([path]) => path !== '/key')),
  ],
  'a key of another segment': ['SOURCE_DAMAGED', (files) => ({ ...files, '/key': HLS_KEY.toReversed() })],
  'a key that is no key': ['SOURCE_DAMAGED', (files) => ({ ...files, '/key': 'not sixteen bytes long' })],
  'a key at a private address': [
    'SOURCE_REFUSED',
    withText((text) => text.replace('URI="key"', 'URI="http://10.0.0.1/key"')),
  ],
  'segments at a private address': [
    'SOURCE_REFUSED',
    withText((text) => text.replace(/main(\d)/g, 'http://169.254.169.254/main$1')),
  ],
  'a segment that is a web page': [
    'SOURCE_DAMAGED',
    (files) => ({ ...noKey(files), '/main0.ts': '<!doctype html><title>Oops</title>' }),
  ],
  'a list that names itself': [
    'PLAYLIST_INVALID',
    withText(() => '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmain.m3u8\n'),
  ],
  'a list without segments': ['SOURCE_EMPTY', withText(() => '#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-ENDLIST\n')],
  'segments without end': [
    'SOURCE_TOO_LARGE',
    (files) => ({ ...noKey(files), '/main0.ts': new Uint8Array(33 * 2 ** 20) }),
  ],
};

test.each(Object.keys(REFUSED))('%s is refused', async (name) => {
  const [code, change] = REFUSED[name] ?? [];
  await using at = await hlsSetting(change?.(await makeHls({ ...SIX, kind: 'ts', codec: AAC, encrypted: true })) ?? {});
  await expect(at.sources.open(at.url, soon())).rejects.toMatchObject({ code });
});

const VARIANTS = (...lines: readonly string[]): string => ['#EXTM3U', ...lines, ''].join('\n');

test.each([
  [
    'the best sound alone',
    [
      '#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"',
      'low.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"',
      'main.m3u8',
    ],
  ],
  [
    'a rendition of sound, and of these the default',
    [
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Other",URI="low.m3u8"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Main",DEFAULT=YES,AUTOSELECT=YES,URI="main.m3u8"',
      ...['#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360,AUDIO="a"', 'low.m3u8'],
    ],
  ],
  [
    'the smallest pictures, where there is no sound alone',
    [
      ...['#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=640x360', 'low.m3u8'],
      ...['#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=320x180', 'main.m3u8'],
    ],
  ],
  [
    'a codec that is read',
    [
      ...['#EXT-X-STREAM-INF:BANDWIDTH=300000,CODECS="ac-3"', 'low.m3u8'],
      ...['#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="mp4a.40.2"', 'main.m3u8'],
    ],
  ],
  [
    'what is left where the first choice is gone',
    ['#EXT-X-STREAM-INF:BANDWIDTH=900000', 'gone.m3u8', '#EXT-X-STREAM-INF:BANDWIDTH=1000000', 'main.m3u8'],
  ],
])('of several renditions it reads %s', async (_, lines) => {
  const files = await makeHls({ ...SIX, kind: 'ts', codec: AAC });
  await using at = await hlsSetting({ ...files, '/all.m3u8': VARIANTS(...lines) });
  const source = await at.sources.open(at.origin.url('/all.m3u8'), soon());
  expect(source.pin.finalUrl).toBe(at.origin.url('/main.m3u8'));
});

test('addresses that expire are found anew by the link, and another playlist is another version', async () => {
  const files = await makeHls({ ...SIX, kind: 'ts', codec: AAC });
  let token = 'one';
  const text = Buffer.from(files['/main.m3u8'] ?? []).toString();
  const guarded = Object.entries(files).map(([path, bytes]): [string, Place] => [
    path,
    (url) => (url.searchParams.get('token') === token ? { body: bytes } : { status: 403 }),
  ]);
  const places = {
    ...Object.fromEntries(guarded),
    '/main.m3u8': () => ({ body: text.replace(/\.ts/g, `.ts?token=${token}`) }),
  };
  await using at = await hlsSetting(places);
  const source = await at.sources.open(at.url, soon());
  token = 'two';
  const measured = await at.sources.indexed(source, soon());
  expect(measured.record.samples).toBeGreaterThan(5 * RATE);
  at.pass(400_000);
  token = 'three';
  const again = await at.sources.open(at.url, soon());
  expect(again.record.version).toBe(source.record.version);
  at.pass(400_000);
  at.origin.places.set('/main.m3u8', text.replace(/main(\d)/g, 'other$1'));
  for (const [path, bytes] of Object.entries(files)) at.origin.places.set(path.replace('main', 'other'), bytes);
  const changed = await at.sources.open(at.url, soon());
  expect(changed.record.version).not.toBe(source.record.version);
  at.pass(400_000);
  at.origin.places.set('/main.m3u8', text.replace(/#EXT-X-(ENDLIST|PLAYLIST-TYPE:VOD)/g, ''));
  await expect(at.sources.open(at.url, soon())).rejects.toMatchObject({ code: 'SOURCE_LIVE' });
});

test('a segment that is not what was indexed is never mixed in', async () => {
  const files = await makeHls({ ...SIX, kind: 'ts', codec: AAC });
  await using at = await hlsSetting(files);
  const measured = await at.sources.indexed(await at.sources.open(at.url, soon()), soon());
  at.origin.places.set('/main2.ts', files['/main1.ts'] ?? '');
  const other = at.another(at.store);
  const again = await other.open(at.url, soon());
  expect(again.record.version).toBe(measured.record.version);
  await expect(packets(other, again, 230_000, 240_000)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
});

const isFull = process.env['BATON_FULL'] === '1';

test('thousands of segments are counted one by one', async () => {
  const files = await makeHls({ seconds: 1, segmentSeconds: 1, kind: 'packed', codec: AAC });
  const count = isFull ? 10_000 : 500;
  const rows = Array.from({ length: count }, (_, i) => `#EXT-X-DISCONTINUITY\n#EXTINF:1,\nbare0.aac?${i}`);
  await using at = await hlsSetting({
    ...files,
    '/main.m3u8': VARIANTS('#EXT-X-TARGETDURATION:1', ...rows, '#EXT-X-ENDLIST'),
  });
  const { record } = await at.sources.indexed(await at.sources.open(at.url, soon()), AbortSignal.timeout(120_000));
  expect(record.samples).toBe(count * 1024 * framesIn(files, '/bare0.aac'));
});

/** Of bare AAC, behind a tag each. */
const framesIn = (files: Record<string, Uint8Array>, ...paths: readonly string[]): number =>
  paths
    .map((path) => Buffer.from(files[path]?.subarray(timestampTag(0).length) ?? []))
    .reduce((sum, bytes) => sum + splitAdts(bytes).length, 0);

interface HlsSetting extends AsyncDisposable {
  readonly origin: HlsOrigin;
  readonly url: string;
  readonly sources: Sources;
  readonly store: Store;
  another(store: Store): Sources;
  pass(ms: number): void;
}

async function hlsSetting(places: Readonly<Record<string, Place>>): Promise<HlsSetting> {
  const origin = await startHlsOrigin(places);
  const store = memoryStore({ maxBytes: 200e6 });
  let time = 1_800_000_000_000;
  const closing: (() => Promise<void>)[] = [];
  const another = (shared: Store): Sources => {
    const net = createNet({ allowOrigins: [origin.origin] });
    const deps = { revalidateMs: 300_000, maxSpoolBytes: 64e6, store: shared, net, now: () => time };
    const sources = createSources(deps);
    closing.push(async () => {
      await sources.close();
      await net.close();
    });
    return sources;
  };
  return {
    ...{ origin, store, another, url: origin.url('/main.m3u8'), sources: another(store) },
    pass: (ms) => void (time += ms),
    [Symbol.asyncDispose]: async () => {
      for (const close of closing) await close();
      await origin[Symbol.asyncDispose]();
    },
  };
}

async function packets(sources: Sources, ...[source, from, to]: [Parameters<Sources['packets']>[0], number, number]) {
  const run = await sources.packets(source, from, to, soon());
  return { skip: run.skip, packets: (await collect(run.packets)).map((bytes) => digest(bytes)) };
}

function withText(change: (text: string) => string) {
  return (files: Record<string, Place>): Record<string, Place> => ({
    ...files,
    '/main.m3u8': change(Buffer.from(files['/main.m3u8'] as Uint8Array).toString()),
  });
}

const noKey = withText((text) => text.replace(/#EXT-X-KEY.*\n/, ''));
