import { readFile } from 'node:fs/promises';
import { BatonError, toBatonError } from '../errors.ts';
import { errorReply } from '../relay/app.ts';
import type { App, Headers, Reply, Request } from '../relay/reply.ts';
import type { Bytes } from '../units.ts';
import {
  breakIt,
  COVER_PATH,
  describeDemo,
  describeStudio,
  makeLink,
  readFeed,
  type Demo,
  type Signer,
} from './demo-api.ts';

const PAGE = new URL('../../player/demo/page.html', import.meta.url);
const STUDIO_PAGE = new URL('../../player/demo/studio.html', import.meta.url);
/** Of both pages. */
const STYLE = new URL('../../player/demo/page.css', import.meta.url);
const MOST_BODY_BYTES: Bytes = 16_384;

const PAGE_HEADERS: Headers = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'self'; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

const STYLE_HEADERS: Headers = { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'no-cache' };

/**
 * The demo pages and what they ask for. It signs links for whoever reaches it, so it answers only to the names of this
 * machine: a page elsewhere that points its own name here gets nothing.
 */
export function demoApp(demo: Demo, signer: Signer): App {
  const answer = async (request: Request): Promise<Reply> => {
    if (!isLoopback(request.headers['host'])) throw new BatonError('NOT_FOUND', 'not asked as localhost');
    const path = request.path.split('?', 1)[0] ?? '';
    if (path === '/api/link') return json(makeLink(await readJson(request), signer));
    if (path === '/api/break') return json(await breakIt(await readJson(request), demo));
    if (request.method !== 'GET' && request.method !== 'HEAD')
      throw new BatonError('METHOD_NOT_ALLOWED', request.method);
    if (path === '/') return content(await readFile(PAGE), PAGE_HEADERS);
    if (path === '/api/demo') return json(describeDemo(demo, signer));
    if (path === '/studio') return content(await readFile(STUDIO_PAGE), PAGE_HEADERS);
    if (path === '/demo/page.css') return content(await readFile(STYLE), STYLE_HEADERS);
    if (path === '/api/studio') return json(describeStudio(signer));
    if (path === '/api/feed') return json({ text: await readFeed(demo) });
    const { cover } = demo.episode;
    if (path === COVER_PATH)
      return content(cover.bytes, { 'content-type': cover.mime, 'cache-control': 'max-age=3600' });
    throw new BatonError('NOT_FOUND', path);
  };
  return (request) => answer(request).catch((error: unknown) => errorReply(toBatonError(error)));
}

const isLoopback = (host: string | undefined): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(host ?? '');

/** Only a page of this origin can send JSON without asking first. */
async function readJson({ method, headers, body }: Request): Promise<unknown> {
  if (method !== 'POST') throw new BatonError('METHOD_NOT_ALLOWED', method);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of body) {
    size += bytes.length;
    if (size > MOST_BODY_BYTES) throw new BatonError('OPTIONS_INVALID', 'the body is too long');
    pieces.push(bytes);
  }
  try {
    if (headers['content-type']?.startsWith('application/json') !== true) throw new SyntaxError('not declared as JSON');
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch (cause) {
    throw new BatonError('OPTIONS_INVALID', 'the body must be JSON', { cause });
  }
}

const json = (value: object): Reply =>
  content(Buffer.from(JSON.stringify(value)), { 'content-type': 'application/json', 'cache-control': 'no-store' });

const content = (body: Uint8Array, headers: Headers): Reply => ({
  status: 200,
  headers: { ...headers, 'content-length': String(body.length), 'x-content-type-options': 'nosniff' },
  body,
});
