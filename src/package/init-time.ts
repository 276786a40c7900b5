import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Milliseconds } from '../units.ts';

const RUNS = 3;
const KEY = `k:${'A'.repeat(43)}`;

/** Loads a module as Lambda's runtime does and tells when it was ready, counted from the start of the process. */
const LOADER = `
globalThis.awslambda = { streamifyResponse: (handler) => handler, HttpResponseStream: { from: (stream) => stream } };
await import(process.argv[1]);
process.stdout.write(String(performance.now()), () => process.exit());
`;

/**
 * How long a new process takes from its start until `file`, a bundle, is loaded: the cold start that is ours. The
 * median of three runs on this machine, Node's own start included.
 */
export async function initTime(file: string): Promise<Milliseconds> {
  const store = await mkdtemp(join(tmpdir(), 'baton-init-'));
  try {
    const times: Milliseconds[] = [];
    for (let i = 0; i < RUNS; i++) times.push(await oneStart(file, store));
    return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
  } finally {
    await rm(store, { recursive: true, force: true });
  }
}

async function oneStart(file: string, store: string): Promise<Milliseconds> {
  const env = { BATON_STORE: store, BATON_KEYS: KEY, LAMBDA_TASK_ROOT: dirname(file), AWS_REGION: 'us-east-1' };
  const args = ['--input-type=module', '-e', LOADER, '--', pathToFileURL(file).href];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 20_000 });
  return Number(stdout);
}
