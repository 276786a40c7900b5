import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { installRuntime } from '../../src/local-lambda/runtime/install-runtime.ts';
import { startLocalLambda, type LocalLambda, type ServedFunction } from '../../src/local-lambda/local-lambda.ts';
import type { CloudFrontSpec } from '../../src/local-lambda/cloudfront/spec.ts';
import type { LogLine } from '../../src/local-lambda/runtime/log-line.ts';
import type { RuntimeLimits } from '../../src/local-lambda/runtime/runtime-limits.ts';
import type { WebSocketSpec } from '../../src/local-lambda/websocket/spec.ts';
import type { UsageRecord } from '../../src/meter/usage.ts';
import { formatKeys, type Keys } from '../../src/sign/keys.ts';
import { publicLink } from '../../src/sign/link.ts';
import { folderStore } from '../../src/store/folder.ts';
import type { TestBaton, TestBatonOptions } from './baton.ts';
import { around, type Answer } from './client.ts';
import { settled } from './leaks.ts';
import { episodeName } from './promise.ts';

/** How requests reach the functions: the streaming URL, the buffered one, or CloudFront before both. */
export type Door = 'function-url' | 'buffered-url' | 'cloudfront';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where `npm run build` has put the functions and the code for CloudFront. */
    readonly distFolder: string;
  }
}

/** What differs from a deployment of serverless.yml. */
export interface LambdaOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits?: Partial<RuntimeLimits>;
  readonly timeoutSeconds?: number;
  /** Of each function; V8 collects garbage the later, the more there is. */
  readonly memoryMb?: number;
  /** With another ffmpeg, say. */
  readonly packageFolder?: string;
  /** With the WebSocket API for publishers, as in serverless.yml but for this. */
  readonly webSocket?: Partial<WebSocketSpec>;
  /** Hears each line as it is written. */
  readonly onLine?: (line: LogLine) => void;
  /** Of the function that carries channels, where it is not as the others. */
  readonly live?: Partial<Pick<ServedFunction, 'memoryMb' | 'timeoutSeconds' | 'environment' | 'maxEnvironments'>>;
}

export interface LambdaBaton extends TestBaton {
  readonly lambda: LocalLambda;
  readonly lines: readonly LogLine[];
  /** Resolves when no invocation runs. */
  idle(): Promise<void>;
}

/**
 * Baton as it is deployed, in the local Lambda, with what a test may ask of the server. Differs from AWS in this: time
 * for a range is 10 s, so that what a test asks for comes in one answer, and the clock may be the test's.
 */
