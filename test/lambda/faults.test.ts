import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testKeys } from '../support/baton.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { id3v2, join as joined, splitFrames } from '../support/mp3-forge.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { randomNumbers } from '../support/signal.ts';
import { source } from '../support/sources.ts';
import { doorUrl, type FaultKind, type World } from './fault-asking.ts';
import { ffmpegKiller } from '../support/ffmpeg-killer.ts';
import { originFaults } from './fault-origins.ts';
import { read } from './fault-readers.ts';
import { requestFaults } from './fault-requests.ts';
import { storeFaults } from './fault-stores.ts';
import { rightFiles, verdict, type Right } from './fault-world.ts';
import { temporaryEntries, unfinishedWrites } from './function-folders.ts';
import { sdk, type Sdk } from './sdk.ts';

const BATCHES = process.env['BATON_FULL'] === '1' ? 10 : 3;
const LANES = 5;
const FAULTS_PER_LANE = 10;
const SECONDS = 4;
const OPTIONS = ['codec.mp3~bitrate.64k', 'codec.mp3~bitrate.32k~channels.mono~start.1500ms', 'codec.copy'];
const TITLES = ['CR\r\nx-injected: 1\r\n\r\nLF', '\u{1f3a7}\ud83c \u202e"; filename="x', 'x'.repeat(65_536), '\0\x07'];
const KINDS = [...originFaults, ...requestFaults, ...storeFaults];

let folder: string;
let origins: Origin[];
let baton: LambdaBaton;
let client: Sdk;
let rights: Right[];
const wrong: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lambda-faults-'));
  const names = ['cbr.mp3', 'vbr-bare.mp3', 'front.m4a'] as const;
  const plain = await Promise.all(names.map(async (name) => (await source(name, { seconds: SECONDS })).bytes));
  const frames = splitFrames((await source('cbr-48k-bare.mp3', { seconds: SECONDS })).bytes);
  const titled = TITLES.map((title, k) => joined(id3v2(title), ...frames.slice(k)));
  rights = await rightFiles([...plain, ...titled], OPTIONS);
  origins = await Promise.all(Array.from({ length: LANES }, () => startOrigin(new Uint8Array())));
  const allowOrigins = origins.map(({ origin }) => origin);
  const environment = { BATON_STORE: join(folder, 'store'), BATON_REVALIDATE_SECONDS: '0' };
  baton = await startOnLambda({ allowOrigins, environment }, testKeys(), 'function-url');
  client = sdk(baton);
});
afterAll(async () => {
  client[Symbol.dispose]();
  await baton.stop();
  await Promise.all(origins.map((origin) => origin.close()));
  await rm(folder, { recursive: true, force: true });
});

const count = BATCHES * LANES * FAULTS_PER_LANE;
test(`${count} faults end no runtime process, leave nothing behind and never pass for a good answer`, async () => {
  const endings = new Map<string, number>();
  let killed = 0;
  for (let batch = 0; batch < BATCHES; batch++) {
    {
      await using killer = ffmpegKiller(randomNumbers(-1 - batch), 0.2);
      await Promise.all(origins.map((origin, k) => lane(origin, randomNumbers(100 * batch + k), endings)));
      killed += killer.killed();
    }
    await expectClean(batch);
  }
  expect(killed).toBeGreaterThan(count / 50);
  expect(endings.get('whole')).toBeGreaterThan(count / 5); // faults were survived,
  expect(endings.get('cut')).toBeGreaterThan(BATCHES === 10 ? 2 : 0); // told,
  expect(endings.size).toBeGreaterThan(BATCHES === 10 ? 10 : 7); // and named
}, 300_000);

async function lane(origin: Origin, random: () => number, endings: Map<string, number>): Promise<void> {
  const world: World = { baton, sdk: client, origin, store: join(folder, 'store'), rights, random };
  for (let n = 0; n < FAULTS_PER_LANE; n++) {
    const [name, kind] = draw(random);
    const ending = await kind(world).catch((error: unknown) => {
      wrong.push(`${name}: ${String(error)}`);
      return 'wrong';
    });
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }
}

function draw(random: () => number): readonly [string, FaultKind] {
  let at = random() * KINDS.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [name, weight, kind] of KINDS) if ((at -= weight) < 0) return [name, kind];
  throw new RangeError('nothing drawn');
}

async function expectClean(batch: number): Promise<void> {
  expect(wrong).toEqual([]);
  await baton.idle();
  const stats = [...baton.lambda.functions].map(([name, target]) => [name, target.stats().exits] as const);
  expect(stats, `after batch ${batch}`).toEqual([...baton.lambda.functions.keys()].map((name) => [name, 0]));
  expect(await settled(ffmpegProcesses, (pids) => pids.length === 0)).toEqual([]);
  expect(await temporaryEntries()).toEqual([]);
  expect(await unfinishedWrites(join(folder, 'store'))).toEqual([]);
  const [right] = rights;
  const [origin] = origins;
  if (right === undefined || origin === undefined) throw new Error('nothing to ask for');
  origin.content = right.source;
  const { pathname } = new URL(baton.file(origin.url(`/good-${batch}.mp3`), right.options));
  for (const door of ['file', 'ranges'])
    expect(verdict(await read(doorUrl({ baton }, door) + pathname), [right])).toBe('whole');
}
