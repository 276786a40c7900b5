import { expect, test } from 'vitest';
import { inTurns } from '../../src/video/in-turns.ts';

const never = new AbortController().signal;

test('gives what was asked for in order, so many at once', async () => {
  let [open, most] = [0, 0];
  const ask = async (number: number): Promise<number> => {
    most = Math.max(most, ++open);
    await new Promise((done) => setTimeout(done, (number * 7) % 5));
    open -= 1;
    return number;
  };
  expect(await inTurns(20, 3, ask, never)).toEqual([...Array(20).keys()]);
  expect(most).toBe(3);
});

test('after one has failed no further ones are asked for, and those under way are stopped', async () => {
  const asked: number[] = [];
  const stopped: number[] = [];
  const ask = async (number: number, signal: AbortSignal): Promise<number> => {
    asked.push(number);
    await new Promise((done) => setTimeout(done, 1));
    if (number === 4) throw new Error('the fifth');
    await new Promise((done) => setTimeout(done, 5));
    if (signal.aborted) stopped.push(number);
    return number;
  };
  await expect(inTurns(2000, 3, ask, never)).rejects.toThrow('the fifth');
  await new Promise((done) => setTimeout(done, 30));
  expect(asked).toEqual([0, 1, 2, 3, 4, 5]);
  expect(stopped).toEqual([3, 5]);
});
