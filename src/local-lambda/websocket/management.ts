import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBodyUpTo, splitTarget } from '../http/read.ts';
import { sendJson } from '../http/send.ts';
import type { Connection } from './connection.ts';

export interface ManagementDeps {
  readonly stage: string;
  readonly messageBytes: number;
  /** One whose handshake is over and which is not closing, by its id. */
  readonly find: (connectionId: string) => Connection | null;
}

const SIGNED = /^AWS4-(?:HMAC-SHA256|ECDSA-P256-SHA256) Credential=/;

/** Answers `POST`, `GET` and `DELETE /<stage>/@connections/<id>`, and refuses every other request that is no handshake. */
export async function manage(
  { stage, messageBytes, find }: ManagementDeps,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, name: string, message: string): void =>
    sendJson(
      response,
      status,
      { message, __type: name },
      { 'x-amzn-errortype': name, 'x-amzn-requestid': randomUUID() },
    );
  const [, root, word, id, ...more] = splitTarget(incoming.url ?? '/')
    .path.split('/')
    .map(decoded);
  if (root !== stage || word !== '@connections' || id === undefined || more.length > 0) {
    refuse(403, 'ForbiddenException', 'Forbidden');
    return;
  }
  if (!SIGNED.test(incoming.headers.authorization ?? '')) {
    refuse(403, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
    return;
  }
  const data = await readBodyUpTo(incoming, messageBytes);
  const target = find(id);
  if (data === null) {
    refuse(413, 'PayloadTooLargeException', `Message may have ${messageBytes} bytes`);
  } else if (target === null) {
    refuse(410, 'GoneException', 'Gone');
  } else if (incoming.method === 'POST') {
    if (target.send(data)) response.writeHead(200, { 'content-length': '0' }).end();
    else refuse(429, 'LimitExceededException', 'The client does not read');
  } else if (incoming.method === 'GET') {
    sendJson(response, 200, described(target));
  } else if (incoming.method === 'DELETE') {
    target.close(1000, 'Connection Closed Normally');
    response.writeHead(204).end();
  } else {
    refuse(403, 'ForbiddenException', 'Forbidden');
  }
}

function described(target: Connection): object {
  const { connectedAt, sourceIp, userAgent } = target.told;
  return {
    connectedAt: new Date(connectedAt).toISOString(),
    identity: { sourceIp, userAgent },
    lastActiveAt: new Date(target.lastActiveAt()).toISOString(),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
