import cf from 'cloudfront';
import crypto from 'crypto';

/** The parts of a viewer-request event that are read and written here. */
interface Event {
  readonly request: EdgeRequest;
}

interface EdgeRequest {
  readonly method: string;
  /** The path as the viewer sent it, without the query. */
  uri: string;
  readonly querystring: Record<string, { readonly value: string; readonly multiValue?: object } | undefined>;
  /** Lower-case names. */
  readonly headers: Record<string, { readonly value: string } | undefined>;
}

interface EdgeResponse {
  readonly statusCode: number;
  readonly statusDescription: string;
  readonly headers: Record<string, { readonly value: string }>;
  readonly body: { readonly encoding: 'text'; readonly data: string };
}

// The form of a link, its longest length, life and skew are those of src/sign/link.ts; a test compares the verdicts.
const LINK =
  /^\/(file|live|hls|feed|raw|embed)\/([a-z0-9]{1,8})(?:\.([1-9a-z][0-9a-z]{0,8})\.([A-Za-z0-9_-]{1,64}))?\.([A-Za-z0-9_-]{43})\/((?!\.{1,2}\/)[A-Za-z0-9._~-]+\/~?[A-Za-z0-9_-]+\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)(\/(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128})?$/;
const SERVED = /^\/(?:file|live|hls|feed|raw|embed)\//;
const FRAMED = /^(?:[^/]+\/){2}[^/]+\.mp4(?:\/|$)/;
/** Playlists that have nothing made for them but while they are waited for. */
const WAITED_FOR = /^mode\.(?:live|relay)[~/]/;
const RELAYED = /^mode\.relay[~/]/;
/** Delivery directives, sorted, as src/hls/reload.ts has them. */
const RELOAD =
  /^(?=.)(?:_HLS_msn=(?:0|[1-9]\d{0,15})(?:&_HLS_part=(?:0|[1-9]\d{0,15}))?)?(?:(?:^|&)_HLS_skip=(?:YES|v2))?$/;
const WITH_PLACES = ['file', 'live', 'hls', 'embed'];
const RANGE = /^bytes=[ \t,]*(?:(\d+)-(\d*)|-\d+)[ \t,]*$/i;
/** One spelling alone: CloudFront chooses the function by the address with its dots and escapes resolved. */
const SCRIPT = /^\/player\/(?:i18n\/)?[A-Za-z0-9_-]+\.js$/;
const MAX_CHARS = 8000;
const MAX_LIFE_SECONDS = 7 * 86400 + 60;
/** A file may be cached without its token as long as its link outlives what caches keep. */
const STRIPPED_FROM_SECONDS = 300;
/** Who answers ranges and HEAD of a kind, and playlists, with the lengths that a streamed answer loses. */
const PARTS_ORIGIN: Record<string, string | undefined> = { file: 'ranges', raw: 'raw-ranges', hls: 'hls-whole' };

/** As src/relay/cross-origin.ts has it. */
const EXPOSED =
  'Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Retry-After, Server-Timing';

const FAILURES = {
  LINK_INVALID: [
    403,
    'Forbidden',
    'This link was not made here or has been altered. Ask for the link again and copy it whole.',
  ],
  LINK_EXPIRED: [410, 'Gone', 'This link has expired. Ask for a new one.'],
  NOT_FOUND: [404, 'Not Found', 'There is nothing at this address. Check the link.'],
} as const;

/**
 * Runs at the edge before the cache is looked up: lets nobody in without a good link, takes the token off a file's path
 * so that all its links share what is cached, sends ranges to the function that can answer them, and tells functions the
 * host that the viewer asked, whatever the viewer says of it: they see their own.
 */
