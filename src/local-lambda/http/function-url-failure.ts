import type { ServerResponse } from 'node:http';
import { sendJson } from './send.ts';

export interface UrlFailure {
  readonly status: 403 | 413 | 429 | 502;
  /** For the header x-amzn-errortype. */
  readonly type: string;
  readonly requestId: string;
  readonly traceId: string;
}

const BODIES = {
  403: { Message: 'Forbidden' },
  413: { Message: 'Request Entity Too Large' },
  429: { Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User', message: 'Rate Exceeded.' },
  502: { Message: 'Internal Server Error' },
} as const;

/** Answers for the service: what a client sees of a request that has no response of the function. */
export function sendFailure(response: ServerResponse, { status, type, requestId, traceId }: UrlFailure): void {
  if (response.destroyed) return;
  sendJson(response, status, BODIES[status], {
    'x-amzn-errortype': type,
    'x-amzn-requestid': requestId,
    'x-amzn-trace-id': traceId,
    ...(status === 413 && { connection: 'close' }), // the rest of the body was not read
  });
}
