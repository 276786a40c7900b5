import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Intake, type IntakePart, openIntake } from '../../src/intake/intake.ts';
import { writeOggPage } from '../../src/media/ogg-page.ts';
import { createNet, type Net } from '../../src/net/open.ts';
import { ffmpeg } from '../support/ffmpeg.ts';
import { legacyBytes } from '../support/legacy-bytes.ts';
import { settled } from '../support/leaks.ts';
import { junk, splitFrames } from '../support/mp3-forge.ts';
import { startOrigin } from '../support/origin.ts';
import { radioProgram, type ProgramKind } from '../support/radio-program.ts';
import { type Radio, startRadio } from '../support/radio.ts';
import { source, type SourceName } from '../support/sources.ts';
import { type Demuxed, demuxed, placeIn, samplesIn, sorted } from './demuxed.ts';

const nets: Net[] = [];
afterEach(async () => {
  await Promise.all(nets.splice(0).map((net) => net.close()));
});

function netFor(...origins: string[]): Net {
  const net = createNet({ allowOrigins: origins });
  nets.push(net);
  return net;
}

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const listen = (radio: Radio, path?: string): Promise<Intake> =>
  openIntake(radio.url(path), netFor(radio.origin), soon());

/** How much has come. */
interface Count {
  packets: number;
  titles: number;
}

/** Reads until `enough`, and leaves. */
async function until(intake: Intake, enough: (count: Count) => boolean): Promise<Demuxed> {
  const parts: IntakePart[] = [];
  const count = { packets: 0, titles: 0 };
  for await (const part of intake.parts) {
    parts.push(part);
    if (part.kind === 'packets') count.packets += part.packets.length;
    if (part.kind === 'title') count.titles += 1;
    if (enough(count)) break;
  }
  return sorted(parts);
}

const afterPackets = (least: number) => (count: Count) => count.packets >= least;

const KINDS = ['mp3-128k', 'mp3-vbr', 'aac-96k', 'opus', 'vorbis', 'flac'] as const;

describe.each<ProgramKind>([...KINDS])('a station in %s', (kind) => {
  test('gives the same packets to all who join, whenever they do', async () => {
    const program = await radioProgram(kind, { seconds: 20, title: 'Song', artist: 'Singer' });
    await using radio = await startRadio(program, { speed: 10, tickMs: 20 });
    let enough = false;
    const first = until(await listen(radio), () => enough);
    const burst = radio.bytesSent;
    await settled(() => radio.bytesSent, (bytes) => bytes > burst + 30_000, 10_000); // prettier-ignore
    const second = await until(await listen(radio), afterPackets(100));
    await sleep(200);
    enough = true;
    const whole = await first;
    const place = placeIn(whole.lines, second.lines.slice(0, 90));
    expect(place).toBeGreaterThan(0);
    const aired = demuxed(radio.aired());
    expect(placeIn(aired.lines, whole.lines)).toBeGreaterThanOrEqual(0);
    expect(second.formats).toEqual(whole.formats.map((format) => ({ ...format, preSkip: 0 })));
  });

  test.each(['icecast', 'shoutcast'] as const)('is understood as %s sends it', async (protocol) => {
    const program = await radioProgram(kind, { seconds: 20, title: 'Song', artist: 'Singer' });
    await using radio = await startRadio(program, { behaviour: { protocol, metaint: 4096 } });
    radio.title('Singer - Song');
    const intake = await listen(radio);
    expect(intake.station).toEqual({ name: 'Test station', genre: 'Signals' });
    const { titles, formats } = await until(intake, ({ packets, titles: told }) => packets >= 10 && told > 0);
    expect(titles).toEqual([{ title: 'Song', artist: 'Singer' }]);
    expect(formats).toMatchObject([
      { codec: kind.replace(/-.*/, ''), kbps: program.kbps, sampleRate: program.fixture.sampleRate },
    ]);
  });
});

test('without a burst the first packets come as they are sent', async () => {
  const program = await radioProgram('mp3-128k', { seconds: 20 });
  await using radio = await startRadio(program, { tickMs: 20, behaviour: { burstBytes: 0 } });
  const parts = await until(await listen(radio), afterPackets(10));
  expect(placeIn(demuxed(radio.aired()).lines, parts.lines)).toBeGreaterThanOrEqual(0);
});

