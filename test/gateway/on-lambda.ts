import { randomUUID } from 'node:crypto';
import { showStore, type ShowStore } from '../../src/ingest/show-store.ts';
import type { WebSocketSpec } from '../../src/local-lambda/websocket/spec.ts';
import { publisherToken } from '../../src/sign/publisher-token.ts';
import { s3Client } from '../../src/store/s3-client.ts';
import { s3Store } from '../../src/store/s3.ts';
import { testKeys } from '../support/baton.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { startPublisher, type PublisherOptions, type TestPublisher } from '../support/publisher.ts';
import { S3_CREDENTIALS, startS3Server } from '../support/s3-server.ts';

/** Baton as it is deployed, with the WebSocket API that publishers come in by. */
export interface IngestOnLambda extends AsyncDisposable {
  readonly baton: LambdaBaton;
  readonly address: string;
  /** What is in the bucket. */
  readonly shows: ShowStore;
  /** Every key that starts with `prefix`. */
  keys(prefix: string): Promise<string[]>;
  token(channel: string): string;
  publisher(options: Partial<PublisherOptions> & Pick<PublisherOptions, 'channel'>): TestPublisher;
  /** All of a show that is stored, in order. */
  recorded(channel: string, show: string): Promise<Buffer>;
}

export async function ingestOnLambda(webSocket: Partial<WebSocketSpec> = {}): Promise<IngestOnLambda> {
  await using stack = new AsyncDisposableStack();
  const s3 = stack.use(await startS3Server());
  const environment = {
    BATON_STORE: `s3://${s3.bucket}/store`,
    BATON_S3_ENDPOINT: s3.endpoint,
    AWS_ACCESS_KEY_ID: S3_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: S3_CREDENTIALS.secretAccessKey,
    BATON_INGEST_ORIGINS: 'https://studio.example.com',
    BATON_LIVE_LEG_SECONDS: '8',
  };
  const keys = testKeys();
  const baton = stack.use(await startOnLambda({ allowOrigins: [], environment, webSocket }, keys, 'function-url'));
  const client = s3Client({ endpoint: s3.endpoint, region: 'us-east-1', credentials: S3_CREDENTIALS });
  const store = s3Store({ bucket: s3.bucket, prefix: 'store', client });
  stack.defer(() => store.close());
  const shows = showStore(store);
  const address = baton.lambda.webSocketUrl ?? '';
  const now = Date.now() / 1000;
  const token = (channel: string): string => publisherToken({ channel, expiresAt: now + 600 }, keys, now);
  const everything = stack.move();
  return {
    ...{ baton, address, shows, token },
    keys: async (prefix) => (await Array.fromAsync(store.list(prefix))).sort(),
    publisher: (options) =>
      startPublisher({
        ...{ origin: 'https://studio.example.com', address, show: `show-${randomUUID().slice(0, 8)}` },
        ...{ format: { container: 'mp3' }, token: token(options.channel), ...options },
      }),
    recorded: async (channel, show) => {
      const pieces: Uint8Array[] = [];
      for (let index = 0; ; index++) {
        const batch = await shows.batch({ channel, show }, index);
        if (batch?.kind !== 'sound') return Buffer.concat(pieces);
        pieces.push(batch.bytes);
      }
    },
    [Symbol.asyncDispose]: () => everything.disposeAsync(),
  };
}
