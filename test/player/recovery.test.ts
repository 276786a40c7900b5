import { expect, test } from 'vitest';
import { createRecovery } from '../../player/core/recovery.ts';
import type { Answer, Recovery } from '../../player/core/recovery.ts';

const fine: Answer = { kind: 'fine' };
const unreachable: Answer = { kind: 'unreachable' };

function refused(status: number, retryAfterMs: number | null = null): Answer {
  return { kind: 'refused', status, code: null, message: null, retryAfterMs };
}

interface Bench {
  readonly recovery: Recovery;
  readonly path: string[];
  /** Waits that were begun, in milliseconds. */
  readonly delays: number[];
  loads: number;
  wanted: boolean;
  answer: Answer;
  /** Lets the question be answered and the wait run out. */
  pass(): Promise<void>;
  settle(): Promise<void>;
}

function bench(answer: Answer): Bench {
  let due: (() => void) | null = null;
  const self: Bench = {
    recovery: createRecovery({
      ask: () => Promise.resolve(self.answer),
      reload: () => void self.loads++,
      wanted: () => self.wanted,
      changed: ({ at }) => void self.path.push(at),
      now: () => 0,
      random: () => 1,
      timer(then, ms) {
        self.delays.push(ms);
        due = then;
        return () => (due = null);
      },
    }),
    path: [],
    delays: [],
    loads: 0,
    wanted: true,
    answer,
    async pass() {
      await self.settle();
      due?.();
    },
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  };
  return self;
}

test('a break is asked about, waited for, loaded anew, and over with the first progress', async () => {
  const b = bench(fine);
  b.recovery.broke('network');
  await b.pass();
  b.recovery.progressed();
  expect(b.path).toEqual(['asking', 'waiting', 'loading', 'steady']);
  expect(b.loads).toBe(1);
});

test('waits grow while attempts fail and begin anew after progress', async () => {
  const b = bench(unreachable);
  b.recovery.broke('network');
  for (let i = 0; i < 3; i++) {
    await b.pass();
    b.recovery.broke('network');
  }
  await b.pass();
  b.recovery.progressed();
  b.recovery.broke('network');
  await b.pass();
  expect(b.delays).toEqual([400, 800, 1600, 3200, 400]);
});

test.each([400, 401, 403, 404, 410, 415, 422])('status %i is final', async (status) => {
  const b = bench(refused(status));
  b.recovery.broke('unplayable');
  await b.settle();
  expect(b.path).toEqual(['asking', 'failed']);
  b.recovery.online();
  expect(b.loads).toBe(0);
});

test.each([408, 429, 500, 502, 503, 504])('status %i is tried again', async (status) => {
  const b = bench(refused(status));
  b.recovery.broke('unplayable');
  await b.pass();
  expect(b.path).toEqual(['asking', 'waiting', 'loading']);
});

test('the server may ask for a longer wait, of at most a minute', async () => {
  const b = bench(refused(503, 5000));
  b.recovery.broke('network');
  await b.pass();
  b.answer = refused(503, 3_600_000);
  b.recovery.broke('network');
  await b.pass();
  expect(b.delays).toEqual([5000, 60_000]);
});

test('what is served but cannot be played is given up at the third time', async () => {
  const b = bench(fine);
  b.recovery.broke('unplayable');
  for (let i = 0; i < 2; i++) {
    await b.pass();
    b.recovery.broke('unplayable');
  }
  await b.settle();
  expect(b.recovery.state().at).toBe('failed');
  expect(b.loads).toBe(2);
});

test('a server that cannot be reached is never given up while somebody listens', async () => {
  const b = bench(unreachable);
  for (let i = 0; i < 40; i++) {
    b.recovery.broke('unplayable');
    await b.pass();
  }
  expect(b.loads).toBe(40);
});

test('without a listener it rests after five attempts, and the play button wakes it', async () => {
  const b = bench(unreachable);
  b.wanted = false;
  for (let i = 0; i < 6; i++) {
    b.recovery.broke('network');
    await b.pass();
  }
  expect(b.recovery.state().at).toBe('resting');
  expect(b.loads).toBe(5);
  b.recovery.retry();
  expect(b.recovery.state().at).toBe('loading');
});

test('the network coming back ends every wait at once', async () => {
  const b = bench(unreachable);
  b.recovery.broke('network');
  b.recovery.online();
  expect(b.loads).toBe(1);
  await b.settle();
  expect(b.recovery.state().at).toBe('loading');
  b.recovery.broke('network');
  await b.settle();
  expect(b.recovery.state().at).toBe('waiting');
  b.recovery.online();
  expect(b.loads).toBe(2);
});

test('the network coming back changes nothing while all is well', () => {
  const b = bench(fine);
  b.recovery.online();
  expect(b.path).toEqual([]);
});

test('an answer that comes after a reset is not heard', async () => {
  const b = bench(refused(403));
  b.recovery.broke('network');
  b.recovery.reset();
  await b.settle();
  expect(b.path).toEqual(['asking', 'steady']);
});

test('the retry button starts over after giving up', async () => {
  const b = bench(refused(404));
  b.recovery.broke('unplayable');
  await b.settle();
  b.recovery.retry();
  b.recovery.progressed();
  expect(b.path).toEqual(['asking', 'failed', 'loading', 'steady']);
});
