import { Agent, request } from 'undici';
import type { Bytes, Milliseconds } from '../units.ts';

/** What to ask for. */
export interface Ask {
  /** Origin and path; the link under test by default. */
  readonly url?: string;
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS' | 'POST';
  /** The Range header without `bytes=`. */
  readonly range?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Drops the connection once so much of the body is there. */
  readonly leaveAfter?: Bytes;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
  /** `left`: by `leaveAfter`; else why the body broke off, or null for one that ended. */
  readonly broke: 'left' | { readonly reason: string } | null;
  /** From the request: to the first byte of the body (or its end), to the tenth part of what came, to the end. */
  readonly firstByteMs: Milliseconds;
  readonly tenthMs: Milliseconds;
  readonly endMs: Milliseconds;
}

/** Asks, with a limit on every wait. */
export interface Client {
  /** @throws an Error when no head arrives */
  ask(url: string, ask: Ask): Promise<Answer>;
  close(): Promise<void>;
}

/** `waitMs` is the longest wait for a connection, a head, and each part of a body; `signal` ends everything. */
export function createClient(waitMs: Milliseconds, signal: AbortSignal): Client {
  const agent = new Agent({ connect: { timeout: waitMs }, headersTimeout: waitMs, bodyTimeout: waitMs, pipelining: 1 });
  return { ask: (url, ask) => send(url, ask, agent, signal), close: () => agent.destroy() };
}

async function send(url: string, ask: Ask, dispatcher: Agent, signal: AbortSignal): Promise<Answer> {
  const { method = 'GET', range, headers = {}, leaveAfter = Infinity } = ask;
  const began = performance.now();
  const {
    statusCode,
    headers: received,
    body,
  } = await request(url, {
    ...{ method, dispatcher, signal },
    headers: { ...headers, ...(range !== undefined && { range: `bytes=${range}` }) },
  });
  const parts: Buffer[] = [];
  const arrivals: { readonly at: Milliseconds; readonly upTo: Bytes }[] = [];
  let size = 0;
  let broke: Answer['broke'] = null;
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      arrivals.push({ at: performance.now() - began, upTo: size });
      if (size >= leaveAfter) {
        broke = 'left';
        break;
      }
    }
  } catch (thrown) {
    broke = { reason: (thrown as Error).message };
  }
  const endMs = performance.now() - began;
  return {
    status: statusCode,
    headers: flat(received),
    bytes: Buffer.concat(parts),
    broke,
    firstByteMs: arrivals[0]?.at ?? endMs,
    tenthMs: arrivals.find(({ upTo }) => upTo >= size / 10)?.at ?? endMs,
    endMs,
  };
}

const flat = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
