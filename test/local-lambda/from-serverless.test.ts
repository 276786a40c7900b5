import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromServerless } from '../../src/local-lambda/from-serverless.ts';
import { startLocalLambda } from '../../src/local-lambda/local-lambda.ts';
import { get } from '../support/client.ts';

const folder = join(import.meta.dirname, 'fixtures/service');
const file = join(folder, 'serverless.yml');

describe('a serverless.yml', () => {
  it('gives the functions with their own and common settings, and says what only a deployment knows', async () => {
    const { functions, unresolved } = await fromServerless({ file, params: { common: 'given' } });
    const common = { taskRoot: folder, maxEnvironments: 10 };
    expect(functions).toEqual([
      {
        ...{ ...common, name: 'stream-me', handler: 'web.streamed', memoryMb: 512, timeoutSeconds: 20 },
        ...{ url: 'RESPONSE_STREAM', urlAuth: 'AWS_IAM', environment: { COMMON: 'given', COUNT: '3' } },
      },
      {
        ...{ ...common, name: 'plain', handler: 'web.buffered', memoryMb: 256, timeoutSeconds: 6, maxEnvironments: 2 },
        ...{ url: 'BUFFERED', urlAuth: 'NONE', environment: { COMMON: 'given' } },
      },
      {
        ...{ ...common, name: 'worker', handler: 'web.buffered', memoryMb: 512, timeoutSeconds: 6 },
        ...{ url: null, environment: { COMMON: 'given' } },
      },
    ]);
    expect(unresolved).toEqual(['stream-me.environment.BUCKET']);
    const given = await fromServerless({ file, environment: { BUCKET: 'local' }, maxEnvironments: 1 });
    expect(given.unresolved).toEqual([]);
    expect(given.functions[0]).toMatchObject({ environment: { BUCKET: 'local', COMMON: 'unset' }, maxEnvironments: 1 });
  });

  it('gives its distribution, as far as its origins are function URLs, and its WebSocket API', async () => {
    const { cloudFront, webSocket } = await fromServerless({ file, keyValues: { k: 'v' } });
    expect(webSocket).toEqual({
      ...{ stage: 'dev', routeSelectionExpression: '$request.body.action' },
      ...{ routes: { $connect: 'worker', $default: 'worker' }, responding: ['$default'] },
    });
    expect(cloudFront).toEqual({
      origins: { streams: 'stream-me', values: 'plain' },
      keyValues: { k: 'v' },
      errorSeconds: { 503: 1 },
      originReadTimeoutMs: 60_000,
      behaviours: [
        {
          ...{ pathPattern: '/live/*', origin: 'streams', methods: ['GET', 'HEAD'] },
          viewerRequest: 'function handler(event) { return event.request; }',
          ...{ ttl: { min: 0, default: 5, max: 50 }, cacheHeaders: ['Origin'], queryStrings: 'all' },
        },
        {
          ...{ pathPattern: '*', origin: 'values', viewerRequest: null },
          methods: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
          ...{ ttl: { min: 0, default: 0, max: 0 }, queryStrings: 'forward', forwardHeaders: 'all' },
        },
      ],
    });
  });

  it('runs', async () => {
    const { functions, cloudFront } = await fromServerless({ file });
    const local = await startLocalLambda({ functions, ...(cloudFront && { cloudFront }), log: () => undefined });
    try {
      expect((await get(local.functionUrls.get('stream-me') ?? '')).status).toBe(403); // AWS_IAM
      const live = await get(`${local.cloudFrontUrl ?? ''}/live/x`);
      expect({ status: live.status, complete: live.complete }).toEqual({ status: 201, complete: true });
      expect((await get(`${local.cloudFrontUrl ?? ''}/event`)).status).toBe(200);
    } finally {
      await local.stop();
    }
  });

  it('that osls cannot resolve is refused in its words', async () => {
    await expect(fromServerless({ file: join(folder, 'absent.yml') })).rejects.toThrow(
      /osls cannot resolve .*absent\.yml/s,
    );
  });
});
