/** What AWS's runtime client gives a handler, as far as it is used. */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly memoryLimitInMB: string;
  getRemainingTimeInMillis(): number;
}

/** Not a Writable, whatever its typings say: an object with some of its methods. Never destroyed, never piped into. */
export interface ResponseStream {
  /** False when `drain` should be waited for. */
  write(chunk: Uint8Array | string): boolean;
  end(): void;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** The head of a response on a function URL. */
export interface Prelude {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** A handler that writes its response while it runs. */
export type StreamingHandler<Event> = (event: Event, stream: ResponseStream, context: LambdaContext) => Promise<void>;

interface AwsLambda {
  streamifyResponse<Event>(handler: StreamingHandler<Event>): StreamingHandler<Event>;
  readonly HttpResponseStream: { from(stream: ResponseStream, prelude: Prelude): ResponseStream };
}

const { awslambda: found } = globalThis as { awslambda?: Partial<AwsLambda> };

const isWhole = (global: Partial<AwsLambda> | undefined): global is AwsLambda =>
  global?.streamifyResponse !== undefined;

/** The global of AWS's runtime client; undefined in any other process, where AWS's SDK makes an empty one. */
export const awslambda = isWhole(found) ? found : undefined;
