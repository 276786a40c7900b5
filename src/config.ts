import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { BatonError } from './errors.ts';
import { parseS3Address, type S3Address } from './s3-address.ts';
import type { Bytes, Milliseconds } from './units.ts';

/** How this process is set up; every field has a default. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Signing keys, store and engine record live here. */
  readonly dataFolder: string;
  /** Exact origins (scheme, host, port) that sources may have although they are not public. */
  readonly allowOrigins: readonly string[];
  /** Overrides the ffmpeg that comes with the npm package. */
  readonly ffmpegPath: string | null;
  /** What absolute links in feeds and pages start with, without a slash at the end. Null: as the listener asked. */
  readonly publicOrigin: string | null;
  /** A source is looked at again at most this often. */
  readonly revalidateMs: Milliseconds;
  /** How long a feed waits for the lengths of its episodes. */
  readonly feedMs: Milliseconds;
  /** Where derived things are kept: a folder, or a bucket. Null: in the data folder. */
  readonly storeAddress: StoreAddress | null;
  /** Address of an S3-compatible service; null: AWS. */
  readonly s3Endpoint: string | null;
  /** Buckets, or prefixes in them, that s3: sources may be in. */
  readonly sourceBuckets: readonly S3Address[];
  /** Signing keys as text, in place of those of the data folder. */
  readonly keys: string | null;
  /** Name or ARN of the secret that holds them. */
  readonly keysSecret: string | null;
  /** ARN of the copy of the keys that the edge reads. */
  readonly keyValueStore: string | null;
  /** The edge in front checks tokens and strips them; nobody else can reach this process. */
  readonly trustEdge: boolean;
  readonly storeBytes: Bytes;
  readonly memoryBytes: Bytes;
  /** A source without byte ranges is kept whole up to this size. */
  readonly spoolBytes: Bytes;
  /** Responses under way at the same time. */
  readonly maxRequests: number;
  /** ffmpeg processes that encode ahead at the same time. */
  readonly encoders: number;
  /** Of a function: where its bundle is, with what was packed beside it. */
  readonly packageFolder: string | null;
  /** On functions: the most that one 206 holds, and how long one may take that leaves as a whole. */
  readonly partBytes: Bytes;
  readonly collectMs: Milliseconds;
  /** How much sound a leg of a framed stream brings. */
  readonly legMs: Milliseconds;
  /** How long a leg of a channel lasts. Null: as the runtime is best off. */
  readonly liveLegMs: Milliseconds | null;
  /** How far behind what is on now a new listener of a channel begins. Null: as the runtime is best off. */
  readonly behindMs: Milliseconds | null;
  /** How far back listeners of a channel may go. */
  readonly dvrMs: Milliseconds;
  /** How long silence stands for a station that is away. */
  readonly silenceMs: Milliseconds;
  /** What whoever reads the metrics has to send; null: nobody can. */
  readonly metricsToken: string | null;
  /** Listeners of channels at the same time. */
  readonly maxListeners: number;
  /** Exact origins whose pages may publish, besides the server's own. */
  readonly ingestOrigins: readonly string[];
  /** Publishers who are connected at the same time. */
  readonly maxPublishers: number;
  /** How long responses under way may go on after SIGTERM. */
  readonly shutdownMs: Milliseconds;
}

/** Where a store is. */
export type StoreAddress = { readonly kind: 'folder'; readonly path: string } | ({ readonly kind: 's3' } & S3Address);

type Environment = Readonly<Record<string, string | undefined>>;

const MiB = 2 ** 20;

