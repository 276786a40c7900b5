import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childrenOf, startBaton, type Lab } from './lab.ts';
import { compare, cpuSeconds, median, type Row } from './measure.ts';
import { startProxy } from './raw.ts';

const ROUNDS = 5;
/** Six seconds of 1080p at 5 Mbit/s, and of sound at 128 kbit/s. */
const SIZES = [
  ['pictures', 3_750_000],
  ['sound', 96_000],
] as const;
/** Bytes of a round; `BATON_BENCH_MB` makes it short. */
const ROUND_BYTES = Number(process.env['BATON_BENCH_MB'] ?? 1500) * 1e6;

/** Segments of relayed HLS, one after the other as a player asks, against nginx's proxy_pass from the same origin. */
export async function hlsRelay(lab: Lab): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const proxy = await startProxy(lab, stack);
  const baton = await startBaton(join(lab.folder, 'hls-relay'), lab.originUrl, stack);
  const rows: Row[] = [];
  for (const [what, size] of SIZES) {
    const count = Math.min(2000, Math.max(20, Math.round(ROUND_BYTES / size)));
    const { ours, theirs } = await prepared(lab, baton, proxy.url, what, size, count);
    await megabytesPerSecond(ours, size, count, [baton.pid]); // compiles what is run often
    const figures: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      figures[0].push(await megabytesPerSecond(ours, size, count, [baton.pid]));
      figures[1].push(await megabytesPerSecond(theirs, size, count, childrenOf(proxy.pid)));
    }
    const peer = { name: 'nginx', value: median(figures[1]) };
    rows.push(compare(`HLS relay: segments of ${what}`, 'MB/CPU s', median(figures[0]), peer, { least: 0.8 }));
  }
  return rows;
}

/** Lists of what curl is to get: the links of a relayed playlist, and the same segments from the proxy. */
async function prepared(
  lab: Lab,
  baton: Awaited<ReturnType<typeof startBaton>>,
  proxyUrl: string,
  what: string,
  size: number,
  count: number,
): Promise<{ readonly ours: string; readonly theirs: string }> {
  const name = (at: number): string => `${what}-${at}.m4s`;
  // A few files under many addresses: what a relay does is the same.
  const files = Array.from({ length: count }, (_, at) => name(at));
  const bytes = Buffer.alloc(size, 'segment of HLS ');
  for (const file of files.slice(0, KEPT)) await writeFile(join(lab.folder, 'www', file), bytes);
  const addresses = files.map((_, at) => `${name(at % KEPT)}?${at}`);
  const list = `#EXTM3U\n#EXT-X-TARGETDURATION:6\n${addresses.map((uri) => `#EXTINF:6,\n${uri}\n`).join('')}#EXT-X-ENDLIST\n`;
  await writeFile(join(lab.folder, 'www', `${what}.m3u8`), list);
  const source = `${lab.originUrl}/${what}.m3u8`;
  const url = baton.link(source, 'mode.relay', { kind: 'hls', name: 'main.m3u8' });
  const playlist = await (await fetch(url)).text();
  const links = playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (links.length !== count) throw new Error(`${links.length} links instead of ${count}: ${playlist.slice(0, 200)}`);
  const [ours, theirs] = [join(lab.folder, `${what}-ours.txt`), join(lab.folder, `${what}-theirs.txt`)];
  await writeFile(ours, config(links.map((link) => new URL(link, url).href)));
  await writeFile(theirs, config(addresses.map((uri) => `${proxyUrl}/${uri}`)));
  return { ours, theirs };
}

const KEPT = 20;

/** One connection for all of them. */
const config = (urls: readonly string[]): string =>
  urls.map((url) => `url = "${url}"\noutput = "/dev/null"\n`).join('');

/** Megabytes per second that `pids` spent on a processor. */
async function megabytesPerSecond(list: string, size: number, count: number, pids: readonly number[]): Promise<number> {
  const spent = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const before = spent();
  const child = spawn('curl', ['-sf', '-K', list, '-w', '%{size_download}\n'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  await once(child, 'close');
  const total = said.split('\n').reduce((sum, line) => sum + Number(line), 0);
  if (total !== size * count) throw new Error(`${total} bytes instead of ${size * count}`);
  return total / 1e6 / (spent() - before);
}
