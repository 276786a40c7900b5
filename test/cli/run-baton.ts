import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const BATON = join(import.meta.dirname, '../../bin/baton');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Runs `bin/baton` to its end. */
export async function runBaton(args: readonly string[], env: Environment = {}): Promise<Ran> {
  const { child, said } = launch(args, env);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

export interface Serving extends AsyncDisposable {
  readonly origin: string;
  readonly child: ChildProcess;
  readonly said: { readonly stdout: string; readonly stderr: string };
  /** Sends SIGTERM and gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `baton serve` on the data folder, on any port; resolves when it says where it listens. */
export async function serveBaton(data: string, args: readonly string[] = [], env: Environment = {}): Promise<Serving> {
  const { child, said } = launch(['serve', '--port', '0', '--data', data, ...args], env);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const stop = async (): Promise<number | null> => {
    child.kill('SIGTERM');
    return (await closed)[0];
  };
  const dispose = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) await stop();
  };
  for (let tries = 0; tries < 600; tries++) {
    const origin = originIn(data);
    if (origin !== null) return { origin, child, said, stop, [Symbol.asyncDispose]: dispose };
    if (child.exitCode !== null) break;
    await sleep(50);
  }
  await dispose();
  throw new Error(`baton serve did not start: ${said.stderr}`);
}

function originIn(data: string): string | null {
  try {
    return (JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { origin: string }).origin;
  } catch {
    return null;
  }
}

function launch(args: readonly string[], env: Environment) {
  const child = spawn(process.execPath, [BATON, ...args], { env: { PATH: process.env['PATH'], ...env } });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => (said.stdout += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (said.stderr += bytes.toString()));
  return { child, said };
}
