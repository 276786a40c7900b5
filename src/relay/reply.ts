import type { Bytes, Milliseconds } from '../units.ts';

/** A request as the platform received it; `path` is the raw request target, never decoded or rewritten. */
export interface Request {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborted when the listener has gone (CLIENT_GONE) or the runtime wants the response to end (STOPPING). */
  readonly signal: AbortSignal;
  /** Aborted when the response should end at the next boundary between chunks, if it has not come to its end by then. */
  readonly closing: AbortSignal;
  readonly limits: ResponseLimits;
}

/** What the platform lets one response be. */
export interface ResponseLimits {
  /** The most that a whole body may hold; a longer one is cut, or cannot be begun where it leaves at once. */
  readonly wholeBytes: Bytes;
  /** A 206 may hold this much; the listener asks for what follows it. */
  readonly partBytes: Bytes;
  /** Null when bytes leave as they come. Else a response is sent when it is complete, and may take this long to be. */
  readonly collectMs: Milliseconds | null;
  /** Whether a response costs for as long as it lasts. */
  readonly isBilledByTime: boolean;
  /** Whether a body may return a `Broadcast`, and is then gone on with by it. */
  readonly takesBroadcasts: boolean;
}

/** For a platform that streams for as long as it takes. */
export const unlimited: ResponseLimits = {
  wholeBytes: Infinity,
  partBytes: Infinity,
  collectMs: null,
  isBilledByTime: false,
  takesBroadcasts: false,
};

/** Of a response; lower-case names. */
export type Headers = Record<string, string>;

/** Bytes, a stream of bytes, or nothing. Whoever sends a stream calls `return()` on its iterator when it stops early. */
export type Body = AsyncIterable<Uint8Array> | Uint8Array | null;

/** What a request is answered with, on any platform. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Answers one kind of request. Throws BatonError before the head; its body may throw after it. */
export type App = (request: Request) => Promise<Reply>;
