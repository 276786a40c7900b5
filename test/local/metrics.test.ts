import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { valuesOf } from '../support/prometheus.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';

/** Of 1.2 s at 64 kbit/s: what the first one cost is known by then. */
const TWO_CHUNKS = 2 * 9_600;

test('Prometheus reads what a server is at, with the token alone', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin], config: { metricsToken: 'let me in' } });
  const ask = (authorization?: string) =>
    get(`${baton.origin}/metrics`, authorization === undefined ? {} : { headers: { authorization } });
  expect((await ask()).status).toBe(404);
  expect((await ask('Bearer let me')).status).toBe(404);
  const read = async () => valuesOf((await ask('Bearer let me in')).bytes.toString());
  expect((await read()).get('baton_listeners')).toBe(0);

  const link = publicLink(
    { kind: 'live', options: 'codec.mp3~bitrate.64k', source: radio.url(), name: 'a.mp3' },
    baton.keys,
  );
  const leaving = new AbortController();
  const response = await fetch(baton.origin + link, { signal: leaving.signal });
  const reader = response.body?.getReader();
  let bytes = 0;
  while (bytes < TWO_CHUNKS) bytes += (await reader?.read())?.value?.length ?? NaN;
  const during = await read();
  const channel = new URL(radio.url()).host + new URL(radio.url()).pathname;
  expect(during.get('baton_listeners')).toBe(1);
  expect(during.get(`baton_channel_legs{channel="${channel}",rendition="codec.mp3~bitrate.64k"}`)).toBe(1);
  expect(during.get(`baton_channel_source{channel="${channel}",state="source"}`)).toBe(1);
  expect(during.get(`baton_channel_source_connections{channel="${channel}"}`)).toBe(1);
  expect(during.get('baton_response_bytes_total{kind="live"}')).toBeGreaterThanOrEqual(bytes);
  leaving.abort();
  await expect.poll(async () => (await read()).get('baton_listeners')).toBe(0);
  const after = await read();
  expect(after.get('baton_responses_total{kind="live",outcome="left",status="200"}')).toBe(1);
  expect(after.get('baton_encoder_cpu_seconds_total{kind="live"}')).toBeGreaterThan(0);
  expect(after.get('baton_first_audio_seconds_count{kind="live"}')).toBe(1);
});
