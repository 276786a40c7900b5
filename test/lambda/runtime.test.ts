import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const seen = async (global: unknown): Promise<unknown> => {
  vi.stubGlobal('awslambda', global);
  vi.resetModules();
  return (await import('../../src/lambda/runtime.ts')).awslambda;
};

test('the runtime client is known by what it can do, since AWS has more than one global of its name', async () => {
  expect(await seen(undefined)).toBeUndefined();
  expect(await seen({})).toBeUndefined();
  await import('@aws-sdk/client-secrets-manager');
  expect(await seen((globalThis as { awslambda?: unknown }).awslambda)).toBeUndefined();
  const client = { streamifyResponse: (handler: unknown) => handler, HttpResponseStream: {} };
  expect(await seen(client)).toBe(client);
});
