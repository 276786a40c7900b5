import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { settled } from '../support/leaks.ts';
import { stateOf } from './process-state.ts';
import { startFunction, type Started } from './start-function.ts';

/** A child of the function, and one in a session of its own. */
async function leaveChildren(started: Started): Promise<number[]> {
  const { invocation, text } = await started.call({ do: 'leaveChildren' });
  await invocation.logTail();
  return JSON.parse(text) as number[];
}

test('between invocations every process of the environment is frozen, and runs again in the next', async () => {
  await using started = await startFunction('value');
  const children = await leaveChildren(started);
  const states = (): (string | null)[] => children.map(stateOf);
  const areFrozen = (now: (string | null)[]): boolean => now.every((state) => state === 'T');
  expect(await settled(states, areFrozen, 200)).toEqual(['T', 'T']);
  const running = started.value({ do: 'sleep', ms: 400 });
  expect(await settled(states, (now) => !now.includes('T'), 300)).toEqual(['S', 'S']);
  await running;
  expect(await settled(states, areFrozen)).toEqual(['T', 'T']);
  await started.fn.stop();
  expect(children.map(stateOf)).toEqual([null, null]);
});

test('timers of the function stand still between invocations', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ticks-'));
  try {
    await using started = await startFunction('value');
    const file = join(folder, 'ticks');
    const { invocation } = await started.call({ do: 'tick', file });
    await invocation.logTail();
    const ticks = async (): Promise<number> => (await readFile(file)).length;
    const before = await ticks();
    expect(before).toBeGreaterThan(0);
    await sleep(200);
    expect(await ticks()).toBe(before);
    await started.value({ do: 'sleep', ms: 100 });
    expect(await ticks()).toBeGreaterThan(before);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a frozen environment works on after any time', async () => {
  await using started = await startFunction('stream');
  await started.call({ do: 'count', chunks: 1 });
  await sleep(6_000); // beyond the five seconds after which a Node server closes idle connections
  expect((await started.call({ do: 'count', chunks: 1 })).text).toBe('chunk-0\n');
  expect(started.fn.stats()).toMatchObject({ coldStarts: 1, exits: 0 });
});

test('children die with an environment that times out, runs out of memory or crashes', async () => {
  await using started = await startFunction('value', { spec: { timeoutSeconds: 1 } });
  const first = await leaveChildren(started);
  await started.failure({ do: 'sleep', ms: 60_000 });
  expect(
    await settled(
      () => first.map(stateOf),
      (now) => now.every((state) => state === null),
    ),
  ).toEqual([null, null]);
  const error = await started.failure({ do: 'crashWithChildren' });
  const pids = [...(await error.logTail()).matchAll(/child (\d+)/g)].map((match) => Number(match[1]));
  expect(pids).toHaveLength(2);
  expect(pids.map(stateOf)).toEqual([null, null]);
});
