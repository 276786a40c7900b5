import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';

export interface Ask {
  readonly method?: string;
  /** The value of the Range header without 'bytes=': '0-1', '-500', '100-'. */
  readonly range?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it stands, dots and all, instead of the path of the URL. */
  readonly path?: string;
  /** The client leaves after this many bytes of the body; 0: after the head. */
  readonly leaveAfter?: number;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
  /** False when the body broke off, or the client left. */
  readonly complete: boolean;
  /** Milliseconds to the first byte of the body (to its end when it is empty). */
  readonly firstByteMs: number;
}

/** What a runtime under test does around each request to its origin. */
export interface Around {
  /** How long it may be silent between two answers. */
  readonly quietMs: number;
  /** The text of answers on one connection, without what the platform does to them. */
  asSentRaw(text: string): string;
  before(): Promise<void>;
  after(answer: Answer): Promise<Answer>;
}

export const around = new Map<string, Around>();

/** One request on a connection of its own. Rejects only when no head arrives; a broken body is `complete: false`. */
export async function get(url: string, ask: Ask = {}): Promise<Answer> {
  const { method = 'GET', range, headers = {}, path, leaveAfter = Infinity, signal } = ask;
  const platform = around.get(new URL(url).origin);
  await platform?.before();
  const began = performance.now();
  const request = httpRequest(url, {
    method,
    agent: false,
    headers: { ...headers, ...(range !== undefined && { range: `bytes=${range}` }) },
    ...(path !== undefined && { path }),
    ...(signal && { signal }),
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  request.on('error', () => undefined); // after the head a failure shows as an incomplete body
  const parts: Buffer[] = [];
  let size = 0;
  let firstByteMs = 0;
  try {
    if (leaveAfter > 0)
      for await (const part of response as AsyncIterable<Buffer>) {
        firstByteMs ||= performance.now() - began;
        parts.push(part);
        size += part.length;
        if (size >= leaveAfter) break;
      }
  } catch {
    // `complete` says it
  }
  const complete = response.complete && leaveAfter > 0;
  request.destroy();
  firstByteMs ||= performance.now() - began;
  const head = { status: response.statusCode ?? 0, headers: response.headers };
  const answer = { ...head, bytes: Buffer.concat(parts), complete, firstByteMs };
  return (await platform?.after(answer)) ?? answer;
}

/** Sends `text` as it is to the server of `url` and gives all it answers until it closes, or has been silent for `quietMs`. */
export async function sendRaw(url: string, text: string, quiet = 300): Promise<string> {
  const quietMs = Math.max(quiet, around.get(new URL(url).origin)?.quietMs ?? 0);
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(quietMs, () => socket.destroy());
  socket.write(text, 'latin1');
  let answer = '';
  try {
    for await (const bytes of socket as AsyncIterable<Buffer>) answer += bytes.toString('latin1');
  } catch {
    // what came so far is the answer
  }
  return around.get(new URL(url).origin)?.asSentRaw(answer) ?? answer;
}
