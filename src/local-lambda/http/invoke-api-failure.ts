import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { sendJson } from './send.ts';

const STATUS = {
  InvalidRequestContentException: 400,
  InvalidParameterValueException: 400,
  ResourceNotFoundException: 404,
  UnknownOperationException: 404,
  RequestTooLargeException: 413,
  TooManyRequestsException: 429,
} as const;

/** What the Invoke API refuses with, in the names of the service. */
export type ApiError = keyof typeof STATUS;

/** Answers with an error in the form that AWS's SDKs parse. */
export function sendApiError(response: ServerResponse, name: ApiError, text: string): void {
  if (response.destroyed) return;
  const reason = name === 'TooManyRequestsException' && { Reason: 'ConcurrentInvocationLimitExceeded' };
  sendJson(
    response,
    STATUS[name],
    { ...reason, Type: 'User', Message: text, message: text },
    {
      'x-amzn-errortype': name,
      'x-amzn-requestid': randomUUID(),
      ...(name === 'RequestTooLargeException' && { connection: 'close' }), // the rest of the payload was not read
    },
  );
}
