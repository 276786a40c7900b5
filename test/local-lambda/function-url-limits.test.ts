import { expect, it } from 'vitest';
import { get } from '../support/client.ts';
import { startWeb } from './start-web.ts';

it('answers 413 to an event over the limit and goes on', async () => {
  await using web = await startWeb({ limits: { payloadBytes: 20_000 } });
  const post = (size: number) =>
    fetch(web.url('buffered', '/value'), { method: 'POST', body: Buffer.alloc(size) }).then(async (response) => {
      await response.arrayBuffer();
      return { status: response.status, type: response.headers.get('x-amzn-errortype') };
    });
  expect(await post(16_000)).toEqual({ status: 413, type: 'RequestTooLargeException' }); // base64 makes it a third larger
  expect(await post(25_000)).toEqual({ status: 413, type: 'RequestTooLargeException' });
  expect((await post(1000)).status).toBe(200);
});

it('answers 429 when every environment is busy', async () => {
  await using web = await startWeb({ maxEnvironments: 1 });
  const answers = await Promise.all([1, 2, 3].map(() => get(web.url('buffered', '/slow'))));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 429, 429]);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.headers['x-amzn-errortype']).toBe('TooManyRequestsException');
  expect(JSON.parse(String(refused?.bytes))).toMatchObject({ Reason: 'ConcurrentInvocationLimitExceeded' });
});

it('lets only requests that look signed into an AWS_IAM URL', async () => {
  await using web = await startWeb({ auth: 'AWS_IAM' });
  const url = web.url('buffered', '/event');
  expect((await get(url)).status).toBe(403);
  expect((await get(url, { headers: { authorization: 'Bearer x' } })).status).toBe(403);
  const scope = 'AKIA/20260101/us-east-1/lambda/aws4_request';
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
  const { status, bytes } = await get(url, { headers: { authorization } });
  expect(status).toBe(200);
  expect(JSON.parse(bytes.toString())).toMatchObject({ requestContext: { authorizer: { iam: {} } } });
});
