import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Prelude } from './prelude.ts';

/**
 * Names that the service takes for itself: a function's own field of that name reaches the client as `x-amzn-remapped-<name>`.
 * The list is API Gateway's published one; for function URLs connection, content-length, date, server and www-authenticate
 * were reported.
 */
const REMAPPED = new Set([
  ...['authorization', 'connection', 'content-md5', 'date', 'host', 'max-forwards'],
  ...['server', 'user-agent', 'www-authenticate', 'x-amzn-requestid', 'x-amzn-trace-id'],
]);

/** Hop by hop, or about the transfer that the service does itself: dropped. */
const DROPPED = new Set([
  ...['expect', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** How the length of the body is told: `chunked` renames the function's own, a number replaces it. */
export type Length = 'chunked' | number;

/** The header fields that reach the client. Throws an Error for one that cannot be sent. */
export function clientHeaders({ headers, cookies }: Prelude, length: Length): Record<string, string | string[]> {
  const sent: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (DROPPED.has(name) || (name === 'content-length' && length !== 'chunked')) continue;
    const isRemapped = REMAPPED.has(name) || name === 'content-length';
    check(name, value);
    sent[isRemapped ? `x-amzn-remapped-${name}` : name] = value;
  }
  for (const cookie of cookies) check('set-cookie', cookie);
  if (cookies.length > 0) sent['set-cookie'] = [...cookies];
  if (length !== 'chunked') sent['content-length'] = String(length);
  return sent;
}

function check(name: string, value: string): void {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new Error(`header ${JSON.stringify(name)} has a name or value that HTTP does not allow`);
  }
}
