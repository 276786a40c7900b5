import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataFolder } from '../src/local/data-folder.ts';
import { publicLink, type LinkContent } from '../src/sign/link.ts';
import { FFMPEG } from '../test/support/ffmpeg.ts';
import { freePort } from '../test/support/free-port.ts';
import { xingHour } from './xing-hour.ts';

/** The place of one run: an origin (nginx), an hour of VBR MP3 on it under many names, and a Baton beside it. */
export interface Lab extends AsyncDisposable {
  readonly ffmpeg: string;
  /** nginx serves `folder` here. */
  readonly originUrl: string;
  readonly folder: string;
  readonly nginxPids: () => readonly number[];
  readonly baton: BatonProcess;
  /** The hour under an address that nobody has used before. */
  freshSource(): Promise<string>;
}

/** A running `baton serve`. */
export interface BatonProcess {
  readonly pid: number;
  /** The address of a virtual file. */
  link(source: string, options: string, content?: Partial<LinkContent>): string;
}

/** Sets everything up, installing what is missing; disposing the lab ends all processes and removes the folder. */
export async function openLab(): Promise<Lab> {
  install('nginx', 'nginx-light');
  install('curl', 'curl');
  install('wrk', 'wrk');
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'www'));
  await writeFile(join(folder, 'www', 'hour.mp3'), await xingHour());
  const nginx = await startNginx(folder, stack);
  const baton = await startBaton(join(folder, 'data'), nginx.url, stack);
  let copies = 0;
  const close = stack.move();
  return {
    ffmpeg: FFMPEG,
    originUrl: nginx.url,
    folder,
    nginxPids: () => childrenOf(nginx.pid),
    baton,
    freshSource: async () => {
      const name = `hour-${++copies}.mp3`;
      await symlink(join(folder, 'www', 'hour.mp3'), join(folder, 'www', name));
      return `${nginx.url}/${name}`;
    },
    [Symbol.asyncDispose]: () => close.disposeAsync(),
  };
}

export function install(command: string, name: string): void {
  if (spawnSync('sh', ['-c', `command -v ${command}`]).status === 0 || !existsSync('/usr/bin/apt-get')) return;
  console.error(`installing ${name} ...`);
  spawnSync('sh', ['-c', `apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq ${name}`], {
    stdio: 'ignore',
  });
}

async function startNginx(folder: string, stack: AsyncDisposableStack): Promise<{ pid: number; url: string }> {
  const port = await freePort();
  const config = `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
user root; events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; types { audio/mpeg mp3; }
server { listen 127.0.0.1:${port}; root ${folder}/www; } }`;
  await writeFile(join(folder, 'nginx.conf'), config);
  const child = spawn('nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  stack.defer(() => end(child));
  const url = `http://127.0.0.1:${port}`;
  await answering(`${url}/hour.mp3`);
  return { pid: child.pid ?? 0, url };
}

/** A Baton of its own process, which may read from `sources` although they are on loopback. */
export async function startBaton(data: string, sources: string, stack: AsyncDisposableStack): Promise<BatonProcess> {
  const port = await freePort();
  const cli = join(import.meta.dirname, '..', 'src', 'cli.ts');
  const args = [cli, 'serve', '--quiet', '--port', String(port), '--data', data];
  const env = { ...process.env, BATON_ALLOW_ORIGINS: sources };
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  stack.defer(() => end(child));
  const origin = `http://127.0.0.1:${port}`;
  await answering(`${origin}/healthz`);
  const keys = await (await openDataFolder(data)).readKeys();
  const link: BatonProcess['link'] = (source, options, content) =>
    origin + publicLink({ kind: 'file', options, source, name: 'hour.mp3', ...content }, keys);
  return { pid: child.pid ?? 0, link };
}

export async function answering(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const ok = await fetch(url, { method: 'HEAD' }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not answer`);
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

export const childrenOf = (pid: number): number[] =>
  spawnSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
    .stdout.trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);
