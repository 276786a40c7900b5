import type { IncomingMessage } from 'node:http';
import { bandwidth } from './bandwidth.ts';
import { handover } from './handover.ts';
import { functionError, InvocationError } from './invocation-error.ts';
import { readWholeBody } from './read-body.ts';
import type { RuntimeLimits } from './runtime-limits.ts';

/** The response of one invocation, on its way from the runtime to whoever invoked. */
export interface Response {
  /** Resolves with the first byte, or at the end of a body without any. Throws InvocationError when it comes to neither. */
  readonly begun: Promise<ResponseHead>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Resolves when the runtime has ended its response, or the response has failed. */
  readonly settled: Promise<void>;
  /** Why it failed. */
  failure(): InvocationError | null;
  streamedBytes(): number;
  /** The runtime has begun to post it: nothing else may be posted. */
  isPosted(): boolean;
  /**
   * Takes the runtime's POST; resolves with what to answer, 'tooLarge' maybe before the POST has ended. `whyCut` is asked
   * for the error when it breaks off: only the owner of the process knows whether that has died.
   */
  receive(
    post: IncomingMessage,
    whyCut: () => Promise<InvocationError>,
  ): Promise<'accepted' | 'tooLarge' | 'badMode' | 'cut'>;
  /** Fails the response if it is not over, whatever has been sent. */
  fail(error: InvocationError): void;
}

export interface ResponseHead {
  readonly contentType: string;
  readonly isStreamed: boolean;
}

const MODE = 'lambda-runtime-function-response-mode';
const ERROR_TYPE = 'lambda-runtime-function-error-type';
const ERROR_BODY = 'lambda-runtime-function-error-body';

/** `streaming`: whether whoever invoked takes it piece by piece. */
export function openResponse(streaming: boolean, limits: RuntimeLimits): Response {
  const begun = Promise.withResolvers<ResponseHead>();
  begun.promise.catch(() => undefined); // a failure is not lost: invoke() throws it
  const settled = Promise.withResolvers<undefined>();
  const stop = new AbortController();
  const out = handover();
  let failure: InvocationError | null = null;
  let isSettled = false;
  let isPosted = false;
  let streamedBytes = 0;

  const fail = (error: InvocationError): void => {
    if (isSettled) return;
    isSettled = true;
    failure = error;
    begun.reject(error);
    out.fail(error);
    stop.abort();
    settled.resolve(undefined);
  };
  const end = (head: ResponseHead): void => {
    if (isSettled) return;
    isSettled = true;
    begun.resolve(head);
    out.end();
    settled.resolve(undefined);
  };
  const endOrFail = (post: IncomingMessage, head: ResponseHead): void => {
    const type = post.trailers[ERROR_TYPE];
    if (type === undefined) end(head);
    else fail(functionError(Buffer.from(post.trailers[ERROR_BODY] ?? '', 'base64').toString(), type));
  };

  /** The whole response, before any of it is given away. */
  const collect = async (post: IncomingMessage, head: ResponseHead): Promise<'accepted' | 'tooLarge'> => {
    const payload = await readWholeBody(post, limits.payloadBytes);
    if (payload === null) {
      fail(tooLarge(limits.payloadBytes));
      return 'tooLarge';
    }
    if (head.isStreamed) streamedBytes = payload.length;
    if (payload.length > 0) void out.push(payload);
    endOrFail(post, head);
    return 'accepted';
  };

  /** Piece by piece, no faster than allowed, also when nobody reads any more. */
  const stream = async (post: IncomingMessage, head: ResponseHead): Promise<'accepted' | 'tooLarge'> => {
    const bucket = bandwidth(limits.burstBytes, limits.bytesPerSecond);
    // The socket outlives this loop: a runtime whose socket is cut would die.
    for await (const chunk of post.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      for (let rest = chunk; rest.length > 0;) {
        const wanted = Math.min(rest.length, limits.streamedBytes - streamedBytes);
        if (wanted === 0) {
          fail(tooLarge(limits.streamedBytes));
          return 'tooLarge';
        }
        const granted = await bucket.take(wanted, stop.signal);
        streamedBytes += granted;
        begun.resolve(head);
        await out.push(rest.subarray(0, granted));
        rest = rest.subarray(granted);
      }
    }
    endOrFail(post, head);
    return 'accepted';
  };

  return {
    begun: begun.promise,
    body: out.body,
    settled: settled.promise,
    failure: () => failure,
    streamedBytes: () => streamedBytes,
    isPosted: () => isPosted,
    async receive(post, whyCut) {
      isPosted = true;
      const mode = post.headers[MODE];
      if (mode !== undefined && mode !== 'streaming') {
        fail(new InvocationError('Runtime.InvalidResponseModeHeader', `Unknown response mode: ${String(mode)}`));
        return 'badMode';
      }
      const isStreamed = mode === 'streaming';
      const head = { contentType: post.headers['content-type'] ?? 'application/octet-stream', isStreamed };
      try {
        return await (isStreamed && streaming ? stream(post, head) : collect(post, head));
      } catch {
        if (!isSettled) fail(await whyCut());
        return 'cut';
      }
    },
    fail,
  };
}

const tooLarge = (limitBytes: number): InvocationError =>
  new InvocationError(
    'Function.ResponseSizeTooLarge',
    `Response payload size exceeded maximum allowed payload size (${limitBytes} bytes).`,
  );
