import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { RUNTIME, startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { ffmpegKiller } from '../support/ffmpeg-killer.ts';
import { oddRange } from '../support/odd-ranges.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { startOtherBaton } from '../support/other-baton.ts';
import { promisedFile } from '../support/promised-file.ts';
import { randomNumbers } from '../support/signal.ts';
import { source, type SourceName } from '../support/sources.ts';

const FULL = process.env['BATON_FULL'] === '1';
/** The server answers many, the functions some: there each one takes a request of the runtime, too. */
const RANGES = FULL ? 1000 : RUNTIME === 'server' ? 30 : 12;
vi.setConfig({ testTimeout: FULL ? 600_000 : 60_000 });

const ODD: readonly SourceName[] = [
  'vbr-bare.mp3',
  'junk.mp3',
  'artwork-3mb.mp3',
  'mpeg25-11k.mp3',
  'stale-xing-low.mp3',
  'chapters.m4a',
  'video-end.mp4',
];
const OPTIONS = [
  'codec.mp3~bitrate.64k~start.12550ms',
  'codec.mp3~bitrate.32k~channels.mono~end.7110ms',
  'codec.copy',
  'codec.mp3~bitrate.192k~start.3330ms~end.9000ms',
  'codec.opus~bitrate.48k~start.10230ms',
  'codec.opus~bitrate.128k~channels.mono~end.7110ms',
  'codec.pcm~channels.mono~start.11000ms',
];

interface Whole {
  readonly source: string;
  readonly options: string;
  readonly bytes: Buffer;
  readonly etag: string | undefined;
  /** Around the head, around the chunks, and the end. */
  readonly edges: readonly number[];
}

let origin: Origin;
/** Has given the wholes. */
let first: TestBaton;
let wholes: Whole[];

beforeAll(async () => {
  const contents = new Map<string, Uint8Array>(
    await Promise.all(ODD.map(async (name) => [`/${name}`, (await source(name)).bytes] as const)),
  );
  origin = await startOrigin(({ url }) => contents.get(url) ?? new Uint8Array());
  first = await freshBaton();
  const asked = ODD.flatMap((name) => OPTIONS.map((options) => ({ name, options })));
  const legal = asked
    .filter(({ name, options }) => options !== 'codec.copy' || name.endsWith('.mp3'))
    .filter((_, index) => FULL || RUNTIME === 'server' || index % 3 === 0);
  wholes = [];
  for (const { name, options } of legal) wholes.push(await readWhole(first, origin.url(`/${name}`), options));
});
afterAll(async () => {
  await first.stop();
  await origin.close();
});

test('every range equals the slice of the whole, from what is stored', async () => {
  const random = randomNumbers(1);
  for (let n = 0; n < RANGES; n++) await expectRange(first, random);
});

test('every range equals the slice of the whole when its chunks have to be made for it', async () => {
  await using baton = await freshBaton();
  const random = randomNumbers(2);
  for (let n = 0; n < RANGES / 2; n++) {
    await emptyStore(baton);
    await expectRange(baton, random);
  }
});

test('every range equals the slice of the whole, eight at a time', async () => {
  await using baton = await freshBaton();
  await eightAtATime(baton, 3);
});

test('every range equals the slice of the whole while encoders are killed at random', async () => {
  await using baton = await freshBaton();
  let killed = 0;
  for (let seed = 5; killed <= RANGES / 30; seed++) {
    await using killer = ffmpegKiller(randomNumbers(-seed), 0.15, HARMLESS);
    await eightAtATime(baton, seed, Math.min(RANGES, 60));
    killed += killer.killed();
  }
});

test('Batons with separate stores give the same bytes and ETags, whatever the order of the requests', async () => {
  await using one = await freshBaton();
  const links = wholes.map(({ source, options }) => [source, options] as const);
  await using other = await startOtherBaton({ allowOrigins: [origin.origin], links });
  const pick = shuffled(wholes.keys(), randomNumbers(6)).slice(0, RANGES / 6);
  const backwards = async (index: number): Promise<void> => {
    const { bytes, etag } = wholeAt(index);
    const url = other.links[index] ?? '';
    await promise(url);
    const half = bytes.length >> 1;
    const behind = await get(url, { range: `${half}-` });
    const front = await get(url, { range: `0-${half - 1}` });
    expectSame(Buffer.concat([front.bytes, behind.bytes]), wholeAt(index), 0, bytes.length);
    expect([front.headers.etag, behind.headers.etag]).toEqual([etag, etag]);
  };
  const forwards = async (index: number): Promise<void> => {
    const { bytes, etag, source, options } = wholeAt(index);
    const whole = await promisedFile(one.file(source, options));
    expectSame(whole.bytes, wholeAt(index), 0, bytes.length);
    expect(whole.headers.etag).toBe(etag);
  };
  await Promise.all([inOrder(pick, forwards), inOrder(pick.toReversed(), backwards)]);
});

function wholeAt(index: number): Whole {
  const whole = wholes[index];
  if (whole === undefined) throw new RangeError(`no file ${index}`);
  return whole;
}

const freshBaton = (): Promise<TestBaton> => startBaton({ allowOrigins: [origin.origin] });

async function readWhole(baton: TestBaton, source: string, options: string): Promise<Whole> {
  const { bytes, headers, complete } = await promisedFile(baton.file(source, options));
  expect(complete).toBe(true);
  // 2.4 s; the head is somewhere in what is left of them: near enough
  const chunk = options.includes('pcm') ? 230_400 : 300 * parseInt(/bitrate\.(\d+)/.exec(options)?.[1] ?? '128');
  const head = bytes.length % (chunk / 100);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunk) }, (_, k) => head + k * chunk);
  return { source, options, bytes, etag: headers.etag, edges: [0, ...chunks, bytes.length - 1] };
}