/** Every variable that Baton reads, with what `baton --help` and the README say of it. */
export const variables = {
  PORT: 'port of the Node server (8080)',
  BATON_HOST: 'address the Node server listens on (127.0.0.1)',
  BATON_DATA: 'data folder: keys and store (.baton)',
  BATON_ALLOW_ORIGINS: 'exact origins, comma-separated, that sources may have although they are not public',
  BATON_PUBLIC_ORIGIN: 'what absolute links in feeds and pages start with (as the listener asked)',
  BATON_REVALIDATE_SECONDS: 'a source is looked at again at most this often (300)',
  BATON_FEED_MS: 'how long a feed waits for lengths of its episodes that are not known yet (4000)',
  BATON_STORE: 'store: a folder, or s3://bucket/prefix (in the data folder)',
  BATON_S3_ENDPOINT: 'address of an S3-compatible service (AWS)',
  BATON_SOURCE_BUCKETS: 'buckets, or bucket/prefix, comma-separated, that s3:// sources may be in',
  BATON_KEYS: 'signing keys, id:base64url, in place of those in the data folder',
  BATON_KEYS_SECRET: 'AWS secret that holds the signing keys',
  BATON_KEY_VALUE_STORE: "of the function that manages keys: ARN of CloudFront's copy of them",
  BATON_TRUST_EDGE: '1 when only an edge that checks tokens can reach this process',
  BATON_STORE_MB: 'size of the store on disk (2048)',
  BATON_MEMORY_MB: 'part of the store kept in memory as well (16)',
  BATON_SPOOL_MB: 'largest source without byte ranges (512)',
  BATON_MAX_REQUESTS: 'responses under way at the same time (256)',
  BATON_ENCODERS: 'ffmpeg processes that encode ahead at the same time (number of cores)',
  BATON_RANGE_MB: 'on functions: the most that one answer to a range holds (4)',
  BATON_RANGE_MS: 'on functions without streaming: how long one answer to a range may be made (300)',
  BATON_LEG_SECONDS: 'how much sound a leg of a framed stream brings (20)',
  BATON_LIVE_LEG_SECONDS:
    'how long a leg of a live channel lasts (an hour; on functions, of the leg that carries it, 90)',
  BATON_LIVE_BEHIND_SECONDS:
    'how far behind what is on now new listeners of a channel begin (6, of one that is published here 0; on functions 30)',
  BATON_DVR_MINUTES: 'how far back listeners of a channel may go (30)',
  BATON_SILENCE_SECONDS: 'how long silence stands for a station that is away, before it is given up (30)',
  BATON_METRICS_TOKEN: 'bearer token that opens /metrics, for Prometheus (closed)',
  BATON_MAX_LISTENERS: 'listeners of live channels at the same time (5000)',
  BATON_INGEST_ORIGINS: "exact origins, comma-separated, whose pages may publish besides the server's own",
  BATON_MAX_PUBLISHERS: 'publishers who are connected at the same time (64)',
  BATON_SHUTDOWN_SECONDS: 'how long responses may go on after SIGTERM (10)',
  FFMPEG_PATH: 'another ffmpeg than the one of the npm package',
} as const;

/** The only reader of the environment. Throws CONFIG_INVALID, naming the variable and what it should be. */
export function readConfig(env: Environment): Config {
  return Object.freeze({
    host: env['BATON_HOST'] ?? '127.0.0.1',
    port: whole(env, 'PORT', 8080, 0, 65535),
    dataFolder: env['BATON_DATA'] ?? '.baton',
    allowOrigins: origins(env),
    ffmpegPath: env['FFMPEG_PATH'] ?? null,
    publicOrigin: publicOrigin(env),
    revalidateMs: whole(env, 'BATON_REVALIDATE_SECONDS', 300, 0, 86_400) * 1000,
    feedMs: whole(env, 'BATON_FEED_MS', 4000, 0, 60_000),
    storeAddress: storeAddress(env),
    s3Endpoint: endpoint(env),
    sourceBuckets: list(env, 'BATON_SOURCE_BUCKETS').map(sourceBucket),
    keys: env['BATON_KEYS'] ?? null,
    keysSecret: env['BATON_KEYS_SECRET'] ?? null,
    keyValueStore: env['BATON_KEY_VALUE_STORE'] ?? null,
    trustEdge: flag(env, 'BATON_TRUST_EDGE'),
    storeBytes: whole(env, 'BATON_STORE_MB', 2048, 1, 2 ** 24) * MiB,
    memoryBytes: whole(env, 'BATON_MEMORY_MB', 16, 0, 2 ** 16) * MiB,
    spoolBytes: whole(env, 'BATON_SPOOL_MB', 512, 0, 2 ** 20) * MiB,
    maxRequests: whole(env, 'BATON_MAX_REQUESTS', 256, 1, 100_000),
    encoders: whole(env, 'BATON_ENCODERS', availableParallelism(), 1, 1024),
    packageFolder: packageFolder(env),
    partBytes: whole(env, 'BATON_RANGE_MB', 4, 1, 4) * MiB,
    collectMs: whole(env, 'BATON_RANGE_MS', 300, 0, 20_000),
    legMs: whole(env, 'BATON_LEG_SECONDS', 20, 1, 3600) * 1000,
    liveLegMs: optional(env, 'BATON_LIVE_LEG_SECONDS', 5, 86_400),
    behindMs: optional(env, 'BATON_LIVE_BEHIND_SECONDS', 0, 600),
    dvrMs: whole(env, 'BATON_DVR_MINUTES', 30, 1, 1440) * 60_000,
    silenceMs: whole(env, 'BATON_SILENCE_SECONDS', 30, 0, 86_400) * 1000,
    metricsToken: text(env, 'BATON_METRICS_TOKEN'),
    maxListeners: whole(env, 'BATON_MAX_LISTENERS', 5000, 1, 1_000_000),
    ingestOrigins: list(env, 'BATON_INGEST_ORIGINS').map((text) => origin('BATON_INGEST_ORIGINS', text)),
    maxPublishers: whole(env, 'BATON_MAX_PUBLISHERS', 64, 1, 100_000),
    shutdownMs: whole(env, 'BATON_SHUTDOWN_SECONDS', 10, 0, 3600) * 1000,
  });
}

