import { createServer, type IncomingMessage } from 'node:http';
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFrontKeyValueStoreClient } from '@aws-sdk/client-cloudfront-keyvaluestore';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { edgeKeys } from '../../src/key-sync/edge-keys.ts';
import type { KeyPlaces } from '../../src/key-sync/rotate.ts';
import { keySecret } from '../../src/key-sync/secret.ts';

export const STORE_ARN = 'arn:aws:cloudfront::123456789012:key-value-store/5f0c1f5e-6d2b-4a33-9f0e-1b1a4cf3a111';
export const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:baton-AbCdEf';

/** What came in, in order, and what CloudFormation was told. */
export interface Seen {
  readonly calls: string[];
  readonly authorizations: string[];
  readonly answers: Record<string, unknown>[];
  readonly answerTypes: (string | undefined)[];
}

/** State of the stand-ins, open to the tests. */
export interface Cloud extends AsyncDisposable {
  readonly places: KeyPlaces;
  readonly seen: Seen;
  secret: string | null;
  readonly store: Map<string, string>;
  /** Called before a call is answered; a status makes it fail, a promise makes it wait. */
  before: (call: string) => number | undefined | Promise<number | undefined>;
  /** For `StackEvent.ResponseURL`. */
  readonly responseUrl: string;
  readonly origin: string;
  /** Somebody else writes to the store. */
  touch(): void;
}

/**
 * Small stand-ins on loopback for Secrets Manager, the KeyValueStore data plane (ETag, If-Match, pages of two) and
 * CloudFormation's answer address, spoken to by AWS's own SDK clients. They check no signatures.
 */
export async function cloud(): Promise<Cloud> {
  const state = { secret: null as string | null, version: 1, before: (() => undefined) as Cloud['before'] };
  const store = new Map<string, string>();
  const seen: Seen = { calls: [], authorizations: [], answers: [], answerTypes: [] };

  const answer = async (request: IncomingMessage): Promise<[status: number, body: object, headers?: object]> => {
    const call = nameOf(request);
    const body = JSON.parse((await textOf(request)) || '{}') as Record<string, unknown>;
    seen.calls.push(call);
    seen.authorizations.push(request.headers.authorization ?? '');
    const status = await state.before(call);
    if (status !== undefined) return [status, { __type: 'Boom', message: JSON.stringify(body) }];
    if (call === 'GetSecretValue')
      return state.secret === null
        ? [400, { __type: 'ResourceNotFoundException', message: 'no value' }]
        : [200, { ARN: SECRET, SecretString: state.secret }];
    if (call === 'PutSecretValue') {
      state.secret = String(body['SecretString']);
      return [200, { ARN: SECRET }];
    }
    const headers = { etag: `v${state.version}` };
    if (call === 'DescribeKeyValueStore')
      return [200, { ItemCount: store.size, TotalSizeInBytes: 0, KvsARN: STORE_ARN, Created: 1 }, headers];
    if (call === 'ListKeys') {
      const from = Number(new URL(request.url ?? '', 'http://x').searchParams.get('NextToken') ?? '0');
      const items = [...store].map(([Key, Value]) => ({ Key, Value })).slice(from, from + 2);
      return [200, { Items: items, ...(from + 2 < store.size ? { NextToken: String(from + 2) } : {}) }];
    }
    if (call === 'UpdateKeys') {
      if (request.headers['if-match'] !== headers.etag)
        return [409, { Message: 'Pre-Condition failed' }, { 'x-amzn-errortype': 'ConflictException' }];
      const { Puts = [], Deletes = [] } = body as {
        Puts?: { Key: string; Value: string }[];
        Deletes?: { Key: string }[];
      };
      if (Puts.length + Deletes.length > 50) return [400, {}, { 'x-amzn-errortype': 'ValidationException' }];
      for (const { Key, Value } of Puts) store.set(Key, Value);
      for (const { Key } of Deletes) store.delete(Key);
      return [200, { ItemCount: store.size, TotalSizeInBytes: 0 }, { etag: `v${++state.version}` }];
    }
    if (call === 'answer') {
      seen.answers.push(body);
      seen.answerTypes.push(request.headers['content-type']);
      return [200, {}];
    }
    return [404, {}];
  };

  const server = createServer((request, response) => {
    void answer(request).then(([status, body, headers = {}]) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // The SDK puts the account before the host of a KeyValueStore, so the name is looked up here.
  const httpAgent = new Agent({
    lookup: (_, options, done) =>
      done(null, options.all === true ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4),
  });
  const common = {
    region: 'eu-central-1',
    endpoint: `http://localhost:${port}`,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: { httpAgent },
  };
  const secrets = new SecretsManagerClient(common);
  const values = new CloudFrontKeyValueStoreClient(common);
  let next = 0;
  const self: Cloud = {
    places: {
      secret: keySecret(secrets, SECRET),
      edge: edgeKeys(values, STORE_ARN),
      random: (count) => new Uint8Array(count).fill(++next),
    },
    seen,
    store,
    get secret() {
      return state.secret;
    },
    set secret(text) {
      state.secret = text;
    },
    get before() {
      return state.before;
    },
    set before(hook) {
      state.before = hook;
    },
    responseUrl: `http://127.0.0.1:${port}/answer?X-Amz-Signature=presigned`,
    origin: `http://localhost:${port}`,
    touch: () => void state.version++,
    [Symbol.asyncDispose]: async () => {
      secrets.destroy();
      values.destroy();
      httpAgent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}

function nameOf({ method, url = '', headers }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.replace('secretsmanager.', '');
  if (url.startsWith('/answer')) return 'answer';
  if (!decodeURIComponent(url).startsWith(`/key-value-stores/${STORE_ARN}`)) return `${method ?? ''} ${url}`;
  if (!/\/keys\/?(\?|$)/.test(url)) return 'DescribeKeyValueStore';
  return method === 'POST' ? 'UpdateKeys' : 'ListKeys';
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