describe('titles', () => {
  test('come where they change, in any charset, and only then', async () => {
    const program = await radioProgram('mp3-64k', { seconds: 20 });
    await using radio = await startRadio(program, {
      speed: 4,
      tickMs: 20,
      behaviour: { metaint: 1000, burstBytes: 2000 },
    });
    const intake = await listen(radio);
    const titles = ['Motörhead - Ace of Spades', legacyBytes('windows-1251', 'Кино - Группа крови'), 'One', 'One', ''];
    const found: unknown[] = [];
    let next = 0;
    let packets = 0;
    for await (const part of intake.parts) {
      if (part.kind === 'title') found.push(part.title);
      if (part.kind !== 'packets' || (packets += part.packets.length) < 60 * next) continue;
      const title = titles[next++];
      if (title === undefined) break;
      radio.title(title);
    }
    expect(found).toEqual([
      { title: 'Ace of Spades', artist: 'Motörhead' },
      { title: 'Группа крови', artist: 'Кино' },
      { title: 'One' },
      { title: '' },
    ]);
  });

  test('are not asked of stations that have none, nor is what they say of themselves', async () => {
    const program = await radioProgram('mp3-64k', { seconds: 20 });
    const headers = {
      'icy-name': Buffer.from('Радио').toString('latin1'),
      'icy-url': 'javascript:alert(1)',
      'icy-br': '96, 96',
    };
    await using radio = await startRadio(program, { behaviour: { metaint: 0, headers } });
    const intake = await listen(radio);
    expect(intake.station).toEqual({ name: 'Радио', genre: 'Signals' });
    const { titles, formats } = await until(intake, afterPackets(50));
    expect(titles).toEqual([]);
    expect(formats[0]?.kbps).toBe(96);
    expect(radio.requests[0]).toMatch(/^icy-metadata: 1$/im);
  });
});

describe('lists', () => {
  test.each(['/listen.pls', '/listen.m3u'])('%s is followed', async (path) => {
    await using radio = await startRadio(await radioProgram('aac-96k', { seconds: 20 }));
    expect((await until(await listen(radio, path), afterPackets(5))).formats[0]?.codec).toBe('aac');
  });

  test('the next one is tried where one of them is away', async () => {
    await using radio = await startRadio(await radioProgram('mp3-64k', { seconds: 20 }));
    await using list = await startOrigin(Buffer.from(`#EXTM3U\n/away\nhttp://127.0.0.1:9/\n${radio.url()}\n`));
    list.content = ({ url }) =>
      url === '/away' ? Buffer.from('<html>') : Buffer.from(`#EXTM3U\n/away\n${radio.url()}\n`);
    const intake = await openIntake(list.url('/list'), netFor(radio.origin, list.origin), soon());
    expect((await until(intake, afterPackets(5))).packets.length).toBeGreaterThan(4);
    expect(list.seen.map(({ url }) => url)).toEqual(['/list', '/away']);
  });

  test('a list that points at itself is given up', async () => {
    await using list = await startOrigin(() => Buffer.from('#EXTM3U\n/list\n'));
    await expect(openIntake(list.url('/list'), netFor(list.origin), soon())).rejects.toMatchObject({
      code: 'SOURCE_NOT_MEDIA',
    });
    expect(list.seen.length).toBeLessThan(6);
  });
});

