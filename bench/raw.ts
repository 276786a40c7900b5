import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answering, childrenOf, end, startBaton, type Lab } from './lab.ts';
import { freePort } from '../test/support/free-port.ts';
import { compare, cpuSeconds, limit, median, peakMegabytes, type Row } from './measure.ts';

const GB = 1e9;
const ROUNDS = 5;

/** A file of 1 GB passed on as it is, against nginx's proxy_pass from the same origin: bytes per processor second. */
export async function raw(lab: Lab): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const file = join(lab.folder, 'www', 'large.bin');
  await writeFile(file, '');
  await truncate(file, GB);
  const proxy = await startProxy(lab, stack);
  const baton = await startBaton(join(lab.folder, 'raw'), lab.originUrl, stack); // its peak is of this work alone
  const url = baton.link(`${lab.originUrl}/large.bin`, '', { kind: 'raw', name: 'large.bin' });
  await megabytesPerSecond(url, [baton.pid]); // compiles what is run often
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await megabytesPerSecond(url, [baton.pid]));
    theirs.push(await megabytesPerSecond(`${proxy.url}/large.bin`, childrenOf(proxy.pid)));
  }
  const peer = { name: 'nginx', value: median(theirs) };
  return [
    compare('1 GB as it is', 'MB/CPU s', median(ours), peer, { least: 0.8 }),
    limit('1 GB as it is: peak memory', 'MB', peakMegabytes(baton.pid), 200),
  ];
}

/** nginx with proxy_pass to the origin of the lab. */
export async function startProxy(lab: Lab, stack: AsyncDisposableStack): Promise<{ pid: number; url: string }> {
  const port = await freePort();
  const path = join(lab.folder, 'proxy.conf');
  const config = `daemon off; worker_processes 1; pid ${path}.pid; error_log ${path}.log;
user root; events { worker_connections 1024; }
http { access_log off; proxy_temp_path ${path}.temp;
server { listen 127.0.0.1:${port}; location / {
  proxy_pass ${lab.originUrl}; proxy_http_version 1.1; proxy_set_header Connection ""; } } }`;
  await writeFile(path, config);
  const child = spawn('nginx', ['-c', path], { stdio: 'ignore' });
  stack.defer(() => end(child));
  const url = `http://127.0.0.1:${port}`;
  await answering(`${url}/hour.mp3`);
  return { pid: child.pid ?? 0, url };
}

/** Megabytes of `url` per second that `pids` spent on a processor. */
async function megabytesPerSecond(url: string, pids: readonly number[]): Promise<number> {
  const spent = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = spent();
  const child = spawn('curl', ['-sf', '-o', '/dev/null', '-w', '%{size_download}', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [[size]] = (await Promise.all([once(child.stdout, 'data'), once(child, 'close')])) as [[Buffer], unknown];
  if (Number(size) !== GB) throw new Error(`${size.toString()} bytes instead of ${GB}`);
  return GB / 1e6 / (spent() - before);
}
