import { expect, test } from 'vitest';
import { createBudget } from '../../src/store/budget.ts';
import type { Entry } from '../../src/store/entry.ts';

/** A budget of 1000 bytes over a folder in name only: entries of 40 bytes, as many as `held` says at a survey. */
function budgetOver(found: { held: number; writers: number }) {
  const evicted: string[] = [];
  let surveys = 0;
  const entry = (n: number): Entry => ({ key: `chunk/${n}`, bytes: 40, usedAt: n });
  const budget = createBudget({
    maxBytes: 1000,
    survey: () => {
      surveys += 1;
      return Promise.resolve({ ...found, oldest: Array.from({ length: 6 }, (_, n) => entry(6 * surveys - n)) });
    },
    evict: ({ key }) => {
      evicted.push(key);
      return Promise.resolve(true);
    },
  });
  const write = async (bytes: number): Promise<void> => {
    await budget.spend(bytes, () => Promise.resolve(true));
    await new Promise((resolve) => setImmediate(resolve)); // a survey that has begun ends
  };
  return { budget, write, evicted, surveys: () => surveys };
}

test('one that writes alone looks at the folder each time it has written a thirteenth of the budget', async () => {
  const { write, surveys } = budgetOver({ held: 0, writers: 1 });
  for (let n = 0; n < 200; n += 1) await write(10);
  expect(surveys()).toBeGreaterThan(20);
  expect(surveys()).toBeLessThan(32);
});

test('the more processes write, the sooner each looks again', async () => {
  const { write, surveys } = budgetOver({ held: 0, writers: 4 });
  for (let n = 0; n < 200; n += 1) await write(10);
  expect(surveys()).toBeGreaterThan(60);
});

test('what is released makes room without eviction', async () => {
  const { budget, write, evicted } = budgetOver({ held: 910, writers: 1 });
  await write(10);
  await write(25);
  budget.release(25);
  await write(25);
  expect(evicted).toEqual([]);
  await write(15);
  expect(evicted).toEqual(['chunk/1']);
});

test('what was not written after all makes room too', async () => {
  const { budget, write, evicted } = budgetOver({ held: 910, writers: 1 });
  await write(10);
  expect(await budget.spend(25, () => Promise.resolve(false))).toBe(false);
  await expect(budget.spend(25, () => Promise.reject(new Error('the disk is full')))).rejects.toThrow('full');
  expect(evicted).toEqual([]);
});

test('a write that is under way counts, though the look at the folder may have missed it', async () => {
  const { budget, write, evicted } = budgetOver({ held: 900, writers: 1 });
  let finish: (stored: boolean) => void = () => undefined;
  const slow = budget.spend(25, () => new Promise((resolve) => (finish = resolve)));
  await write(40);
  expect(evicted).toEqual(['chunk/1']);
  finish(true);
  expect(await slow).toBe(true);
});