describe('the connection', () => {
  const station = async (): Promise<Radio> =>
    await startRadio(await radioProgram('mp3-64k', { seconds: 20 }), { tickMs: 20 });
  const gone = (radio: Radio): Promise<number> =>
    settled(
      () => radio.listeners,
      (count) => count === 0,
    );

  test('ends when the parts are left', async () => {
    await using radio = await station();
    await until(await listen(radio), afterPackets(5));
    expect(await gone(radio)).toBe(0);
  });

  test('ends when the parts are left before they were read', async () => {
    await using radio = await station();
    const { parts } = await listen(radio);
    expect(radio.listeners).toBe(1);
    await parts.return();
    expect(await gone(radio)).toBe(0);
    expect(await parts.next()).toEqual({ done: true, value: undefined });
  });

  test('ends with the reason of the signal, while it waits and before', async () => {
    await using radio = await station();
    const controller = new AbortController();
    const reason = new Error('enough');
    const intake = await openIntake(radio.url(), netFor(radio.origin), controller.signal);
    radio.stall(60_000);
    setTimeout(() => controller.abort(reason), 100);
    await expect(until(intake, () => false)).rejects.toBe(reason);
    expect(await gone(radio)).toBe(0);
    await expect(openIntake(radio.url(), netFor(radio.origin), AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('ends while no packet has come yet', async () => {
    await using radio = await station();
    radio.behaviour.burstBytes = 0;
    radio.stall(60_000);
    const reason = new Error('enough');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 200);
    await expect(openIntake(radio.url(), netFor(radio.origin), controller.signal)).rejects.toBe(reason);
    expect(await gone(radio)).toBe(0);
  });

  test('that is reset ends the parts, and one that is refused is unreachable', async () => {
    await using radio = await station();
    const intake = await listen(radio);
    setTimeout(radio.reset, 100);
    // In HTTP/1.0 nothing tells a reset from the end.
    expect((await until(intake, () => false)).packets.length).toBeGreaterThan(10);
    const back = radio.refuse(300);
    await expect(listen(radio)).rejects.toMatchObject({ code: 'SOURCE_UNREACHABLE' });
    await back;
    await until(await listen(radio), afterPackets(5));
  });

  test('bears the pauses of the slowest stations', async () => {
    const program = await radioProgram('mp3-8k', { seconds: 20 });
    await using radio = await startRadio(program, { behaviour: { burstBytes: 0 } });
    const intake = await listen(radio);
    radio.stall(8_000, 'lost');
    // Of the first ten seconds only two bring anything: 2 kB.
    const began = performance.now();
    const parts = await until(intake, () => performance.now() - began > 11_000);
    expect(samplesIn(parts.packets) / 8_000).toBeLessThan(4);
  }, 30_000);
});

test('whoever gets an advertisement of his own hears the same as others behind it', async () => {
  const program = await radioProgram('mp3-128k', { seconds: 20 });
  const ads = { program: await radioProgram('mp3-vbr', { seconds: 20 }), seconds: 3 };
  await using radio = await startRadio(program, { behaviour: { preroll: ads } });
  const [one, other] = await Promise.all([listen(radio), listen(radio)]);
  const both = await Promise.all([until(one, afterPackets(200)), until(other, afterPackets(200))]);
  expect(both[0].lines.slice(0, 100)).not.toEqual(both[1].lines.slice(0, 100));
  expect(both[0].lines.slice(150, 200)).toEqual(both[1].lines.slice(150, 200));
  expect(both[0].formats).toHaveLength(1);
});

test('a station that goes on in another codec gives its format, and nothing is lost on either side', async () => {
  const [mp3, aac, opus] = [
    await radioProgram('mp3-128k', { seconds: 20 }),
    await radioProgram('aac-96k', { seconds: 20 }),
    await radioProgram('opus', { seconds: 20 }),
  ];
  await using radio = await startRadio(mp3, { speed: 4, tickMs: 20 });
  const intake = await listen(radio);
  const next = [aac, opus, mp3];
  const parts: IntakePart[] = [];
  for await (const part of intake.parts) {
    parts.push(part);
    const since = sorted(parts.slice(parts.findLastIndex(({ kind }) => kind === 'format'))).packets.length;
    if (since < 100 || sorted(parts).formats.length < 4 - next.length) continue;
    const program = next.shift();
    if (program === undefined) break;
    radio.play(program, 3);
  }
  const { formats, lines } = sorted(parts);
  expect(formats.map(({ codec }) => codec)).toEqual(['mp3', 'aac', 'opus', 'mp3']);
  const aired = demuxed(radio.aired());
  expect(placeIn(aired.lines, lines)).toBeGreaterThanOrEqual(0);
});

test.each([
  ['says who it is', { 'icy-name': 'Test' }, null],
  ['overdoes it', {}, '9007199254740991'],
])('a station that states a length and %s is a station', async (_, headers, length) => {
  const { bytes } = await source('cbr.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes, {
    ...{ endless: length !== null, headers },
    ...(length !== null && { headers: { 'content-length': length } }),
  });
  const intake = await openIntake(origin.url(), netFor(origin.origin), soon());
  expect((await until(intake, afterPackets(20))).packets.length).toBeGreaterThan(19);
});

test('a file without a length is a stream that ends: its frames, without its tags and its first frame that only tells the length', async () => {
  const { bytes } = await source('artwork-3mb.mp3', { seconds: 8 });
  await using origin = await startOrigin(bytes, { length: false });
  const intake = await openIntake(origin.url(), netFor(origin.origin), soon());
  const { packets, formats } = await until(intake, () => false);
  const frames = splitFrames(bytes).slice(1);
  expect(formats).toHaveLength(1);
  expect(packets.map(({ bytes: frame }) => Buffer.from(frame).toString('hex'))).toEqual(
    frames.map((frame) => Buffer.from(frame).toString('hex')),
  );
});

interface Refusal {
  readonly code: string;
  readonly content: () => Uint8Array | Promise<Uint8Array>;
  readonly status?: number;
}

const text = (content: string) => () => Buffer.from(content);
const made = (name: SourceName) => async () => (await source(name, { seconds: 8 })).bytes;

const REFUSALS: Readonly<Record<string, Refusal>> = {
  'a mount that is not there': { code: 'SOURCE_MISSING', content: text('no'), status: 404 },
  'a mount with a password': { code: 'SOURCE_PRIVATE', content: text('no'), status: 401 },
  'a server that fails': { code: 'SOURCE_FAILED', content: text('no'), status: 500 },
  nothing: { code: 'SOURCE_EMPTY', content: text('') },
  'HLS that is over': {
    code: 'SOURCE_NOT_LIVE',
    content: text('#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n#EXT-X-ENDLIST\n'),
  },
  'a list of nothing': { code: 'SOURCE_NOT_MEDIA', content: text(`[playlist]\nNumberOfEntries=0\n${' '.repeat(99)}`) },
  'a web page': { code: 'SOURCE_NOT_MEDIA', content: text(`<!doctype html><html>${'<p>hello</p>'.repeat(20)}`) },
  'a long web page': { code: 'SOURCE_NOT_MEDIA', content: text(`<!doctype html><html>${'<p>no</p>'.repeat(20_000)}`) },
  'an episode': { code: 'SOURCE_NOT_LIVE', content: made('cbr.mp3') },
  'a WAV file': { code: 'SOURCE_NOT_LIVE', content: made('24-bit.wav') },
  'an MP4 file': { code: 'SOURCE_NOT_LIVE', content: made('front.m4a') },
  'a WebM file': { code: 'SOURCE_NOT_LIVE', content: made('opus.webm') },
  'a FLAC file': { code: 'SOURCE_NOT_LIVE', content: made('tagged.flac') },
  'layer II': {
    code: 'CODEC_UNSUPPORTED',
    content: () => ffmpeg(['-f', 'lavfi', '-i', 'sine=d=9', '-f', 'mp2', 'pipe:1']),
  },
  'Speex in Ogg': { code: 'CODEC_UNSUPPORTED', content: speex },
  noise: { code: 'SOURCE_NOT_MEDIA', content: () => junk(300_000, 5) },
};

describe('what is no station', () => {
  test.each(Object.entries(REFUSALS))('%s is refused', async (_, { code, content, status }) => {
    await using origin = await startOrigin(await content(), status === undefined ? {} : { status });
    await expect(openIntake(origin.url(), netFor(origin.origin), soon())).rejects.toMatchObject({ code });
    const isOver = () => origin.seen.every(({ state }) => state !== 'open');
    expect(await settled(isOver, (over) => over)).toBe(true);
    expect(origin.bytesSent).toBeLessThan(3e6);
  });

  test('endless noise is refused soon', async () => {
    await using origin = await startOrigin(junk(300_000, 5), { endless: true });
    await expect(openIntake(origin.url(), netFor(origin.origin), soon())).rejects.toMatchObject({
      code: 'SOURCE_NOT_MEDIA',
    });
  });

  test('an address inside is refused, from a list, too', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const inside = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await using list = await startOrigin(Buffer.from(`${inside}\n`.padEnd(100)));
    await expect(openIntake(list.url(), netFor(list.origin), soon())).rejects.toMatchObject({ code: 'SOURCE_REFUSED' });
    server.close();
  });
});

/** Two pages of a stream that nothing here encodes. */
function speex(): Buffer {
  const page = { serial: 7, granule: 0, lacing: [80], body: [Buffer.from('Speex   1.2'.padEnd(80))] };
  return Buffer.concat([
    writeOggPage({ ...page, sequence: 0, isFirst: true }),
    ...Array.from({ length: 40 }, (_, i) => writeOggPage({ ...page, sequence: i + 1 })),
  ]);
}
