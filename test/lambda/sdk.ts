import { InvokeCommand, InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { LambdaBaton } from '../support/lambda-baton.ts';

/** AWS's own SDK before the functions of a Baton. */
export interface Sdk extends Disposable {
  stream(event: object): Promise<Streamed>;
  /** `payload` is JSON text. */
  invoke(name: string, payload: string): Promise<Invoked>;
}

/** What InvokeWithResponseStream gave, with the prelude of the HTTP response taken off. */
export interface Streamed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** When each payload chunk came, in milliseconds from the call, and what it held. */
  readonly chunks: readonly { readonly at: number; readonly bytes: number }[];
  /** Null: the stream ended without one, which means that it was cut. */
  readonly complete: { readonly errorCode: string | null; readonly errorDetails: string | null } | null;
}

export interface Invoked {
  readonly functionError: string | null;
  readonly payload: unknown;
}

export function sdk({ lambda }: LambdaBaton): Sdk {
  const client = new LambdaClient({
    endpoint: lambda.invokeUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 1,
  });
  return {
    async stream(event) {
      const calledAt = performance.now();
      const { EventStream = [] } = await client.send(
        new InvokeWithResponseStreamCommand({ FunctionName: 'file', Payload: Buffer.from(JSON.stringify(event)) }),
      );
      const parts: Uint8Array[] = [];
      const chunks: Streamed['chunks'][number][] = [];
      let complete: Streamed['complete'] = null;
      for await (const { PayloadChunk, InvokeComplete } of EventStream) {
        const bytes = PayloadChunk?.Payload ?? new Uint8Array();
        if (PayloadChunk) chunks.push({ at: performance.now() - calledAt, bytes: bytes.length });
        parts.push(bytes);
        if (InvokeComplete === undefined) continue;
        complete = { errorCode: InvokeComplete.ErrorCode ?? null, errorDetails: InvokeComplete.ErrorDetails ?? null };
      }
      return { ...withoutPrelude(Buffer.concat(parts)), chunks, complete };
    },
    async invoke(name, payload) {
      const answer = await client.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from(payload) }));
      const text = Buffer.from(answer.Payload ?? []).toString();
      const prelude = text.indexOf(NULS);
      const value: unknown = prelude < 0 ? JSON.parse(text) : withoutPrelude(Buffer.from(answer.Payload ?? []));
      return { functionError: answer.FunctionError ?? null, payload: value };
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}

/** The event of a function URL for a GET of `url`. */
export const eventFor = (url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): object => ({
  version: '2.0',
  rawPath: new URL(url).pathname,
  rawQueryString: '',
  headers,
  requestContext: { http: { method } },
  isBase64Encoded: false,
});

const NULS = '\0'.repeat(8);

function withoutPrelude(bytes: Buffer): Pick<Streamed, 'status' | 'headers' | 'body'> {
  const end = bytes.indexOf(NULS);
  if (end < 0) throw new Error(`no prelude: ${bytes.subarray(0, 300).toString()}`);
  const { statusCode, headers } = JSON.parse(bytes.subarray(0, end).toString()) as {
    statusCode: number;
    headers: Record<string, string>;
  };
  return { status: statusCode, headers, body: bytes.subarray(end + NULS.length) };
}
