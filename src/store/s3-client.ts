import { S3Client } from '@aws-sdk/client-s3';
import type { Milliseconds } from '../units.ts';

/** Where S3 is, and how long it is waited for. */
export interface S3ClientOptions {
  /** Of an S3-compatible server, which is then asked in path style; null: AWS. */
  readonly endpoint: string | null;
  /** Null: what the SDK finds in the environment or its configuration files. */
  readonly region: string | null;
  /** Null or left out: the SDK's chain (environment, files, role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
  /** Left out: those of a store. */
  readonly limits?: Partial<S3ClientLimits>;
}

/** What one call may take. */
export interface S3ClientLimits {
  /** For a connection, with the wait for a free one. */
  readonly connectMs: Milliseconds;
  /** From a request to the head of its answer. */
  readonly requestMs: Milliseconds;
  /** The longest silence in a body; 0 for bodies that are read at the pace of a listener. */
  readonly silenceMs: Milliseconds;
  /** The first one included. 500, 503 SlowDown, timeouts and broken connections are tried again, after a random pause. */
  readonly attempts: number;
  readonly sockets: number;
}

/** For sources, which are watched by whoever reads them, and tried again there. */
export const s3SourceLimits: S3ClientLimits = {
  connectMs: 5_000,
  requestMs: 10_000,
  silenceMs: 0,
  attempts: 1,
  sockets: 256,
};

const STORE_LIMITS: S3ClientLimits = { connectMs: 1_000, requestMs: 3_000, silenceMs: 3_000, attempts: 3, sockets: 32 };

/** A client that gives up soon and keeps its connections. Nothing is asked or read before its first call. */
export function s3Client({ endpoint, region, credentials, limits }: S3ClientOptions): S3Client {
  const { connectMs, requestMs, silenceMs, attempts, sockets } = { ...STORE_LIMITS, ...limits };
  const agent = { keepAlive: true, maxSockets: sockets };
  return new S3Client({
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(region === null ? {} : { region }),
    ...(credentials == null ? {} : { credentials }),
    maxAttempts: attempts,
    retryMode: 'standard',
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: requestMs,
      throwOnRequestTimeout: true, // else it is only logged
      socketTimeout: silenceMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
