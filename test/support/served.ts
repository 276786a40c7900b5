import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { dataFolderAt } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { episodeName } from './promise.ts';

/** A `baton serve` as people start it, in a process of its own. */
export interface Served extends AsyncDisposable {
  readonly pid: number;
  readonly origin: string;
  /** Absolute address of a virtual file. */
  file(source: string, options: string): Promise<string>;
}

export async function serve(data: string, env: Readonly<Record<string, string>>): Promise<Served> {
  const cli = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');
  const child = spawn(process.execPath, [cli, 'serve', '--port', '0', '--data', data], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const ended = once(child, 'close');
  let said = '';
  for await (const text of child.stderr
    .setEncoding('utf8')
    .iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    said += text;
    if (said.includes('Stop:')) break;
  }
  child.stderr.resume();
  const origin = /running at (http:\S+?)\/?\s/.exec(said)?.[1];
  if (origin === undefined) throw new Error(`baton serve did not start: ${said}`);
  return {
    pid: child.pid ?? 0,
    origin,
    file: async (source, options) => {
      const keys = await dataFolderAt(data).readKeys();
      return origin + publicLink({ kind: 'file', options, source, name: episodeName(options) }, keys);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
