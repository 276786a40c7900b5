import type { Milliseconds } from '../units.ts';
import { styled } from './terminal.ts';

/** Tells how far something is, 0 to 1. */
export type Report = (fraction: number) => void;

const SHOW_AFTER: Milliseconds = 800;
const TICK: Milliseconds = 120;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';
const PLAIN_STEPS = 4;

/**
 * Does `work` and shows on stderr that it goes on once it takes a while: a spinner with a percentage on a terminal, a
 * few lines elsewhere.
 */
export async function withProgress<T>(what: string, work: (report: Report) => Promise<T>): Promise<T> {
  const show = process.stderr.isTTY ? onTerminal(what) : inLines(what);
  let fraction: number | null = null;
  const startedAt = performance.now();
  const timer = setInterval(() => {
    if (performance.now() - startedAt >= SHOW_AFTER) show.tick(fraction);
  }, TICK);
  try {
    return await work((now) => (fraction = now));
  } finally {
    clearInterval(timer);
    show.end();
  }
}

interface Display {
  tick(fraction: number | null): void;
  end(): void;
}

const percent = (fraction: number | null): string => (fraction === null ? '' : ` ${Math.floor(fraction * 100)} %`);

function onTerminal(what: string): Display {
  let turns = 0;
  return {
    tick: (fraction) => {
      const sign = SPINNER[turns++ % SPINNER.length] ?? '';
      process.stderr.write(`\r\x1b[K${styled('cyan', sign)} ${what} …${percent(fraction)}`);
    },
    end: () => void (turns > 0 && process.stderr.write('\r\x1b[K')),
  };
}

function inLines(what: string): Display {
  let said = -1;
  return {
    tick: (fraction) => {
      const step = Math.floor((fraction ?? 0) * PLAIN_STEPS);
      if (step > said) process.stderr.write(`${what} …${percent(fraction)}\n`);
      said = Math.max(said, step);
    },
    end: () => undefined,
  };
}