function whole(env: Environment, name: keyof typeof variables, fallback: number, least: number, most: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw invalid(name, `must be a whole number from ${least} to ${most}, not "${text}"`);
}

/** Null where it is empty. */
const text = (env: Environment, name: keyof typeof variables): string | null => {
  const value = env[name] ?? '';
  return value === '' ? null : value;
};

/** In seconds; null where it is left to the runtime. */
function optional(env: Environment, name: keyof typeof variables, least: number, most: number): Milliseconds | null {
  return (env[name] ?? '') === '' ? null : whole(env, name, 0, least, most) * 1000;
}

function origins(env: Environment): readonly string[] {
  // Never in a deployed function: its runtime API is on loopback. Lambda reserves the second variable for itself.
  if (env['AWS_LAMBDA_RUNTIME_API'] !== undefined && env['AWS_LAMBDA_INITIALIZATION_TYPE'] !== 'local-lambda')
    return [];
  return list(env, 'BATON_ALLOW_ORIGINS').map((text) => origin('BATON_ALLOW_ORIGINS', text));
}

function list(env: Environment, name: keyof typeof variables): readonly string[] {
  const texts = (env[name] ?? '').split(',').map((text) => text.trim());
  return texts.filter((text) => text !== '');
}

function flag(env: Environment, name: keyof typeof variables): boolean {
  const text = env[name] ?? '';
  if (['', '0', '1'].includes(text)) return text === '1';
  throw invalid(name, `must be 1 or 0, not "${text}"`);
}

function origin(name: keyof typeof variables, text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && text.replace(/\/$/, '').toLowerCase() === url.origin)
    return url.origin;
  throw invalid(name, `must hold exact origins such as http://127.0.0.1:9000, not "${text}"`);
}

function publicOrigin(env: Environment): string | null {
  const text = env['BATON_PUBLIC_ORIGIN'];
  if (text === undefined || text === '') return null;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '' && url.username === '')
    return url.href.replace(/\/+$/, '');
  throw invalid('BATON_PUBLIC_ORIGIN', `must be an address such as https://media.example.com, not "${text}"`);
}

function storeAddress(env: Environment): StoreAddress | null {
  const text = env['BATON_STORE'];
  if (text === undefined || text === '') return null;
  if (!text.includes('://')) return { kind: 'folder', path: text };
  const address = parseS3Address(text);
  if (address === null) throw invalid('BATON_STORE', `must be a folder or s3://bucket/prefix, not "${text}"`);
  return { kind: 's3', ...address };
}

function sourceBucket(text: string): S3Address {
  const address = parseS3Address(`s3://${text}`);
  if (address !== null) return address;
  throw invalid('BATON_SOURCE_BUCKETS', `must hold buckets or bucket/prefix, not "${text}"`);
}

/** Lambda names the handler by its file below the task's root. */
function packageFolder(env: Environment): string | null {
  const root = env['LAMBDA_TASK_ROOT'];
  return root === undefined ? null : join(root, dirname(env['_HANDLER'] ?? ''));
}

function endpoint(env: Environment): string | null {
  const text = env['BATON_S3_ENDPOINT'];
  if (text === undefined || text === '') return null;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.origin;
  throw invalid('BATON_S3_ENDPOINT', `must be an address such as http://127.0.0.1:9000, not "${text}"`);
}

const invalid = (name: keyof typeof variables, rule: string): BatonError =>
  new BatonError('CONFIG_INVALID', `${name} ${rule}`);
