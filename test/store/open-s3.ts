import { s3Client, type S3ClientLimits } from '../../src/store/s3-client.ts';
import { s3Store } from '../../src/store/s3.ts';
import type { Store } from '../../src/store/store.ts';
import { S3_CREDENTIALS, startS3Server, type S3Server } from '../support/s3-server.ts';

/** A server with nothing in it, and stores on it. */
export interface OpenS3 extends AsyncDisposable {
  readonly server: S3Server;
  readonly store: Store;
  /** Another process. */
  another(limits?: Partial<S3ClientLimits>): Store;
  close(): Promise<void>;
}

export async function openS3(limits: Partial<S3ClientLimits> = {}): Promise<OpenS3> {
  const server = await startS3Server();
  const stores: Store[] = [];
  const another = (others: Partial<S3ClientLimits> = limits): Store => {
    const { endpoint, bucket } = server;
    const client = s3Client({ endpoint, region: 'eu-test-1', credentials: S3_CREDENTIALS, limits: others });
    const store = s3Store({ bucket, prefix: 'baton/v1', client, tries: { tries: 4, pauseMs: 5 } });
    stores.push(store);
    return store;
  };
  const close = async (): Promise<void> => {
    for (const store of stores) await store.close();
    await server.close();
  };
  return { server, store: another(), another, close, [Symbol.asyncDispose]: close };
}