async function expectRange(baton: TestBaton, random: () => number): Promise<void> {
  const whole = wholeAt(Math.floor(random() * wholes.length));
  const url = baton.file(whole.source, whole.options);
  await promise(url);
  const { text, start, end } = oddRange(whole.bytes.length, whole.edges, random);
  const answer = await get(url, { range: text });
  const seen = { status: answer.status, range: answer.headers['content-range'], etag: answer.headers.etag };
  const wanted = { status: 206, range: `bytes ${start}-${end - 1}/${whole.bytes.length}`, etag: whole.etag };
  expect({ ...seen, of: whole.options, at: text }).toEqual({ ...wanted, of: whole.options, at: text });
  expectSame(answer.bytes, whole, start, end);
}

function expectSame(bytes: Buffer, whole: Whole, start: number, end: number): void {
  const wanted = whole.bytes.subarray(start, end);
  if (bytes.equals(wanted)) return;
  const first = bytes.findIndex((byte, at) => byte !== wanted[at]);
  const wrong = bytes.filter((byte, at) => byte !== wanted[at]).length;
  const counts = `${bytes.length} of ${end - start} bytes, ${wrong} of them wrong, the first at ${start + first}`;
  throw new Error(`${whole.source} ${whole.options} ${start}-${end}: ${counts}`);
}

/** Waits until the length is known: the index of a VBR file may have to be read first. */
async function promise(url: string): Promise<void> {
  for (;;) {
    const { status, headers } = await get(url, { method: 'HEAD' });
    if (status !== 200) throw new Error(`HEAD ${url}: ${status}`);
    if (headers['content-length'] !== undefined) return;
    await sleep(20);
  }
}

async function eightAtATime(baton: TestBaton, seed: number, ranges = RANGES): Promise<void> {
  const random = randomNumbers(seed);
  let left = ranges;
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      if (left % 20 === 0) await emptyStore(baton);
      await expectRange(baton, random);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** Chunks only: the rest is not encoded. */
async function emptyStore({ store }: TestBaton): Promise<void> {
  for await (const key of store.list('chunk/')) await store.delete(key);
}

/** So many may be killed at a time: a job whose process is killed three times in a row fails. */
const HARMLESS = 2;

async function inOrder<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}

function shuffled<T>(items: Iterable<T>, random: () => number): T[] {
  return [...items]
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