// eslint-disable-next-line @typescript-eslint/no-unused-vars -- CloudFront calls it by this name
async function handler(event: Event): Promise<EdgeRequest | EdgeResponse> {
  const request = event.request;
  const uri = request.uri;
  if (SCRIPT.test(uri)) return request;
  if (!SERVED.test(uri)) return failure('NOT_FOUND');
  const isPage = uri.startsWith('/embed/'); // its addresses are handed on by people and programs that add to them
  const hasQuery = Object.keys(request.querystring).length > 0;
  const isReload = uri.startsWith('/hls/') && RELOAD.test(sorted(request.querystring));
  const match = uri.length > MAX_CHARS || (hasQuery && !isPage && !isReload) ? null : LINK.exec(uri);
  if (match === null) return failure('LINK_INVALID');
  const kind = match[1] ?? '';
  const kid = match[2] ?? '';
  const expiry = match[3] ?? '';
  const rest = match[6] ?? '';
  const place = match[7] ?? '';
  const secret = await secretOf(kid);
  if (secret === null) return failure('LINK_INVALID');
  const text = ['baton-link-1', kind, kid, expiry, match[4] ?? '', '/' + rest].join('\n');
  const signature = crypto.createHmac('sha256', secret).update(text).digest('base64url');
  if (!isSame(match[5] ?? '', signature)) return failure('LINK_INVALID');
  const secondsLeft = expiry === '' ? Infinity : parseInt(expiry, 36) - Date.now() / 1000;
  if (isReload && !RELAYED.test(rest)) return failure('LINK_INVALID');
  if (secondsLeft <= 0) return failure('LINK_EXPIRED');
  if (expiry !== '' && secondsLeft > MAX_LIFE_SECONDS) return failure('LINK_INVALID');
  if (place !== '' && !WITH_PLACES.includes(kind)) return failure('NOT_FOUND');
  const host = request.headers['host'];
  request.headers['x-baton-host'] = { value: host === undefined ? '' : host.value };
  if (isSharable(kind, rest) && secondsLeft >= STRIPPED_FROM_SECONDS)
    request.uri = '/' + kind + '/' + kid + '/' + rest + place;
  const origin = kind === 'hls' && WAITED_FOR.test(rest) ? 'hls-live' : partsOrigin(request, kind, rest + place);
  if (origin !== undefined) cf.selectRequestOriginById(origin);
  return request;
}

/** A query as text. One that repeats a name is none that is allowed. */
const sorted = (query: EdgeRequest['querystring']): string =>
  Object.keys(query)
    .map((name) => name + '=' + (query[name]?.multiValue === undefined ? (query[name]?.value ?? '') : '?'))
    .sort()
    .join('&');

/** Whether the answer is the same for all links: what HLS of others becomes are links that live as long as theirs. */
function isSharable(kind: string, rest: string): boolean {
  return kind === 'file' || (kind === 'hls' && !RELAYED.test(rest));
}

/** Who answers what needs a length; undefined for what streams. */
const partsOrigin = (request: EdgeRequest, kind: string, address: string): string | undefined =>
  isStream(request, kind, address) ? undefined : PARTS_ORIGIN[kind];

/**
 * A framed stream (`.mp4`) has no ranges, and would not fit into the answer to one. A playlist is there at once, and
 * CloudFront compresses it if it has a length.
 */
function isStream(request: EdgeRequest, kind: string, address: string): boolean {
  if (request.method !== 'GET' || (kind === 'hls' && address.endsWith('.m3u8'))) return false;
  return (kind === 'file' && FRAMED.test(address)) || !asksForPart(request);
}

/** One range that Baton takes for one (RFC 9110 section 14.1.2). Any other is ignored, and the whole file may be more than `ranges` can send. */
function asksForPart(request: EdgeRequest): boolean {
  const range = request.headers['range'];
  const match = range === undefined ? null : RANGE.exec(range.value);
  return match !== null && (!match[2] || Number(match[1]) <= Number(match[2]));
}

/** Null for an unknown key, and for one that is not what Baton's `keys` function writes. */
async function secretOf(kid: string): Promise<Buffer | null> {
  try {
    const text = await cf.kvs().get(kid);
    const secret = Buffer.from(text, 'base64url');
    return secret.length < 32 ? null : secret;
  } catch {
    return null;
  }
}

/** Looks at every character, wherever the first difference is. */
function isSame(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}

function failure(code: keyof typeof FAILURES): EdgeResponse {
  const known = FAILURES[code];
  return {
    statusCode: known[0],
    statusDescription: known[1],
    headers: {
      'content-type': { value: 'application/json; charset=utf-8' },
      'cache-control': { value: 'no-store' },
      'access-control-allow-origin': { value: '*' },
      'access-control-expose-headers': { value: EXPOSED },
      'cross-origin-resource-policy': { value: 'cross-origin' },
      'timing-allow-origin': { value: '*' },
      'x-content-type-options': { value: 'nosniff' },
    },
    body: { encoding: 'text', data: JSON.stringify({ code: code, message: known[2] }) + '\n' },
  };
}