export async function startOnLambda(
  options: TestBatonOptions & LambdaOptions,
  keys: Keys,
  door: Door,
): Promise<LambdaBaton> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-lambda-'));
  const clock = options.now === undefined ? null : join(folder, 'clock');
  const usage: UsageRecord[] = [];
  const lines: LogLine[] = [];
  const running = new Set<string>();
  const turns = oneAtATime(); // environments do not know that another one is asking the source just now
  const lambda = await startLocalLambda({
    functions: functions(options, keys, folder, clock, door),
    ...(door === 'cloudfront' ? { cloudFront: distribution(keys) } : {}),
    ...(options.webSocket === undefined ? {} : { webSocket: { ...INGEST, ...options.webSocket } }),
    runtime: await installRuntime(() => undefined),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    log: (line) => {
      lines.push(line);
      options.onLine?.(line);
      noteRunning(line, running);
      const record = usageOf(line);
      if (record !== null) usage.push(record);
    },
  });
  const url = door === 'cloudfront' ? lambda.cloudFrontUrl : lambda.functionUrls.get(DOOR_FUNCTION[door]);
  const { origin } = new URL(url ?? '');
  around.set(origin, {
    quietMs: 2000,
    asSentRaw: unchunked,
    before: async () => {
      lambda.invalidate(); // what CloudFront keeps is tested elsewhere
      if (clock === null) return;
      await turns.take();
      await writeFile(clock, String(options.now?.()));
    },
    after: async (answer) => {
      if (answer.complete) await idle();
      turns.give();
      return asSent(answer);
    },
  });
  const idle = async (): Promise<void> => {
    const isIdle = (): boolean => running.size === 0;
    await settled(isIdle, (is) => is, 20_000);
  };
  const stop = async (): Promise<void> => {
    around.delete(origin);
    await lambda.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    origin,
    keys,
    usage,
    publishers: [],
    lines,
    lambda,
    idle,
    store: folderStore(join(folder, 'store'), { maxBytes: 2 ** 30, now: Date.now }),
    file: (source, asked = 'codec.mp3~bitrate.128k', content = {}) =>
      origin + publicLink({ kind: 'file', options: asked, source, name: episodeName(asked), ...content }, keys),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const DOOR_FUNCTION = { 'function-url': 'file', 'buffered-url': 'ranges' } as const;

function functions(
  { allowOrigins, config = {}, ...options }: TestBatonOptions & LambdaOptions,
  keys: Keys,
  folder: string,
  clock: string | null,
  door: Door,
): readonly ServedFunction[] {
  const { revalidateMs, encoders, spoolBytes, legMs } = config;
  const environment = {
    BATON_KEYS: formatKeys(keys).trim().replaceAll('\n', ','),
    BATON_STORE: join(folder, 'store'),
    BATON_ALLOW_ORIGINS: allowOrigins.join(','),
    BATON_RANGE_MS: '10000',
    BATON_MEMORY_MB: '0', // a test that empties the store means all of it
    ...(door === 'cloudfront' ? { BATON_TRUST_EDGE: '1' } : {}),
    ...(revalidateMs === undefined ? {} : { BATON_REVALIDATE_SECONDS: String(revalidateMs / 1000) }),
    ...(encoders === undefined ? {} : { BATON_ENCODERS: String(encoders) }),
    ...(spoolBytes === undefined ? {} : { BATON_SPOOL_MB: String(spoolBytes / 2 ** 20) }),
    ...(legMs === undefined ? {} : { BATON_LEG_SECONDS: String(legMs / 1000) }),
    ...(clock === null ? {} : { NODE_OPTIONS: `--import=${CLOCK}`, TEST_CLOCK: clock }),
    ...options.environment,
  };
  // A test's clock may be ahead, and the runtime client reads it to tell how much time remains.
  const timeoutSeconds = options.timeoutSeconds ?? (clock === null ? 60 : 900);
  const common = {
    timeoutSeconds,
    taskRoot: options.packageFolder ?? join(inject('distFolder'), 'lambda'),
    memoryMb: options.memoryMb ?? 3538,
    maxEnvironments: 64,
    environment,
  };
  return [
    { ...common, name: 'file', handler: 'file.handler', url: 'RESPONSE_STREAM' },
    { ...common, name: 'ranges', handler: 'file.buffered', url: 'BUFFERED' },
    { ...common, name: 'raw', handler: 'raw.handler', url: 'RESPONSE_STREAM' },
    { ...common, name: 'raw-ranges', handler: 'raw.buffered', url: 'BUFFERED' },
    { ...common, name: 'hls', handler: 'hls.handler', url: 'RESPONSE_STREAM' },
    { ...common, name: 'hls-whole', handler: 'hls.buffered', url: 'BUFFERED' },
    { ...common, name: 'hls-live', handler: 'hls.buffered', url: 'BUFFERED', ...options.live },
    { ...common, name: 'live', handler: 'live.handler', url: 'RESPONSE_STREAM', ...options.live },
    { ...common, name: 'feed', handler: 'feed.handler', url: 'RESPONSE_STREAM' },
    { ...common, name: 'embed', handler: 'embed.handler', url: 'RESPONSE_STREAM' },
    { ...common, name: 'player', handler: 'embed.buffered', url: 'BUFFERED' },
    { ...common, name: 'ingest', handler: 'ingest.handler', url: null, timeoutSeconds: 20, memoryMb: 512 },
  ];
}

const INGEST: WebSocketSpec = {
  ...{ stage: 'prod', routeSelectionExpression: '$request.body.action' },
  routes: { $connect: 'ingest', $default: 'ingest', $disconnect: 'ingest' },
};

const CLOCK = new URL('./test-clock.ts', import.meta.url).href;

const ORIGINS = [
  'file',
  'ranges',
  'raw',
  'raw-ranges',
  'hls',
  'hls-whole',
  'hls-live',
  'live',
  'feed',
  'embed',
  'player',
] as const;

/** As in serverless.yml, without its policies. */
function distribution(keys: Keys): CloudFrontSpec {
  const viewerRequest = readFileSync(join(inject('distFolder'), 'edge', 'viewer-request.js'), 'utf8');
  const behaviour = (pathPattern: string, origin: string) => ({
    pathPattern,
    origin,
    viewerRequest,
    forwardHeaders: 'all' as const,
    queryStrings: 'none' as const,
    ttl: { min: 0, default: 0, max: 31_536_000 },
  });
  const keyValues = [...keys.byId].map(([kid, secret]) => [kid, Buffer.from(secret).toString('base64url')] as const);
  return {
    behaviours: [
      behaviour('/raw/*', 'raw'),
      behaviour('/hls/*', 'hls'),
      { ...behaviour('/live/*', 'live'), ttl: { min: 0, default: 0, max: 0 } },
      behaviour('/feed/*', 'feed'),
      { ...behaviour('/embed/*', 'embed'), queryStrings: 'all' },
      behaviour('/player/*', 'player'),
      behaviour('*', 'file'),
    ],
    origins: Object.fromEntries(ORIGINS.map((name) => [name, name])),
    keyValues: Object.fromEntries(keyValues),
  };
}

function noteRunning({ kind, text }: LogLine, running: Set<string>): void {
  const [, event, requestId] = kind === 'platform' ? (/^(START|REPORT) RequestId: (\S+)/.exec(text) ?? []) : [];
  if (event === 'START') running.add(requestId ?? '');
  if (event === 'REPORT') running.delete(requestId ?? '');
}

/** The usage record in a line that CloudWatch would take metrics from. */
function usageOf({ kind, text }: LogLine): UsageRecord | null {
  if (kind !== 'function' || !text.startsWith('{"time"')) return null;
  const record = JSON.parse(text) as UsageRecord;
  return record.kind === 'ingest' ? null : record;
}

/** The answer as the function sent it: without what the platform is known to do to headers. */
function asSent({ headers, ...answer }: Answer): Answer {
  const own = Object.entries(headers).filter(
    ([name]) => !/^(x-amzn?-|x-cache$|via$|age$|transfer-encoding$)/.test(name),
  );
  const length = headers['content-length'] ?? headers['x-amzn-remapped-content-length'];
  const framing =
    length !== undefined && answer.status !== 304
      ? { 'content-length': String(length) }
      : { 'transfer-encoding': headers['transfer-encoding'] };
  const isAdded = (name: string): boolean =>
    name === 'content-length' || (name === 'content-type' && answer.status === 304);
  const bare = Object.fromEntries(own.filter(([name]) => !isAdded(name)));
  return { ...answer, headers: { ...bare, ...framing } };
}

/** Takes the chunked coding off each answer in `text` (RFC 9112 section 7.1). */
function unchunked(text: string): string {
  const end = text.indexOf('\r\n\r\n') + 4;
  if (end < 4) return text;
  const head = text.slice(0, end);
  let rest = text.slice(end);
  if (!/^transfer-encoding: chunked/im.test(head)) {
    const next = rest.indexOf('HTTP/1.1 ');
    return next === -1 ? text : head + rest.slice(0, next) + unchunked(rest.slice(next));
  }
  let body = '';
  for (let size = Infinity; size > 0;) {
    const line = rest.indexOf('\r\n');
    if (line === -1) break;
    size = parseInt(rest.slice(0, line), 16);
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 2 + size + 2);
  }
  return head + body + unchunked(rest);
}

function oneAtATime(): { take(): Promise<void>; give(): void } {
  const waiting: (() => void)[] = [];
  let isTaken = false;
  return {
    take: async () => {
      if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve));
      isTaken = true;
    },
    give: () => {
      const next = waiting.shift();
      if (next === undefined) isTaken = false;
      else next();
    },
  };
}
