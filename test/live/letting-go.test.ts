import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { startOrigin } from '../support/origin.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { carrier, made } from './carrier.ts';

test.each([0, 5_000])(
  'who comes in the moment that the last one leaves gets every chunk (lingering for %i ms)',
  async (lingerMs) => {
    await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
    const store = memoryStore({ maxBytes: 2 ** 26 });
    await using first = await carrier(radio.url(), store, { lingerMs });
    const { stream } = first;
    await made(stream, 4);
    let letGo = first.letGo;
    for (const gapMs of [0, 1, 8]) {
      while (stream.growing() === null) await sleep(5);
      const index = stream.growing() ?? NaN;
      const gone = letGo();
      if (gapMs > 0) await sleep(gapMs);
      letGo = stream.hold().letGo;
      const chunk = await stream.chunk(index, AbortSignal.timeout(9_000));
      const bytes = await Array.fromAsync(chunk?.follow(0, Infinity, AbortSignal.timeout(9_000)) ?? []);
      expect(Buffer.concat(bytes).length).toBeGreaterThan(1_000);
      await gone;
    }
    await letGo();
    expect(stream.runs()).toHaveLength(1);
    expect(stream.takeOvers()).toBe(lingerMs === 0 ? 4 : 1);
  },
);

test('passers-by cost one take-over, and a while after the last one nothing runs', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin], config: { metricsToken: 'let me in' } });
  const link = publicLink(
    { kind: 'live', options: 'codec.mp3~bitrate.64k', source: radio.url(), name: 'a.mp3' },
    baton.keys,
  );
  for (let n = 0; n < 20; n++) {
    const leaving = new AbortController();
    const response = await fetch(baton.origin + link, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
  }
  const { bytes } = await get(`${baton.origin}/metrics`, { headers: { authorization: 'Bearer let me in' } });
  expect(bytes.toString()).toMatch(/^baton_channel_take_overs\{.*\} 1$/m);
  expect(radio.connected).toBe(1);
  expect(
    await settled(
      () => radio.listeners,
      (count) => count === 0,
      12_000,
    ),
  ).toBe(0);
  expect(await ffmpegProcesses()).toEqual([]);
}, 60_000);

test('stations that are not there leave nothing that runs', async () => {
  await using origin = await startOrigin(new Uint8Array(), { status: 404 });
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  for (let n = 0; n < 20; n++) {
    const link = publicLink(
      { kind: 'live', options: 'codec.mp3~bitrate.64k', source: origin.url(`/${n}`), name: 'a.mp3' },
      baton.keys,
    );
    expect((await get(baton.origin + link)).status).toBe(404);
  }
  expect(await settled(timers, (count) => count < before + 5)).toBeLessThan(before + 5);
});
