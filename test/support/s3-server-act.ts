import { parseRange, contentRange } from '../../src/net/range.ts';
import { escapeXml, XML } from './s3-server-xml.ts';
import type { PutBody } from './s3-server-body.ts';
import { crc32Of, newObject } from './s3-server-object.ts';
import type { S3Object, S3Request, S3Server } from './s3-server.ts';

/** What is answered: an error `code`, an XML document, or the bytes of an object. */
export interface S3Reply {
  readonly status: number;
  readonly code?: string;
  readonly xml?: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Does what a request asks, in one step. */
export function actOn(server: S3Server, request: S3Request, put: PutBody | null): S3Reply {
  const { method, bucket, key, headers } = request;
  if (!String(headers['authorization'] ?? '').startsWith('AWS4-')) return { status: 403, code: 'AccessDenied' };
  if (!server.buckets.has(bucket)) return { status: 404, code: 'NoSuchBucket' };
  if (server.faults.denied?.(request) === true) return { status: 403, code: 'AccessDenied' };
  if (key === '') return method === 'GET' ? list(server, request) : { status: 501, code: 'NotImplemented' };
  const path = `${bucket}/${key}`;
  const standing = server.objects.get(path);
  if (method === 'PUT' && put !== null) return store(server, path, standing, request, put);
  if (method === 'DELETE') return remove(server, path, standing, request);
  if (method === 'GET' || method === 'HEAD') return give(standing, request);
  return { status: 501, code: 'NotImplemented' };
}

function store(
  server: S3Server,
  path: string,
  standing: S3Object | undefined,
  request: S3Request,
  put: PutBody,
): S3Reply {
  const ifMatch = request.headers['if-match'];
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') return { status: 501, code: 'NotImplemented' };
  if (ifNoneMatch === '*' && standing !== undefined) return { status: 412, code: 'PreconditionFailed' };
  if (ifMatch !== undefined && standing === undefined) return { status: 404, code: 'NoSuchKey' };
  if (ifMatch !== undefined && standing?.etag !== ifMatch) return { status: 412, code: 'PreconditionFailed' };
  if (put.crc32 !== null && put.crc32 !== crc32Of(put.bytes)) return { status: 400, code: 'BadDigest' };
  const kept = Object.entries(request.headers).flatMap(([name, value]) =>
    name.startsWith('x-amz-meta-') || name === 'content-type' ? [[name, String(value)] as const] : [],
  );
  const object = newObject(put.bytes, Object.fromEntries(kept));
  server.objects.set(path, object);
  return { status: 200, headers: { etag: object.etag } };
}

function remove(server: S3Server, path: string, standing: S3Object | undefined, { headers }: S3Request): S3Reply {
  const ifMatch = headers['if-match'];
  if (ifMatch !== undefined && standing?.etag !== ifMatch) return { status: 412, code: 'PreconditionFailed' };
  server.objects.delete(path);
  return { status: 204 };
}

function give(object: S3Object | undefined, request: S3Request): S3Reply {
  const { headers } = request;
  if (object === undefined) return { status: 404, code: 'NoSuchKey' };
  const said = {
    etag: object.etag,
    'last-modified': object.modified.toUTCString(),
    'accept-ranges': 'bytes',
    ...object.headers,
  };
  const ifMatch = headers['if-match'];
  const unmodified = Date.parse(String(headers['if-unmodified-since'] ?? ''));
  const changed = object.modified.getTime() >= unmodified + 1000;
  if (ifMatch !== undefined ? ifMatch !== object.etag : changed) return { status: 412, code: 'PreconditionFailed' };
  if (headers['if-none-match'] === object.etag) return { status: 304, headers: said };
  const ask = parseRange(request.range ?? undefined, object.bytes.length);
  if (ask.kind === 'unsatisfiable') return { status: 416, code: 'InvalidRange' };
  if (ask.kind === 'part') {
    const body = object.bytes.subarray(ask.range.start, ask.range.end);
    return { status: 206, body, headers: { ...said, 'content-range': contentRange(ask.range, object.bytes.length) } };
  }
  const sums = { 'x-amz-checksum-crc32': object.crc32 ?? '', 'x-amz-checksum-type': 'FULL_OBJECT' };
  const wanted = headers['x-amz-checksum-mode'] === 'ENABLED' && object.crc32 !== null;
  return { status: 200, body: object.bytes, headers: wanted ? { ...said, ...sums } : said };
}

function list({ objects }: S3Server, { bucket, query }: S3Request): S3Reply {
  const asked = new URLSearchParams(query);
  if (asked.get('list-type') !== '2' || asked.has('delimiter')) return { status: 501, code: 'NotImplemented' };
  const after = Buffer.from(asked.get('continuation-token') ?? '', 'base64url').toString();
  const prefix = asked.get('prefix') ?? '';
  const keys = [...objects.keys()]
    .filter((path) => path.startsWith(`${bucket}/`))
    .map((path) => path.slice(bucket.length + 1))
    .filter((key) => key.startsWith(prefix) && Buffer.compare(Buffer.from(key), Buffer.from(after)) > 0)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const page = keys.slice(0, Math.min(1000, Number(asked.get('max-keys') ?? 1000)));
  const more = page.length < keys.length;
  const token = Buffer.from(page.at(-1) ?? '').toString('base64url');
  const contents = page.map((key) => {
    const { bytes, etag, modified } = objects.get(`${bucket}/${key}`) ?? newObject(Buffer.alloc(0), {});
    return `<Contents><Key>${escapeXml(key)}</Key><LastModified>${modified.toISOString()}</LastModified><ETag>${escapeXml(etag)}</ETag><Size>${bytes.length}</Size></Contents>`;
  });
  return {
    status: 200,
    xml:
      `${XML}<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${bucket}</Name>` +
      `<Prefix>${escapeXml(prefix)}</Prefix><KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>` +
      (more ? `<NextContinuationToken>${token}</NextContinuationToken>` : '') +
      `${contents.join('')}</ListBucketResult>`,
  };
}
