import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { installRuntime } from '../src/local-lambda/runtime/install-runtime.ts';
import { startLocalLambda } from '../src/local-lambda/local-lambda.ts';
import { build } from '../src/package/build.ts';
import { addKey, formatKeys, newKey, parseKeys } from '../src/sign/keys.ts';
import { publicLink } from '../src/sign/link.ts';
import { firstByteMs, headBytes } from './first-byte.ts';
import type { Lab } from './lab.ts';
import { limit, median, type Row } from './measure.ts';

const ROUNDS = 15;
const OPTIONS = 'codec.mp3~bitrate.128k';
/** One chunk and the head: what is asked for is over soon, for nobody tells a function that its listener left. */
const RANGE = 'bytes=0-38399';

/**
 * The first audio frame of an uncached transcode, probe cached, through a warm function of the local Lambda and its
 * streaming URL, against the Node server. A function keeps no ffmpeg waiting: it may be frozen at any time.
 */
export async function onLambda(lab: Lab): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const { folder: taskRoot } = await build({ arch, distFolder: join(lab.folder, 'dist') });
  const keys = addKey(parseKeys(`bench:${randomBytes(32).toString('base64url')}`), newKey(randomBytes));
  const environment = {
    BATON_KEYS: formatKeys(keys).trim().replaceAll('\n', ','),
    BATON_STORE: join(lab.folder, 'lambda-store'),
    BATON_ALLOW_ORIGINS: lab.originUrl,
  };
  const size = { memoryMb: 3538, timeoutSeconds: 60, maxEnvironments: 1 };
  const file = {
    ...size,
    name: 'file',
    taskRoot,
    handler: 'file.handler',
    environment,
    url: 'RESPONSE_STREAM',
  } as const;
  const ranges = { ...file, name: 'ranges', handler: 'file.buffered', url: 'BUFFERED' } as const;
  const runtime = await installRuntime((text) => console.error(text));
  const lambda = await startLocalLambda({ functions: [file, ranges], runtime, log: () => undefined });
  stack.defer(() => lambda.stop());
  const on = (name: string, source: string): string =>
    new URL(lambda.functionUrls.get(name) ?? '').origin +
    publicLink({ kind: 'file', options: OPTIONS, source, name: 'hour.mp3' }, keys);

  const skip = await headBytes(lab.baton.link(await lab.freshSource(), OPTIONS));
  const measure = async (url: string): Promise<number> => {
    await (await fetch(url, { method: 'HEAD' })).arrayBuffer();
    await pause();
    const ms = await firstByteMs(url, { skip, range: RANGE });
    await pause();
    return ms;
  };
  const ours: number[] = [];
  const server: number[] = [];
  for (let round = 0; round < ROUNDS + 2; round++) {
    ours.push(await measure(on('file', await lab.freshSource())));
    server.push(await measure(lab.baton.link(await lab.freshSource(), OPTIONS)));
  }
  const warm = (values: readonly number[]): number => median(values.slice(2));
  const minutes: number[] = [];
  for (let round = 0; round < 5; round++) minutes.push(await firstMinuteMs(on('ranges', await lab.freshSource())));
  return [
    limit('first audio frame, local Lambda: more than the server', 'ms', warm(ours) - warm(server), 30),
    limit('first minute in open ranges, buffered function', 'ms', median(minutes), 3000),
  ];
}

const MINUTE_BYTES = 60 * 16_000;

/** As a browser begins: one open range after the other, until it has a minute of audio. */
async function firstMinuteMs(url: string): Promise<number> {
  const startedAt = performance.now();
  for (let at = 0; at < MINUTE_BYTES;) {
    const response = await fetch(url, { headers: { range: `bytes=${at}-` } });
    if (response.status !== 206) throw new Error(`${response.status} from ${url}`);
    at += (await response.arrayBuffer()).byteLength;
  }
  return performance.now() - startedAt;
}

/** The environment has asked for its next event, and parked processes have started. */
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 300));
