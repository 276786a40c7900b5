import { expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOrigin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const link = (index: number): string => `codec.mp3~bitrate.64k~start.${(index + 1) * 10}ms`;

test('a crowd on one encoder is served whole or told to come back, and nobody is cut', async () => {
  const made = await source('vbr-xing.mp3', { seconds: 8 });
  await using origin = await startOrigin(made.bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin], config: { encoders: 1 } });
  const urls = Array.from({ length: 60 }, (_, index) => baton.file(origin.url('/a.mp3'), link(index)));
  const answers = await Promise.all(urls.map((url) => get(url)));
  const served = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  expect(served.length + refused.length).toBe(urls.length);
  expect(served.length).toBeGreaterThanOrEqual(32);
  for (const { complete, headers, bytes } of served) {
    expect([complete, String(bytes.length)]).toEqual([true, headers['content-length']]);
  }
  for (const { headers, bytes } of refused) {
    expect(headers['retry-after']).toBe('2');
    expect(JSON.parse(bytes.toString())).toMatchObject({ code: 'BUSY' });
  }
});

test('a file of one frame is silence of the promised length', async () => {
  const made = await source('cbr-48k-bare.mp3', { seconds: 6 });
  await using origin = await startOrigin(made.bytes.subarray(0, 384));
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const url = baton.file(origin.url('/a.mp3'), 'codec.mp3~bitrate.64k');
  const head = await get(url, { method: 'HEAD' });
  const whole = await get(url);
  expect([whole.status, whole.complete]).toEqual([200, true]);
  expect(head.headers['content-length'] ?? String(whole.bytes.length)).toBe(String(whole.bytes.length));
});
