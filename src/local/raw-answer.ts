import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { BatonError } from '../errors.ts';
import { errorReply } from '../relay/app.ts';

/** Answers a request that node:http does not answer, and ends its connection. */
export function refuse(socket: Duplex, error: BatonError): void {
  const { status, headers, body } = errorReply(error);
  const bytes = body instanceof Uint8Array ? body : Buffer.alloc(0);
  const lines = Object.entries({ ...headers, 'content-length': String(bytes.length), connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n`), bytes]));
}
