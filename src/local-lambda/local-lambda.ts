import { startCloudFront } from './cloudfront/cloudfront.ts';
import type { CloudFrontSpec } from './cloudfront/spec.ts';
import type { FunctionSpec } from './runtime/function-spec.ts';
import { startFunctionUrl, type UrlMode } from './http/function-url.ts';
import { localFunction, type LocalFunction } from './runtime/function.ts';
import { installRuntime, type RuntimeBinary } from './runtime/install-runtime.ts';
import { startInvokeApi } from './http/invoke-api.ts';
import { unfailing, type LogLine } from './runtime/log-line.ts';
import { AWS_LIMITS, type RuntimeLimits } from './runtime/runtime-limits.ts';
import type { WebSocketSpec } from './websocket/spec.ts';
import { startWebSocketApi } from './websocket/websocket-api.ts';

/** A function and how it is reached by HTTP. */
export interface ServedFunction extends FunctionSpec {
  /** Invoke mode of its function URL; null: none. */
  readonly url: UrlMode | null;
  /** NONE unless given; AWS_IAM is met by CloudFront, and by requests that look signed. */
  readonly urlAuth?: 'NONE' | 'AWS_IAM';
}

export interface LocalLambdaOptions {
  readonly functions: readonly ServedFunction[];
  /** AWS's where not given. */
  readonly limits?: Partial<RuntimeLimits>;
  /** Puts an edge in front of the function URLs. */
  readonly cloudFront?: CloudFrontSpec;
  /** Puts a WebSocket API in front of the functions of its routes, which find its management API as AWS's SDKs look for it. */
  readonly webSocket?: WebSocketSpec;
  /** Any free ones where not given. */
  readonly ports?: LocalPorts;
  readonly log: (line: LogLine) => void;
  /** Installed (once per machine) where not given. */
  readonly runtime?: RuntimeBinary;
}

export interface LocalPorts {
  readonly invoke?: number;
  readonly cloudFront?: number;
  readonly webSocket?: number;
  /** By function name. */
  readonly urls?: Readonly<Record<string, number>>;
}

export interface LocalLambda {
  /** By function name; each `http://127.0.0.1:<port>/`. */
  readonly functionUrls: ReadonlyMap<string, string>;
  /** Endpoint for AWS's SDKs. */
  readonly invokeUrl: string;
  readonly cloudFrontUrl: string | null;
  /** `ws://127.0.0.1:<port>/<stage>` */
  readonly webSocketUrl: string | null;
  readonly functions: ReadonlyMap<string, LocalFunction>;
  /** Empties CloudFront's cache. */
  invalidate(): void;
  /** Ends everything; afterwards no process, socket or timer is left. */
  stop(): Promise<void>;
}

/** Where AWS's SDKs look for the endpoint of the management API, which has none of its own. */
export const MANAGEMENT_ENDPOINT = 'AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI';

/** Starts functions with their doors on loopback. Throws when the runtime cannot be installed or a port is taken. */
export async function startLocalLambda(options: LocalLambdaOptions): Promise<LocalLambda> {
  const { functions: specs, limits = {}, cloudFront, webSocket, ports = {} } = options;
  const log = unfailing(options.log);
  const platform = (text: string): void => log({ functionName: '', requestId: null, kind: 'platform', text });
  const runtime = options.runtime ?? (await installRuntime(platform));
  const payloadBytes = limits.payloadBytes ?? AWS_LIMITS.payloadBytes;
  const functions = new Map<string, LocalFunction>();
  const functionUrls = new Map<string, string>();
  const started: (() => Promise<void>)[] = [];
  // All at once: a door waits for its answers, and these for the functions.
  const stopAll = async (): Promise<void> => void (await Promise.all(started.map((stop) => stop())));
  try {
    const sockets =
      webSocket === undefined
        ? null
        : await startWebSocketApi(webSocket, { functions, port: ports.webSocket ?? 0, log });
    if (sockets !== null) started.push(() => sockets.stop());
    const manages = (name: string): boolean => Object.values(webSocket?.routes ?? {}).includes(name);
    for (const given of specs) {
      const spec =
        sockets === null || !manages(given.name)
          ? given
          : { ...given, environment: { ...given.environment, [MANAGEMENT_ENDPOINT]: sockets.endpoint } };
      if (functions.has(spec.name)) throw new Error(`two functions are called ${spec.name}`);
      const target = localFunction(spec, { runtime, limits, log });
      functions.set(spec.name, target);
      started.push(() => target.stop());
      if (spec.url === null) continue;
      const port = ports.urls?.[spec.name] ?? 0;
      const url = await startFunctionUrl(target, {
        mode: spec.url,
        auth: spec.urlAuth ?? 'NONE',
        port,
        payloadBytes,
        log,
      });
      started.push(() => url.stop());
      functionUrls.set(spec.name, `${url.origin}/`);
    }
    const api = await startInvokeApi(functions, { port: ports.invoke ?? 0, payloadBytes });
    started.push(() => api.stop());
    const edge =
      cloudFront === undefined
        ? null
        : await startCloudFront(cloudFront, { functionUrls, port: ports.cloudFront ?? 0, log });
    if (edge !== null) started.push(() => edge.stop());
    let stopped: Promise<void> | null = null;
    return {
      functionUrls,
      invokeUrl: api.origin,
      cloudFrontUrl: edge?.origin ?? null,
      webSocketUrl: sockets?.url ?? null,
      functions,
      invalidate: () => edge?.invalidate(),
      stop: () => (stopped ??= stopAll()),
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}
