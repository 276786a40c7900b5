import { BatonError, toBatonError, type FailureCode } from '../errors.ts';
import { newMeter, type Meter, type Outcome, type UsageRecord } from '../meter/usage.ts';
import type { Kind } from '../sign/link.ts';
import type { Baton } from './baton.ts';
import { watched, type Watcher } from './body.ts';
import { crossOrigin, preflight } from './cross-origin.ts';
import type { App, Headers, Reply, Request } from './reply.ts';

/** What is noted of one request while it is answered. */
export interface Notes {
  readonly meter: Meter;
  /** Canonical options of the link, once known. */
  rendition: string | null;
  /** When the first audio was ready to be sent, on the monotonic clock. */
  firstAudioAt: number | null;
  /** What an error reply says besides its code. */
  errorHeaders: Headers;
}

/** Answers requests of one kind. Throws BatonError while there is still a status to give. */
export type Relay = (request: Request, baton: Baton, notes: Notes) => Promise<Reply>;

const RETRY_AFTER_SECONDS: Partial<Record<FailureCode, number>> = {
  BUSY: 2,
  STOPPING: 1,
  RESPONSE_LIMIT: 1,
  SOURCE_CHANGED: 1,
  SOURCE_UNMEASURED: 1,
};

/** Everything that happens to a request of this kind, in order; one line of usage is written when its response is over. */
export function app(kind: Kind, relay: Relay, baton: Baton): App {
  return async (request) => {
    const startedAt = performance.now();
    const notes: Notes = { meter: newMeter(), rendition: null, firstAudioAt: null, errorHeaders: {} };
    const log: Log = (status, bytes, outcome, error) => {
      baton.onUsage(usageRecord(kind, request, notes, { startedAt, status, bytes, outcome, error, at: baton.now() }));
    };
    const leave = baton.admission.enter();
    try {
      if (leave === null) throw new BatonError(baton.admission.isClosed() ? 'STOPPING' : 'BUSY');
      if (request.method === 'OPTIONS') return finished(preflight(), request.signal, log, leave);
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new BatonError('METHOD_NOT_ALLOWED', request.method);
      const reply = await relay(request, baton, notes);
      return finished({ ...reply, headers: { ...reply.headers, ...crossOrigin } }, request.signal, log, leave);
    } catch (thrown) {
      leave?.();
      const error = toBatonError(request.signal.aborted ? request.signal.reason : thrown);
      log(error.status, 0, error.code === 'CLIENT_GONE' ? 'left' : 'refused', error);
      return errorReply(error, notes.errorHeaders);
    }
  };
}

/** An error in the form that people and players read. */
export function errorReply(error: BatonError, headers: Headers = {}): Reply {
  const retryAfter = RETRY_AFTER_SECONDS[error.code];
  const { code, message } = error;
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      ...(code === 'METHOD_NOT_ALLOWED' ? { allow: 'GET, HEAD, OPTIONS' } : {}),
      ...crossOrigin,
      ...headers,
    },
    body: Buffer.from(`${JSON.stringify({ code, message, retryAfterSeconds: retryAfter })}\n`),
  };
}

/** A header may have kilobytes; one range fits well. */
const LONGEST_RANGE = 64;

type Log = (status: number, bytes: number, outcome: Outcome, error: BatonError | null) => void;

function finished(reply: Reply, signal: AbortSignal, log: Log, leave: () => void): Reply {
  const { status, body } = reply;
  if (body === null || body instanceof Uint8Array) {
    leave();
    log(status, body?.length ?? 0, 'whole', null);
    return reply;
  }
  let bytes = 0;
  const watcher: Watcher = {
    onBytes: (count) => void (bytes += count),
    onEnd: (end) => {
      leave();
      if (end === 'whole') return void log(status, bytes, 'whole', null);
      const thrown = end === 'left' ? new BatonError('CLIENT_GONE') : end.error;
      const error = toBatonError(signal.aborted ? signal.reason : thrown); // whatever breaks then, breaks for this
      if (error.code === 'CLIENT_GONE') log(status, bytes, 'left', null);
      else log(status, bytes, 'cut', error);
    },
  };
  return { ...reply, body: watched(body, watcher) };
}

interface Result {
  readonly startedAt: number;
  readonly at: number;
  readonly status: number;
  readonly bytes: number;
  readonly outcome: Outcome;
  readonly error: BatonError | null;
}

function usageRecord(kind: Kind, request: Request, notes: Notes, result: Result): UsageRecord {
  const { meter, rendition, firstAudioAt } = notes;
  const { startedAt, at, status, bytes, outcome, error } = result;
  return {
    time: new Date(at).toISOString(),
    kind,
    method: request.method,
    status,
    rendition,
    range: request.headers['range']?.slice(0, LONGEST_RANGE) ?? null,
    bytes,
    firstAudioMs: firstAudioAt === null ? null : tenths(firstAudioAt - startedAt),
    totalMs: tenths(performance.now() - startedAt),
    sourceBytes: meter.sourceBytes,
    chunksEncoded: meter.chunksEncoded,
    chunksStored: meter.chunksStored,
    encoderCpuMs: tenths(meter.encoderCpuMs),
    outcome,
    error: error?.code ?? null,
    ...(error === null || error.detail === '' ? {} : { detail: error.detail }),
  };
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;
