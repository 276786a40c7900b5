import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { testKeys } from '../support/baton.ts';
import { startLiveHls } from '../support/hls-channel.ts';
import type { HlsRecipe } from '../support/hls-made.ts';
import { startOnLambda } from '../support/lambda-baton.ts';
import { hearAnywhere } from './chirp-ear.ts';
import { listenTo } from './listener.ts';

const CHIRP = { seconds: 100 };
const LOOP: HlsRecipe = {
  ...{ kind: 'ts', codec: ['-c:a', 'aac', '-b:a', '96k'], segmentSeconds: 2 },
  ...{ seconds: CHIRP.seconds, chirp: true, channels: 1 },
};

test('a channel in HLS is carried by functions behind CloudFront, across legs and for two, without a gap', async () => {
  await using channel = await startLiveHls(LOOP);
  const environment = { BATON_LIVE_LEG_SECONDS: '6' };
  const setup = { allowOrigins: [channel.origin.origin], environment };
  await using baton = await startOnLambda(setup, testKeys(), 'cloudfront');
  const content = { kind: 'live', options: 'codec.aac~bitrate.96k', source: channel.url, name: 'a.mp4' } as const;
  const url = baton.origin + publicLink(content, baton.keys);
  const one = listenTo(url);
  await sleep(8_000);
  const two = listenTo(url);
  await sleep(14_000);
  for (const listener of [one, two]) {
    listener.stop();
    expect(listener.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
    expect(listener.legs().length).toBeGreaterThan(1);
    expect(listener.starvedMs()).toBeLessThan(200);
    const heard = hearAnywhere(await listener.heard(), CHIRP);
    expect(heard).toMatchObject({ damagedMs: 0, silentMs: 0 });
    expect(heard.seconds).toBeGreaterThan(10);
  }
  await baton.idle();
}, 90_000);
