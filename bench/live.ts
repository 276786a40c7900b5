import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDataFolder } from '../src/local/data-folder.ts';
import { decodeHead, edgeOf } from '../src/live/head.ts';
import { publicLink } from '../src/sign/link.ts';
import { folderStore } from '../src/store/folder.ts';
import { serverProcess } from '../test/live/process.ts';
import { startIcecast } from '../test/support/icecast.ts';
import { radioProgram, type Program } from '../test/support/radio-program.ts';
import { startRadio, type Radio } from '../test/support/radio.ts';
import { firstByteMs } from './first-byte.ts';
import { install, startBaton, type BatonProcess, type Lab } from './lab.ts';
import { compare, cpuSeconds, limit, median, type Row } from './measure.ts';

const LISTENERS = 2000;
const SECONDS = 20;
const ROUNDS = 15;
const DEATHS = 4;

/** A radio with many listeners, relayed as it is, against icecast2 with the same source; and how soon one hears it. */
export async function live(lab: Lab): Promise<readonly Row[]> {
  install('icecast2', 'icecast2');
  await using stack = new AsyncDisposableStack();
  const program = await radioProgram('mp3-128k', { seconds: 300 });
  const radio = await startRadio(program);
  stack.defer(() => radio.close());
  const baton = await startBaton(join(lab.folder, 'live'), radio.origin, stack);
  const link = (options: string, name: string): string => baton.link(radio.url(), options, { kind: 'live', name });
  const cold = await coldStart(lab, radio);
  const keeper = new AbortController(); // the channel runs from here on
  const kept = fetch(link('codec.copy', 'a.mp3'), { signal: keeper.signal }).then((response) =>
    response.body?.pipeTo(new WritableStream()),
  );
  kept.catch(() => undefined);
  await sleep(8_000);
  const warm: number[] = [];
  for (let round = 0; round < ROUNDS; round++) warm.push(await firstByteMs(link('codec.copy', 'a.mp3')));
  const ours = await fanOut(link('codec.copy', 'a.mp3'), baton.pid);
  keeper.abort();
  const theirs = await icecastFanOut(program);
  return [
    compare('live fan-out', 'listeners/core', ours.perCore, { name: 'icecast2', value: theirs }, { least: 2.5 }),
    limit(`live: p99 of the first byte at ${LISTENERS} listeners`, 'ms', ours.p99, 100),
    limit(`live: memory for each of ${LISTENERS} listeners`, 'kB', ours.kilobytes, 25),
    limit('live: first sound, channel running', 'ms', median(warm), 50),
    limit('live: first sound, nobody has listened before', 'ms', cold, 300),
    limit('live: from a dead producer to the next chunk in the store', 'ms', await deadProducer(lab, radio), 2_250),
  ];
}

/** Listeners per core of the Icecast of the system, with the same program; null where there is none. */
async function icecastFanOut(program: Program): Promise<number | null> {
  if (!existsSync(ICECAST)) return null;
  await using icecast = await startIcecast(ICECAST, LISTENERS + 100);
  await icecast.play('/stream', program);
  await sleep(6_000); // its burst is full by then
  return (await fanOut(`${icecast.origin}/stream`, icecast.pid)).perCore;
}

const ICECAST = '/usr/bin/icecast2';

/** Two servers on one store, each with a listener; the one that makes the chunks is killed. The slowest of some rounds. */
async function deadProducer(lab: Lab, radio: Radio): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < DEATHS; round++) {
    await using own = new AsyncDisposableStack();
    const data = join(lab.folder, `dead-${round}`);
    const first = own.use(await serverProcess(data, [radio.origin]));
    const second = own.use(await serverProcess(data, [radio.origin]));
    const keys = await (await openDataFolder(data)).readKeys();
    const link = publicLink(
      { kind: 'live', options: 'codec.aac~bitrate.96k', source: radio.url(), name: 'a.mp4' },
      keys,
    );
    const leaving = new AbortController();
    own.defer(() => leaving.abort());
    for (const { origin } of [first, second]) {
      const heard = fetch(origin + link, { signal: leaving.signal }).then((response) =>
        response.body?.pipeTo(new WritableStream()),
      );
      heard.catch(() => undefined);
      await sleep(5_000 + round * 300);
    }
    const edge = edgeReader(join(data, 'store'));
    const killedAt = performance.now();
    await first.kill();
    const before = await edge();
    while ((await edge()) <= before) await sleep(5);
    times.push(performance.now() - killedAt);
  }
  return Math.max(...times);
}

/** Gives the index behind the last chunk that is stored of the only channel in `folder`. */
function edgeReader(folder: string): () => Promise<number> {
  const store = folderStore(folder, { maxBytes: 2 ** 31, now: Date.now });
  return async () => {
    for await (const key of store.list('live/')) {
      const head = decodeHead((await store.get(key))?.bytes ?? new Uint8Array());
      const [rendition] = Object.values(head?.renditions ?? {});
      return edgeOf(rendition) ?? 0;
    }
    return 0;
  };
}

interface FanOut {
  readonly perCore: number;
  readonly p99: number;
  readonly kilobytes: number;
}

async function fanOut(url: string, pid: number): Promise<FanOut> {
  const memory = residentKilobytes(pid);
  const crowd = spawn(
    process.execPath,
    [join(import.meta.dirname, 'crowd.ts'), url, String(LISTENERS), String(SECONDS)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface(crowd.stdout)[Symbol.asyncIterator]();
  await lines.next();
  const [before, startedAt] = [cpuSeconds(pid), performance.now()];
  const { value } = (await lines.next()) as { value: string };
  const seconds = (performance.now() - startedAt) / 1000;
  const cpu = cpuSeconds(pid) - before;
  const kilobytes = (residentKilobytes(pid) - memory) / LISTENERS;
  await once(crowd, 'close');
  const { bytes, lost, p99 } = JSON.parse(value.replace('done ', '')) as { bytes: number; lost: number; p99: number };
  const heard = bytes / seconds / 16_000;
  if (heard < LISTENERS * 0.8) throw new Error(`${heard} of ${LISTENERS} heard, ${lost} lost`);
  return { perCore: heard / (cpu / seconds), p99, kilobytes };
}

const residentKilobytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);

/** Of a server that has just started, and hears of the station for the first time. */
async function coldStart(lab: Lab, radio: Radio): Promise<number> {
  const times: number[] = [];
  await sleep(5_000); // the burst is full by then
  for (let round = 0; round < 5; round++) {
    await using own = new AsyncDisposableStack();
    const baton: BatonProcess = await startBaton(join(lab.folder, `cold-${round}`), radio.origin, own);
    times.push(await firstByteMs(baton.link(radio.url(), 'codec.aac~bitrate.96k', { kind: 'live', name: 'a.mp4' })));
  }
  return median(times);
}
