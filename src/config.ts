import { availableParallelism } from 'node:os';
import { BatonError } from './errors.ts';
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
  /** A source is looked at again at most this often. */
  readonly revalidateMs: Milliseconds;
  readonly storeBytes: Bytes;
  readonly memoryBytes: Bytes;
  /** A source without byte ranges is kept whole up to this size. */
  readonly spoolBytes: Bytes;
  /** Responses under way at the same time. */
  readonly maxRequests: number;
  /** ffmpeg processes that encode ahead at the same time. */
  readonly encoders: number;
  /** How long responses under way may go on after SIGTERM. */
  readonly shutdownMs: Milliseconds;
}

type Environment = Readonly<Record<string, string | undefined>>;

const MiB = 2 ** 20;

/** Every variable that Baton reads, with what `baton --help` and the README say of it. */
export const variables = {
  PORT: 'port of the Node server (8080)',
  BATON_HOST: 'address the Node server listens on (127.0.0.1)',
  BATON_DATA: 'data folder: keys and store (.baton)',
  BATON_ALLOW_ORIGINS: 'exact origins, comma-separated, that sources may have although they are not public',
  BATON_REVALIDATE_SECONDS: 'a source is looked at again at most this often (300)',
  BATON_STORE_MB: 'size of the store on disk (2048)',
  BATON_MEMORY_MB: 'part of the store kept in memory as well (16)',
  BATON_SPOOL_MB: 'largest source without byte ranges (512)',
  BATON_MAX_REQUESTS: 'responses under way at the same time (256)',
  BATON_ENCODERS: 'ffmpeg processes that encode ahead at the same time (number of cores)',
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
    revalidateMs: whole(env, 'BATON_REVALIDATE_SECONDS', 300, 0, 86_400) * 1000,
    storeBytes: whole(env, 'BATON_STORE_MB', 2048, 1, 2 ** 24) * MiB,
    memoryBytes: whole(env, 'BATON_MEMORY_MB', 16, 0, 2 ** 16) * MiB,
    spoolBytes: whole(env, 'BATON_SPOOL_MB', 512, 0, 2 ** 20) * MiB,
    maxRequests: whole(env, 'BATON_MAX_REQUESTS', 256, 1, 100_000),
    encoders: whole(env, 'BATON_ENCODERS', availableParallelism(), 1, 1024),
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

function origins(env: Environment): readonly string[] {
  if (env['AWS_LAMBDA_RUNTIME_API'] !== undefined) return []; // never in a deployed function: its runtime API is on loopback
  const texts = (env['BATON_ALLOW_ORIGINS'] ?? '').split(',').map((text) => text.trim());
  return texts.filter((text) => text !== '').map(origin);
}

function origin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && text.replace(/\/$/, '').toLowerCase() === url.origin)
    return url.origin;
  throw invalid('BATON_ALLOW_ORIGINS', `must hold exact origins such as http://127.0.0.1:9000, not "${text}"`);
}

const invalid = (name: keyof typeof variables, rule: string): BatonError =>
  new BatonError('CONFIG_INVALID', `${name} ${rule}`);
