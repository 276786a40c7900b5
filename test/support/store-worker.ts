/**
 * A process that works on a folder store: `node store-worker.ts '<job as JSON>'`. Says `ready`, begins when it is sent
 * anything, and prints one line of JSON per report.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { folderStore } from '../../src/store/folder.ts';
import type { Store } from '../../src/store/store.ts';

export interface Job {
  readonly folder: string;
  readonly maxBytes: number;
  readonly work: 'race' | 'count' | 'churn' | 'write';
  /** How many keys, increments or rounds. */
  readonly times: number;
  /** Tells apart the workers of one test. */
  readonly worker: number;
  readonly valueBytes?: number;
}

/** A value that anybody who knows the key can check. */
export function valueOf(key: string, bytes: number): Uint8Array {
  const seed = createHash('sha256').update(key).digest();
  return Buffer.alloc(bytes, seed);
}

const report = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

const WORK: Readonly<Record<Job['work'], (store: Store, job: Job) => Promise<void>>> = {
  /** All workers want the same key at the same moment, again and again; each reports the ones it stored. */
  async race(store, { times, worker }) {
    const won: number[] = [];
    const start = Math.ceil(Date.now() / 100) * 100;
    for (let n = 0; n < times; n += 1) {
      while (Date.now() < start + n) await setImmediate();
      if (await store.putIfAbsent(`chunk/race/${n}`, Buffer.from(`worker ${worker}`))) won.push(n);
    }
    report(won);
  },

  /** Adds one to a shared number, and says so after each time. */
  async count(store, { times }) {
    for (let done = 0; done < times;) {
      const standing = await store.get('pin/counter');
      const next = Number(Buffer.from(standing?.bytes ?? Buffer.from('0')).toString()) + 1;
      if (!(await store.replaceIfMatch('pin/counter', Buffer.from(String(next)), standing?.tag ?? null))) continue;
      done += 1;
      report(next);
    }
  },

  /** Writes more than the budget, four values at a time, and reads what all workers wrote; reports what it read wrong. */
  async churn(store, { times, worker, valueBytes = 0 }) {
    let hits = 0;
    let wrong = 0;
    const lane = async (first: number): Promise<void> => {
      for (let n = first; n < times; n += 4) {
        const key = `chunk/churn/${worker}-${n}`;
        await store.putIfAbsent(key, valueOf(key, valueBytes));
        for (const other of [0, 1, 2]) {
          const wanted = `chunk/churn/${other}-${Math.max(0, n - 5)}`;
          const found = await store.get(wanted);
          if (found === null) continue;
          hits += 1;
          if (Buffer.compare(found.bytes, valueOf(wanted, valueBytes)) !== 0) wrong += 1;
        }
      }
    };
    await Promise.all([0, 1, 2, 3].map(lane));
    report({ hits, wrong });
  },

  /** Writes large values until it is killed. */
  async write(store, { worker, valueBytes = 0 }) {
    report('writing');
    for (let n = 0; ; n += 1) {
      const key = `chunk/write/${worker}-${n % 8}`;
      await store.putIfAbsent(key, valueOf(key, valueBytes));
      await store.delete(key);
    }
  },
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const job = JSON.parse(process.argv[2] ?? '') as Job;
  const store = folderStore(job.folder, { maxBytes: job.maxBytes, now: Date.now });
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
  process.stdin.destroy();
  await WORK[job.work](store, job);
  await store.close();
}
