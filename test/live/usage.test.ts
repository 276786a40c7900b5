import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { settled } from '../support/leaks.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { listenTo } from './listener.ts';

test('what carrying a channel costs is noted once, whoever listens', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin] });
  const link = publicLink(
    { kind: 'live', options: 'codec.aac~bitrate.96k', source: radio.url(), name: 'live.mp4' },
    baton.keys,
  );
  const listeners = [listenTo(baton.origin + link), listenTo(baton.origin + link)];
  await sleep(8_000);
  for (const listener of listeners) listener.stop();
  expect(
    await settled(
      () => baton.usage.length,
      (count) => count === 2,
      5_000,
    ),
  ).toBe(2);
  const sum = (name: 'chunksEncoded' | 'encoderCpuMs' | 'sourceBytes'): number =>
    baton.usage.reduce((all, record) => all + record[name], 0);
  const stored = (await Array.fromAsync(baton.store.list('chunk/live/'))).length;
  expect(stored).toBeGreaterThan(4);
  expect(stored - sum('chunksEncoded')).toBeLessThanOrEqual(1); // they are still made for a while
  expect(sum('chunksEncoded')).toBeLessThanOrEqual(stored);
  expect(sum('encoderCpuMs')).toBeGreaterThan(20 * stored); // two processes a chunk, started and fed
  expect(sum('sourceBytes')).toBeGreaterThan(8 * 15_000);
});
