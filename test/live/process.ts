import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { settled } from '../support/leaks.ts';

/** A `baton serve` in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly origin: string;
  readonly pid: number;
  /** At once, with nothing tidied up. */
  kill(): Promise<void>;
}

/** Servers with one data folder share keys and store. */
export async function serverProcess(data: string, allowOrigins: readonly string[]): Promise<ServerProcess> {
  const port = await freePort();
  const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');
  const env = { ...process.env, BATON_ALLOW_ORIGINS: allowOrigins.join(','), BATON_SHUTDOWN_SECONDS: '1' };
  const child = spawn(process.execPath, [cli, 'serve', '--quiet', '--port', String(port), '--data', data], {
    stdio: 'ignore',
    env,
  });
  const closed = once(child, 'close');
  const origin = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(`${origin}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await settled(isUp, (up) => up, 20_000);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await closed;
  };
  return {
    origin,
    pid: child.pid ?? 0,
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  };
}
