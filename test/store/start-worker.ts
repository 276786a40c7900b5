import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Job } from '../support/store-worker.ts';

const WORKER = fileURLToPath(new URL('../support/store-worker.ts', import.meta.url));

export interface Worker {
  /** Everything it has reported so far. */
  readonly reports: readonly unknown[];
  /** Resolves at its next report. */
  next(): Promise<unknown>;
  /** Kills it in whatever it is doing, and resolves when it is gone. */
  kill(): Promise<void>;
  /** Resolves with its reports when it has ended well; rejects when it has not. */
  ended(): Promise<readonly unknown[]>;
}

/** Other processes at work on a folder store, which begin together once all are there. */
export async function startWorkers(jobs: readonly Job[]): Promise<Worker[]> {
  const spawned = jobs.map(spawnWorker);
  await Promise.all(spawned.map(({ ready }) => ready));
  return spawned.map(({ begin }) => begin());
}

function spawnWorker(job: Job): { ready: Promise<unknown>; begin: () => Worker } {
  const child = spawn(process.execPath, [WORKER, JSON.stringify(job)], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const closed = once(child, 'close');
  const lines = createInterface(child.stdout);
  const nextLine = (): Promise<unknown> => Promise.race([once(lines, 'line'), closed]);
  const reports: unknown[] = [];
  let faults = '';
  child.stderr.on('data', (text: Buffer) => (faults += text.toString()));
  const worker: Worker = {
    reports,
    next: async () => {
      await nextLine();
      return reports.at(-1);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
    ended: async () => {
      const [code] = (await closed) as [number | null];
      if (code !== 0) throw new Error(`worker ${job.worker} ended with ${String(code)}: ${faults}`);
      return reports;
    },
  };
  return {
    ready: nextLine(),
    begin() {
      lines.on('line', (line) => reports.push(JSON.parse(line)));
      child.stdin.end('begin');
      return worker;
    },
  };
}
