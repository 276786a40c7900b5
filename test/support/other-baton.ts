/**
 * A Baton server in a process of its own, with a store of its own: `node other-baton.ts '<job as JSON>'`. Prints its links as
 * one line of JSON, and ends when its stdin does.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import type { LinkContent } from '../../src/sign/link.ts';
import { startBaton } from './baton.ts';

export interface OtherJob {
  readonly allowOrigins: readonly string[];
  /** Source and options of each link, and what else it is of. */
  readonly links: readonly (readonly [source: string, options: string, content?: Partial<LinkContent>])[];
}

export interface OtherBaton extends AsyncDisposable {
  readonly pid: number;
  /** In the order of the job. */
  readonly links: readonly string[];
}

export async function startOtherBaton(job: OtherJob): Promise<OtherBaton> {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(job)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, BATON_TEST_RUNTIME: 'server' }, // whatever the first one is
  });
  const ended = once(child, 'close');
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8') as AsyncIterable<string>) {
    said += text;
    if (said.includes('\n')) break;
  }
  if (!said.includes('\n')) throw new Error(`the other Baton did not start: ${said}`);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
  };
  return { pid: child.pid ?? 0, links: JSON.parse(said) as string[], [Symbol.asyncDispose]: stop };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { allowOrigins, links } = JSON.parse(process.argv[2] ?? '') as OtherJob;
  const baton = await startBaton({ allowOrigins });
  process.stdout.write(`${JSON.stringify(links.map((link) => baton.file(...link)))}\n`);
  await once(process.stdin.resume(), 'end');
  await baton.stop();
}
