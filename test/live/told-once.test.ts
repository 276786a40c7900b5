import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createTeller } from '../../src/relay/live-told.ts';
import type { StreamEvent } from '../../src/relay/leg-events.ts';
import type { Head } from '../../src/live/head.ts';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { listenTo } from './listener.ts';

test('over legs that end where another decoder is needed each loss and each title is told once', async () => {
  await using radio = await startRadio(await radioProgram('aac-96k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin], config: { liveLegMs: 7_000 } });
  const content = { kind: 'live', options: 'codec.copy', source: radio.url(), name: 'a.mp4' } as const;
  radio.title('One');
  const listener = listenTo(baton.origin + publicLink(content, baton.keys));
  await sleep(6_000);
  radio.play(await radioProgram('aac-48k', { seconds: 60 }));
  radio.title('Two');
  await sleep(9_000);
  listener.stop();
  const losses = listener.events.filter(({ type }) => type === 'discontinuity');
  expect(losses).toMatchObject([{ why: 'source-changed' }]);
  const titles = listener.events.flatMap((event) => (event.type === 'metadata' ? [event.title] : []));
  expect(titles.filter((title) => title === 'Two').length).toBeGreaterThan(0);
});

const format = { codec: 'mp3', sampleRate: 48_000, channels: 2, kbps: 128, decoderConfig: null, preSkip: 0 } as const;
const epochs = [0, 100, 100, 250, 400].map((at, id) => ({
  ...{ id, at, end: null, lead: 0, missingMs: id, why: 'source-reset' as const },
  format,
}));
const HEAD: Head = {
  ...{ version: '00000000', createdAt: 0, station: {}, epochs, anchor: null, renditions: {} },
  titles: [50, 100, 399, 400].map((at) => ({ title: String(at), at })),
};

test('wherever a chain is cut into legs, each loss in it is told once, and no title is missed', () => {
  const told = (ends: readonly number[]): StreamEvent[] =>
    [0, ...ends.slice(0, -1)].flatMap((from, index) => {
      const teller = createTeller(from);
      const end = ends[index] ?? 0;
      const opening = teller.opening(HEAD);
      return [
        ...(opening === null ? [] : [opening]),
        ...[from, (end + from) >> 1, end].flatMap((to) => teller.upTo(to, HEAD)),
      ];
    });
  const losses = (ends: readonly number[]) => told(ends).filter(({ type }) => type === 'discontinuity');
  const titles = (ends: readonly number[]) =>
    new Set(told(ends).flatMap((event) => (event.type === 'metadata' ? [event.title] : [])));
  expect(losses([500]).map((loss) => loss.type === 'discontinuity' && loss.missingMs)).toEqual([1, 2, 3, 4]);
  for (const cuts of [[100], [101], [99, 100, 101], [250, 399, 400], [50], [401]]) {
    expect(losses([...cuts, 500])).toEqual(losses([500]));
    expect(titles([...cuts, 500])).toEqual(new Set(['50', '100', '399', '400']));
  }
});

test('of two losses at one position the one that is known later is told, too', () => {
  const teller = createTeller(0);
  const early = { ...HEAD, epochs: epochs.slice(0, 2) };
  const missing = (head: Head) =>
    teller.upTo(200, head).flatMap((event) => (event.type === 'discontinuity' ? [event.missingMs] : []));
  expect([missing(early), missing(HEAD), missing(HEAD)]).toEqual([[1], [2], []]);
});
