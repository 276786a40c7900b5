/** A request as the platform received it; `path` is the raw request target, never decoded or rewritten. */
export interface Request {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Aborted when the listener has gone (CLIENT_GONE) or the runtime wants the response to end (STOPPING). */
  readonly signal: AbortSignal;
}

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
