import { BatonError, toBatonError } from '../errors.ts';
import { newMeter, type LegRecord, type Meter, type Outcome, type UsageRecord } from '../meter/usage.ts';
import type { Kind } from '../sign/link.ts';
import type { Baton } from './baton.ts';
import { watched, type Watcher } from './body.ts';
import type { Bytes } from '../units.ts';
import { crossOrigin, preflight } from './cross-origin.ts';
import type { App, Headers, Reply, Request } from './reply.ts';
import { retryAfterSeconds } from './retry-after.ts';

/** What is noted of one request while it is answered. */
export interface Notes {
  readonly meter: Meter;
  /** Canonical options of the link, once known. */
  rendition: string | null;
  /** When the first audio was ready to be sent, on the monotonic clock. */
  firstAudioAt: number | null;
  /** What an error reply says besides its code. */
  errorHeaders: Headers;
  /** Why a body that came to an orderly end does not hold what was asked for, which it tells the listener itself. */
  failure: BatonError | null;
  /** Of a framed stream, and of a channel. */
  leg: LegRecord | null;
}

/** Answers requests of one kind. Throws BatonError while there is still a status to give. */
export type Relay = (request: Request, baton: Baton, notes: Notes) => Promise<Reply>;

/** Everything that happens to a request of this kind, in order; one line of usage is written when its response is over. */
export function app(kind: Kind, relay: Relay, baton: Baton): App {
  return async (request) => {
    const startedAt = performance.now();
    const notes: Notes = {
      meter: newMeter(),
      rendition: null,
      firstAudioAt: null,
      errorHeaders: {},
      failure: null,
      leg: null,
    };
    const log: Log = (status, bytes, outcome, error) => {
      baton.onUsage(usageRecord(kind, request, notes, { startedAt, status, bytes, outcome, error, at: baton.now() }));
    };
    const onBytes = (count: Bytes): void => void baton.sent.set(kind, (baton.sent.get(kind) ?? 0) + count);
    const door = kind === 'live' ? baton.listeners : baton.admission;
    const leave = door.enter();
    try {
      if (leave === null) throw new BatonError(door.isClosed() ? 'STOPPING' : 'BUSY');
      if (request.method === 'OPTIONS') return finished(preflight(), request.signal, notes, log, leave, onBytes);
      if (request.method !== 'GET' && request.method !== 'HEAD')
        throw new BatonError('METHOD_NOT_ALLOWED', request.method);
      const reply = await relay(request, baton, notes);
      return finished(
        { ...reply, headers: { ...reply.headers, ...crossOrigin } },
        request.signal,
        notes,
        log,
        leave,
        onBytes,
      );
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
  const retryAfter = retryAfterSeconds(error);
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

function finished(
  reply: Reply,
  signal: AbortSignal,
  notes: Notes,
  log: Log,
  leave: () => void,
  onBytes: (count: Bytes) => void,
): Reply {
  const { status, body } = reply;
  if (body === null || body instanceof Uint8Array) {
    leave();
    onBytes(body?.length ?? 0);
    log(status, body?.length ?? 0, notes.failure === null ? 'whole' : 'cut', notes.failure);
    return reply;
  }
  let bytes = 0;
  const watcher: Watcher = {
    onBytes: (count) => {
      bytes += count;
      onBytes(count);
    },
    onEnd: (end) => {
      leave();
      if (end === 'whole') return void log(status, bytes, notes.failure === null ? 'whole' : 'cut', notes.failure);
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
    ...(notes.leg === null ? {} : { leg: notes.leg }),
    outcome,
    error: error?.code ?? null,
    ...(error === null || error.detail === '' ? {} : { detail: error.detail }),
  };
}

const tenths = (ms: number): number => Math.round(ms * 10) / 10;
