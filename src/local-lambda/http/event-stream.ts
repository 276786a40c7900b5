import { EventStreamCodec } from '@smithy/eventstream-codec';

/** What ends a streamed invocation. */
export interface InvokeComplete {
  readonly ErrorCode?: string;
  /** JSON text. */
  readonly ErrorDetails?: string;
  /** Base64. */
  readonly LogResult?: string;
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

/** One piece of the response as a message of application/vnd.amazon.eventstream. */
export const payloadChunk = (bytes: Uint8Array): Uint8Array =>
  message('PayloadChunk', 'application/octet-stream', bytes);

/** The last message: with an ErrorCode the response is not whole. */
export const invokeComplete = (complete: InvokeComplete): Uint8Array =>
  message('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(complete)));

const message = (type: string, contentType: string, body: Uint8Array): Uint8Array =>
  codec.encode({
    headers: {
      ':message-type': { type: 'string', value: 'event' },
      ':event-type': { type: 'string', value: type },
      ':content-type': { type: 'string', value: contentType },
    },
    body,
  });
