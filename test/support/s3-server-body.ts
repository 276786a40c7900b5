import type { IncomingMessage } from 'node:http';

/** The bytes of a PUT and the checksum sent with them, in a header or in the trailer of an aws-chunked body. */
export interface PutBody {
  readonly bytes: Buffer;
  readonly crc32: string | null;
}

/** Reads a PUT. Rejects when the connection ends before the body does, or an aws-chunked body is none. */
export async function readPut(request: IncomingMessage): Promise<PutBody> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const header = (name: string): string | null => String(request.headers[name] ?? '') || null;
  if (header('content-encoding')?.includes('aws-chunked') !== true) {
    return { bytes: body, crc32: header('x-amz-checksum-crc32') };
  }
  const { bytes, trailers } = unchunk(body);
  const announced = header('x-amz-decoded-content-length');
  if (announced !== null && Number(announced) !== bytes.length)
    throw new Error(`${bytes.length} of ${announced} bytes`);
  return { bytes, crc32: trailers.get('x-amz-checksum-crc32') ?? null };
}

/** `<hex length>[;chunk-signature=...]CRLF bytes CRLF ... 0 CRLF trailer: value CRLF ... CRLF` */
function unchunk(body: Buffer): { bytes: Buffer; trailers: ReadonlyMap<string, string> } {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, end), 16);
    if (end === -1 || !(length >= 0)) throw new Error('not aws-chunked');
    at = end + 2;
    if (length === 0) break;
    chunks.push(body.subarray(at, at + length));
    at += length + 2;
  }
  const lines = body.toString('latin1', at).split('\r\n');
  const trailers = new Map(lines.map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1).trim()]));
  return { bytes: Buffer.concat(chunks), trailers };
}
