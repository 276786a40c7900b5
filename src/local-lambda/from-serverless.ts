import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { CloudFrontSpec } from './cloudfront/spec.ts';
import { cloudFrontOf } from './from-serverless-cloudfront.ts';
import { isObject, type Resources } from './from-serverless-resources.ts';
import { webSocketOf } from './from-serverless-websocket.ts';
import { MANAGEMENT_ENDPOINT, type ServedFunction } from './local-lambda.ts';
import type { WebSocketSpec } from './websocket/spec.ts';

export interface FromServerless {
  /** Path of the serverless.yml; its folder becomes LAMBDA_TASK_ROOT. */
  readonly file: string;
  /** `--param key=value` of osls. */
  readonly params?: Readonly<Record<string, string>>;
  /** Variables for every function; they win over those of the file. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Where a function reserves no concurrency; 10 unless given. */
  readonly maxEnvironments?: number;
  /** Content of the key value store that the CloudFront Function reads. */
  readonly keyValues?: Readonly<Record<string, string>>;
}

export interface ServerlessSetup {
  readonly functions: readonly ServedFunction[];
  /** The first distribution of `resources`, or null. */
  readonly cloudFront: CloudFrontSpec | null;
  /** Of the `websocket` events, or null. */
  readonly webSocket: WebSocketSpec | null;
  /** Where the file has values that only a deployment knows (`file.environment.BUCKET`) and nothing was given instead. */
  readonly unresolved: readonly string[];
}

/**
 * What a serverless.yml deploys, for `startLocalLambda`. Resolved by osls, offline and without credentials.
 * Throws an Error with what osls says when it cannot be resolved.
 */
export async function fromServerless(options: FromServerless): Promise<ServerlessSetup> {
  const file = resolve(options.file);
  const service = await printed(file, options.params ?? {});
  const provider = service.provider ?? {};
  const unresolved: string[] = [];
  const functions = Object.entries(service.functions ?? {}).map(([name, own]): ServedFunction => {
    if (typeof own.handler !== 'string') throw new Error(`${file}: function ${name} has no handler`);
    const variables = { ...provider.environment, ...own.environment };
    return {
      name,
      taskRoot: dirname(file),
      handler: own.handler,
      memoryMb: own.memorySize ?? provider.memorySize ?? 1024,
      timeoutSeconds: own.timeout ?? provider.timeout ?? 6,
      environment: environmentOf(name, variables, options.environment ?? {}, unresolved),
      maxEnvironments: reserved(own.reservedConcurrency) ?? options.maxEnvironments ?? 10,
      ...urlOf(own.url),
    };
  });
  const resources = { ...service.resources?.Resources };
  const webSocket = webSocketOf(provider, service.functions ?? {});
  const names = functions.filter(({ url }) => url !== null).map(({ name }) => name);
  const cloudFront = cloudFrontOf(resources, names, options.keyValues ?? {});
  return { functions, cloudFront, webSocket, unresolved };
}

interface Service {
  readonly provider?: Partial<Common> & {
    readonly stage?: unknown;
    readonly websocketsApiRouteSelectionExpression?: unknown;
  };
  readonly functions?: Readonly<
    Record<
      string,
      Partial<Common> & { handler?: unknown; url?: unknown; reservedConcurrency?: unknown; events?: unknown }
    >
  >;
  readonly resources?: { readonly Resources?: Resources };
}

interface Common {
  readonly memorySize: number;
  readonly timeout: number;
  readonly environment: Readonly<Record<string, unknown>>;
}

const MOST_TEXT = 64 * 2 ** 20;

async function printed(file: string, params: Readonly<Record<string, string>>): Promise<Service> {
  const osls = createRequire(import.meta.url).resolve('osls/bin/serverless.js');
  const flags = Object.entries(params).flatMap(([key, value]) => ['--param', `${key}=${value}`]);
  const args = [osls, 'print', '--format', 'json', '--config', basename(file), ...flags];
  const run = promisify(execFile)(process.execPath, args, { cwd: dirname(file), maxBuffer: MOST_TEXT });
  const { stdout } = await run.catch((cause: unknown) => {
    const error = cause as Error & { stdout?: string; stderr?: string };
    const text = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim();
    throw new Error(`osls cannot resolve ${file}: ${text === '' ? error.message : text}`, { cause });
  });
  return JSON.parse(stdout.slice(stdout.indexOf('{'))) as Service;
}

function environmentOf(
  name: string,
  variables: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, string>>,
  unresolved: string[],
): Record<string, string> {
  const known = Object.entries(variables).flatMap(([key, value]): [string, string][] => {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return [[key, String(value)]];
    if (value !== null && !(key in given) && key !== MANAGEMENT_ENDPOINT) unresolved.push(`${name}.environment.${key}`);
    return [];
  });
  return { ...Object.fromEntries(known), ...given };
}

function urlOf(url: unknown): Pick<ServedFunction, 'url' | 'urlAuth'> {
  if (url === undefined || url === null || url === false) return { url: null };
  const { invokeMode, authorizer } = isObject(url) ? url : {};
  return {
    url: invokeMode === 'RESPONSE_STREAM' ? 'RESPONSE_STREAM' : 'BUFFERED',
    urlAuth: authorizer === 'aws_iam' ? 'AWS_IAM' : 'NONE',
  };
}

const reserved = (value: unknown): number | null => (typeof value === 'number' && value > 0 ? value : null);
