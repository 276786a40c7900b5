import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { contentRange, parseRange, unsatisfiedRange } from '../net/range.ts';

/** Answers requests for one file. */
export type ServedFile = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** `file` as a well-behaved origin has it: GET and HEAD, ranges, If-Range, a strong ETag of its bytes, Last-Modified. */
export async function servedFile(file: string, type: string): Promise<ServedFile> {
  const { size, mtime } = await stat(file);
  const modified = mtime.toUTCString();
  const etag = `"${await hashOf(file)}"`;
  const validators = { etag, 'last-modified': modified, 'accept-ranges': 'bytes' };
  return async ({ method, headers }, response) => {
    if (method !== 'GET' && method !== 'HEAD') return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    if (headers['if-none-match'] === etag) return void response.writeHead(304, validators).end();
    const condition = headers['if-range'];
    const isPart = method === 'GET' && (condition === undefined || condition === etag || condition === modified);
    const asked = parseRange(isPart ? headers.range : undefined, size);
    if (asked.kind === 'unsatisfiable') {
      response.writeHead(416, { ...validators, 'content-range': unsatisfiedRange(size) }).end();
      return;
    }
    const { start, end } = asked.kind === 'part' ? asked.range : { start: 0, end: size };
    response.writeHead(asked.kind === 'part' ? 206 : 200, {
      ...validators,
      'content-type': type,
      'content-length': String(end - start),
      ...(asked.kind === 'part' ? { 'content-range': contentRange({ start, end }, size) } : {}),
    });
    if (method === 'HEAD') return void response.end();
    // Node's file streams end inclusively. A reader who leaves is no failure.
    await pipeline(createReadStream(file, { start, end: end - 1 }), response).catch(() => response.destroy());
  };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file)) hash.update(bytes as Uint8Array);
  return hash.digest('hex').slice(0, 32);
}
