import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton, testKeys } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { ffmpegProcesses, openDescriptors, settled } from '../support/leaks.ts';
import { startOrigin, type Behaviour, type Origin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';
import { functionProcesses, temporaryEntries } from './function-folders.ts';

const FROZEN_MS = 3_000;
const FIRST = 'codec.mp3~bitrate.128k';
const SECOND = 'codec.mp3~bitrate.64k~channels.mono';
const keys = testKeys();

interface Before {
  readonly what: string;
  readonly behaviour: Behaviour;
  readonly leaveAfter?: number;
  readonly range?: string;
}

/** What may come before, none of which may be seen afterwards. */
const FIRSTS: readonly Before[] = [
  { what: 'a listener who left', behaviour: {}, leaveAfter: 1 },
  { what: 'a range, with chunks encoded ahead of it', behaviour: {}, range: '0-99' },
  { what: 'a source that broke off', behaviour: { dieAfter: { bytes: 150_000, how: 'reset' } } },
  { what: 'a source that does not answer', behaviour: { hangUp: true } },
  { what: 'a source that ran into the time', behaviour: { bytesPerSecond: 20_000, range: 'ignored' } },
];

/** An environment that has had its first invocation. */
interface Frozen {
  readonly baton: LambdaBaton;
  readonly origin: Origin;
  /** Lines in the log, and requests to the origin, when it was over. */
  readonly said: number;
  readonly asked: number;
}

let calm: Origin;
let right: Buffer;
const frozen = new Map<string, Frozen>();

beforeAll(async () => {
  const bytes = (await source('vbr-bare.mp3')).bytes;
  calm = await startOrigin((await source('cbr.mp3', { seconds: 8 })).bytes);
  right = await rightFile();
  for (const { what, behaviour, ...ask } of FIRSTS) {
    const origin = await startOrigin(bytes, behaviour);
    const options = { allowOrigins: [origin.origin, calm.origin], timeoutSeconds: 5 };
    const baton = await startOnLambda(options, keys, 'function-url');
    await get(baton.file(origin.url(), FIRST), ask);
    await baton.idle();
    const children = await ffmpegProcesses();
    if (children.length > 0) throw new Error(`${what} left ${children.length} encoders`);
    frozen.set(what, { baton, origin, said: baton.lines.length, asked: origin.seen.length });
  }
  await sleep(FROZEN_MS);
});
afterAll(async () => {
  await Promise.all([...frozen.values()].flatMap(({ baton, origin }) => [baton.stop(), origin.close()]));
  await calm.close();
});

test.each(FIRSTS.map(({ what }) => what))('of %s nothing is left in the next invocation', async (what) => {
  const { baton, origin, said, asked } = frozen.get(what) ?? raise(what);
  expect(baton.lines.slice(said)).toEqual([]);
  expect(
    await settled(
      () => origin.connections,
      (open) => open === 0,
    ),
  ).toBe(0);
  expect(await temporaryEntries()).toEqual([]);
  const [first = ''] = requestIds(baton);

  const answer = await get(baton.file(calm.url(), SECOND));
  expect(answer).toMatchObject({ status: 200, complete: true });
  expect(answer.bytes.equals(right)).toBe(true);
  await baton.idle();
  expect(origin.seen.length).toBe(asked);
  const later = baton.lines.slice(said);
  expect(later.filter(({ text, requestId }) => requestId === first || text.includes(first))).toEqual([]);
  const own = later.filter(({ kind }) => kind === 'function').map(({ text }) => text);
  expect(own.map((text) => (JSON.parse(text) as { rendition: string }).rendition)).toEqual([SECOND]);
  expect(baton.usage.at(-1)).toMatchObject({ error: null, outcome: 'whole', lambda: { coldStart: false } });
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1, environments: 1 });
});

test('invocations in one environment, one after another, leave no descriptors and no memory behind', async () => {
  const others = new Set(await functionProcesses());
  const options = { allowOrigins: [calm.origin], memoryMb: 512 }; // there is no room for garbage that looks like a leak
  await using baton = await startOnLambda(options, keys, 'function-url');
  const descriptors: number[] = [];
  const memory: number[] = [];
  for (let n = 0; n < 45; n++) {
    const answer = await get(baton.file(calm.url(`/${n}.mp3`), SECOND), n % 3 === 0 ? { leaveAfter: 1 } : {});
    expect(answer.status).toBe(200);
    await baton.idle();
    if (n < 25) continue; // what it needs at most has been seen by then
    const [pid = 0] = (await functionProcesses()).filter((each) => !others.has(each));
    descriptors.push(await openDescriptors(pid));
    memory.push(memoryMb(baton));
  }
  expect(baton.lambda.functions.get('file')?.stats()).toMatchObject({ exits: 0, coldStarts: 1, environments: 1 });
  expect(Math.max(...descriptors) - Math.min(...descriptors)).toBeLessThan(4);
  expect(Math.max(...memory) - Math.min(...memory)).toBeLessThan(40);
});

async function rightFile(): Promise<Buffer> {
  await using server = await startBaton({ allowOrigins: [calm.origin] });
  return (await promisedFile(server.file(calm.url(), SECOND))).bytes;
}

const requestIds = ({ lines }: LambdaBaton): string[] =>
  lines.flatMap(({ text }) => /^START RequestId: (\S+)/.exec(text)?.[1] ?? []);

/** Of all invocations so far, the most. */
const memoryMb = ({ lines }: LambdaBaton): number =>
  Number(/Max Memory Used: (\d+) MB/.exec(lines.findLast(({ text }) => text.startsWith('REPORT'))?.text ?? '')?.[1]);

function raise(what: string): never {
  throw new Error(`${what} has not been there`);
}
