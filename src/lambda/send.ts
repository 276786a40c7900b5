import { Buffer } from 'node:buffer';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { BatonError, toBatonError } from '../errors.ts';
import { errorReply } from '../relay/app.ts';
import { collect } from '../relay/collect.ts';
import { drained } from '../relay/drained.ts';
import type { Headers, Reply } from '../relay/reply.ts';
import type { Deadline } from './deadline.ts';
import { awslambda, type ResponseStream } from './runtime.ts';

/**
 * Writes `reply` to a response stream at the listener's pace and ends it. A body that fails is not ended: this throws
 * an error named by its code, which the runtime client sends as trailers, so that the listener sees a broken body.
 */
export async function stream(reply: Reply, raw: ResponseStream, deadline: Deadline): Promise<void> {
  const { status, headers, body } = await checked(reply);
  const response = awslambda?.HttpResponseStream.from(raw, { statusCode: status, headers }) ?? raw;
  response.write(''); // the head leaves with the first write, and an end without one loses the status
  try {
    if (body !== null) await pour(body instanceof Uint8Array ? [body] : body, response, deadline);
  } catch (thrown) {
    throw named(toBatonError(thrown));
  }
  response.end();
}

/** What a handler of a buffered function URL returns. */
export interface BufferedReply {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** `reply` in one piece. A body that fails becomes the reply of its error. */
export async function buffer(reply: Reply): Promise<BufferedReply> {
  const { status, headers, body } = await checked(reply);
  try {
    const bytes = body === null ? Buffer.alloc(0) : body instanceof Uint8Array ? body : await collect(body, false);
    return { statusCode: status, headers, body: Buffer.from(bytes).toString('base64'), isBase64Encoded: true };
  } catch (thrown) {
    return buffer(errorReply(toBatonError(thrown)));
  }
}

/** Lambda sends headers as they are: what Node refuses would reach the listener as other headers, or as none. */
async function checked(reply: Reply): Promise<Reply> {
  try {
    for (const [name, value] of Object.entries(reply.headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return reply;
  } catch (cause) {
    if (reply.body !== null && !(reply.body instanceof Uint8Array)) await reply.body[Symbol.asyncIterator]().return?.();
    return errorReply(new BatonError('INTERNAL', 'a header that cannot be sent', { cause }));
  }
}

async function pour(
  body: AsyncIterable<Uint8Array> | readonly Uint8Array[],
  response: ResponseStream,
  deadline: Deadline,
): Promise<void> {
  for await (const bytes of body) {
    deadline.signal.throwIfAborted();
    deadline.sent(bytes.length);
    if (!response.write(bytes)) await drained(response, deadline.signal);
  }
}

/** Its name becomes the error type that callers see, and its stack would, too. */
function named({ code, message }: BatonError): Error {
  const error = new Error(message);
  error.name = code;
  error.stack = `${code}: ${message}`;
  return error;
}
