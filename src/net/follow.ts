import type { Agent } from 'undici';
import { BatonError } from '../errors.ts';
import type { Bytes } from '../units.ts';
import { drop, type Incoming } from './body.ts';
import { isStaleConnection } from './failure.ts';
import { checkUrl, type GuardOptions } from './guard.ts';
import { orAbort } from '../or-abort.ts';
import { rangeHeader } from './range.ts';

/** What is asked of an address. */
export interface Ask {
  /** Half-open. Neither: no Range header. `start` alone: to the end. */
  readonly start?: Bytes;
  readonly end?: Bytes;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: 'GET' | 'HEAD';
}

/** By what means addresses are asked. */
export interface Reach {
  readonly agent: Agent;
  readonly guard: GuardOptions;
  readonly userAgent: string;
}

/** The head of an answer; its body is to be read or dropped. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly incoming: Incoming;
}

const MAX_REDIRECTS = 5;

/**
 * Asks `first` and whatever it redirects to, each address past the guard, until one answers with something else.
 * @throws SOURCE_REFUSED, SOURCE_FAILED, and whatever undici throws; the reason of the signal
 */
export async function follow(first: URL, ask: Ask, reach: Reach, signal: AbortSignal): Promise<Answer> {
  let url = first;
  let headers = requestHeaders(ask, reach.userAgent);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    checkUrl(url, reach.guard);
    const answer = await askOnce(url, ask.method ?? 'GET', headers, reach.agent, signal);
    const location = redirectOf(answer);
    if (location === null) return answer;
    drop(answer.incoming);
    const next = resolve(location, url);
    if (next.origin !== url.origin) headers = withoutCredentials(headers);
    url = next;
  }
  throw new BatonError('SOURCE_FAILED', `more than ${MAX_REDIRECTS} redirects from ${first.origin}`);
}

function requestHeaders(ask: Ask, userAgent: string): Record<string, string> {
  const headers: Record<string, string> = { 'user-agent': userAgent, accept: '*/*' };
  for (const [name, value] of Object.entries(ask.headers ?? {})) headers[name.toLowerCase()] = value;
  headers['accept-encoding'] = 'identity';
  if (ask.start !== undefined || ask.end !== undefined) headers['range'] = rangeHeader(ask.start ?? 0, ask.end);
  return headers;
}

async function askOnce(
  url: URL,
  method: 'GET' | 'HEAD',
  headers: Record<string, string>,
  agent: Agent,
  signal: AbortSignal,
): Promise<Answer> {
  // Without `reset: false` undici gives up the connection of every HEAD.
  const request = { origin: url.origin, path: url.pathname + url.search, method, headers, signal, reset: false };
  // undici heeds the signal only once the connection stands.
  const send = () => orAbort(agent.request(request), signal);
  const {
    statusCode,
    headers: fields,
    body,
  } = await send().catch((thrown: unknown) => {
    // A kept connection may have been closed by the server while the request was on its way: once more, on another.
    if (signal.aborted || !isStaleConnection(thrown)) throw thrown;
    return send();
  });
  // Errors reach whoever reads; without a listener, one that comes earlier would end the process.
  body.on('error', () => undefined);
  return { url, status: statusCode, headers: flatten(fields), incoming: body };
}

function flatten(fields: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const headers = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) headers[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

const redirectOf = ({ status, headers }: Answer): string | null =>
  [301, 302, 303, 307, 308].includes(status) ? (headers['location'] ?? null) : null;

function resolve(location: string, base: URL): URL {
  // Many servers send the location in raw UTF-8, which arrives here as Latin-1.
  const text = /[\u0080-\u00ff]/.test(location) ? Buffer.from(location, 'latin1').toString() : location;
  if (!URL.canParse(text, base.href)) throw new BatonError('SOURCE_FAILED', `redirect to ${text}`);
  const next = new URL(text, base);
  next.hash = '';
  return next;
}

function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = { ...headers };
  for (const name of ['authorization', 'cookie', 'host', 'proxy-authorization']) Reflect.deleteProperty(kept, name);
  return kept;
}
