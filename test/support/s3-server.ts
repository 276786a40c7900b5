import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { answerS3 } from './s3-server-answer.ts';
import { newObject } from './s3-server-object.ts';

/** One object as it stands. */
export interface S3Object {
  readonly bytes: Buffer;
  /** With its quotes. */
  readonly etag: string;
  readonly modified: Date;
  /** CRC-32 in base64, as the writer sent it. */
  readonly crc32: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  /** Decoded; '' for a request to the bucket. */
  readonly key: string;
  readonly query: string;
  readonly range: string | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** 0 while it has no answer. */
  status: number;
}

/** What goes wrong. Numbers count down with each request they hit; every field may be changed while the server runs. */
export interface S3Faults {
  /** Only requests for which this is true are hit by the others. */
  only?: (request: S3Request) => boolean;
  /** 503 SlowDown. */
  slowDown?: number;
  /** 500 InternalError. */
  serverErrors?: number;
  /** 409 ConditionalRequestConflict on conditional PUTs, of which nothing is stored. */
  conflicts?: number;
  /** As AWS may: 409 on a conditional PUT that comes while another PUT to its key is under way. */
  conflictOnRaces?: boolean;
  /** Before each answer. */
  latencyMs?: number;
  /** No answer, ever. */
  hangs?: number;
  /** The connection is reset before anything was done. */
  resets?: number;
  /** The connection is reset when everything was done, before the answer. */
  lostReplies?: number;
  /** The body of a GET breaks off in its middle, by a reset; or nothing more comes. */
  cutBodies?: number;
  stalledBodies?: number;
  /** A GET gives the wrong bytes, with the checksum of the right ones. */
  damagedBodies?: number;
  /** What a PUT brings is not what was sent. */
  damagedUploads?: number;
  /** 403 AccessDenied. */
  denied?: (request: S3Request) => boolean;
}

export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  /** By `bucket/key`; may be changed. */
  readonly objects: Map<string, S3Object>;
  readonly buckets: Set<string>;
  readonly faults: S3Faults;
  readonly requests: S3Request[];
  /** Connections ever opened. */
  readonly connected: number;
  /** Puts an object there, as if somebody else had. */
  put(key: string, bytes: Uint8Array, headers?: Readonly<Record<string, string>>): void;
  close(): Promise<void>;
}

/** What the server signs for: the tests' SDK must send some credentials. */
export const S3_CREDENTIALS = { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test/secret+of+no+worth' };

/**
 * An S3-compatible server on loopback, of our own: the servers that npm and Debian have (s3rver, CloudServer, radosgw)
 * either ignore the conditions of a PUT or are clusters to be run, and none fails on request. It speaks what the AWS SDK
 * sends in path style: PUT (also aws-chunked with a checksum in the trailer), GET with ranges, HEAD, DELETE,
 * ListObjectsV2; conditions, checksums and error codes are those of the S3 API reference. Requests must be signed, but
 * the signature is not computed. It holds `bucket` and the buckets that a test adds.
 */
export async function startS3Server({ bucket = 'baton-test', port = 0 } = {}): Promise<S3Server> {
  const sockets = new Set<Socket>();
  let connected = 0;
  const server = createServer((request, response) => {
    // Whatever breaks here is a connection that ended, by them or by us on purpose.
    answerS3(self, request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    connected += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const close = async (): Promise<void> => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const self: S3Server = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket,
    objects: new Map(),
    buckets: new Set([bucket]),
    faults: {},
    requests: [],
    get connected() {
      return connected;
    },
    put: (key, bytes, headers = {}) => void self.objects.set(`${bucket}/${key}`, newObject(bytes, headers)),
    close,
    [Symbol.asyncDispose]: close,
  };
  return self;
}
