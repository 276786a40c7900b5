import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPut, type PutBody } from './s3-server-body.ts';
import { actOn, type S3Reply } from './s3-server-act.ts';
import { escapeXml, XML } from './s3-server-xml.ts';
import type { S3Faults, S3Request, S3Server } from './s3-server.ts';

type Counted = { [K in keyof S3Faults]-?: NonNullable<S3Faults[K]> extends number ? K : never }[keyof S3Faults];

/** Answers one request, or does what the faults of the server ask for. Rejects when the connection ends. */
export async function answerS3(server: S3Server, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = requestOf(incoming);
  server.requests.push(request);
  const { faults } = server;
  const happens = (fault: Counted): boolean => {
    const left = faults[fault] ?? 0;
    if (left <= 0 || faults.only?.(request) === false) return false;
    faults[fault] = left - 1;
    return true;
  };

  const path = `${request.bucket}/${request.key}`;
  const others = putting.get(server)?.get(path) ?? 0;
  const put = request.method === 'PUT' ? await during(server, path, () => readPut(incoming)) : null;
  if (put !== null && happens('damagedUploads')) damage(put.bytes);
  if (happens('hangs')) return;
  if (happens('resets')) return void incoming.socket.resetAndDestroy();
  const reply = await during(server, put === null ? null : path, async () => {
    if (faults.latencyMs !== undefined && faults.only?.(request) !== false) await sleep(faults.latencyMs);
    const error = faultReply(request, put, others > 0 && faults.conflictOnRaces === true, happens);
    return error ?? actOn(server, request, put);
  });
  if (happens('lostReplies')) return void incoming.socket.resetAndDestroy();
  request.status = reply.status;
  await send(request, response, reply, happens);
}

/** How many PUTs to each path are under way. */
const putting = new WeakMap<S3Server, Map<string, number>>();

async function during<T>(server: S3Server, path: string | null, run: () => Promise<T>): Promise<T> {
  if (path === null) return run();
  const counts = putting.get(server) ?? new Map<string, number>();
  putting.set(server, counts);
  counts.set(path, (counts.get(path) ?? 0) + 1);
  try {
    return await run();
  } finally {
    counts.set(path, (counts.get(path) ?? 1) - 1);
  }
}

function requestOf({ method = '', url = '', headers }: IncomingMessage): S3Request {
  const [, bucket = '', key = '', query = ''] = /^\/([^/?]*)\/?([^?]*)\??(.*)$/.exec(url) ?? [];
  const range = headers.range ?? null;
  return { method, bucket, key: decodeURIComponent(key), query, range, headers, status: 0 };
}

function faultReply(
  request: S3Request,
  put: PutBody | null,
  races: boolean,
  happens: (fault: Counted) => boolean,
): S3Reply | null {
  const isConditional =
    put !== null && (request.headers['if-none-match'] !== undefined || request.headers['if-match'] !== undefined);
  if (happens('slowDown')) return { status: 503, code: 'SlowDown' };
  if (happens('serverErrors')) return { status: 500, code: 'InternalError' };
  if (isConditional && (races || happens('conflicts'))) return { status: 409, code: 'ConditionalRequestConflict' };
  return null;
}

async function send(
  request: S3Request,
  response: ServerResponse,
  reply: S3Reply,
  happens: (fault: Counted) => boolean,
): Promise<void> {
  const body = bodyOf(request, reply);
  const headers = { 'x-amz-request-id': `TEST${String(Math.random()).slice(2, 14)}`, ...reply.headers };
  const isText = reply.code !== undefined || reply.xml !== undefined;
  response.writeHead(reply.status, {
    ...(reply.status === 204 || reply.status === 304 ? {} : { 'content-length': body.length }),
    ...(isText ? { 'content-type': 'application/xml' } : {}),
    ...headers,
  });
  if (request.method === 'HEAD' || reply.status === 204 || reply.status === 304) return void response.end();
  const isObject = request.method === 'GET' && reply.body !== undefined;
  if (isObject && happens('cutBodies')) {
    response.write(body.subarray(0, body.length >> 1));
    await sleep(20); // else the reset overtakes the bytes
    return void response.socket?.resetAndDestroy();
  }
  if (isObject && happens('stalledBodies')) return void response.write(body.subarray(0, body.length >> 1));
  if (isObject && happens('damagedBodies')) damage(body);
  response.end(body);
  await once(response, 'close');
}

function damage(bytes: Buffer): void {
  if (bytes.length > 0) bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0) & 255;
}

function bodyOf(request: S3Request, { body, xml, code }: S3Reply): Buffer {
  if (body !== undefined) return Buffer.from(body);
  if (code === undefined) return Buffer.from(xml ?? '');
  return Buffer.from(
    `${XML}<Error><Code>${code}</Code><Message>As asked for.</Message><Key>${escapeXml(request.key)}</Key></Error>`,
  );
}
