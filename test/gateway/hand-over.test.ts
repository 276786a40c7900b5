import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { listenTo, type Listener } from '../live/listener.ts';
import { source } from '../support/sources.ts';
import { ingestOnLambda } from './on-lambda.ts';

const PIECE = 16_000; // a second
const SECONDS = 40;

test.skipIf(process.env['BATON_FULL'] !== '1')(
  'a show is heard without a gap, although one function after the other takes its sound in and another one after the other carries it',
  async () => {
    const sound = Buffer.from((await source('cbr.mp3', { seconds: SECONDS })).bytes);
    await using lambda = await ingestOnLambda({ disorder: { mostMs: 200, seed: 3 } });
    await using publisher = lambda.publisher({ channel: 'radio' });
    const { origin } = new URL(lambda.baton.lambda.functionUrls.get('live') ?? '');
    const content = {
      kind: 'live',
      options: 'codec.aac~bitrate.96k',
      source: 'ingest://radio',
      name: 'a.mp4',
    } as const;
    let listener: Listener | null = null;
    try {
      for (let at = 0; at * PIECE < sound.length; at++) {
        publisher.send(sound.subarray(at * PIECE, (at + 1) * PIECE));
        if (at === 3) listener = listenTo(origin + publicLink(content, lambda.baton.keys));
        await sleep(1_000);
      }
      expect(listener?.events.map(({ type }) => type)).not.toContain('discontinuity');
      expect(listener?.legs().length).toBeGreaterThan(4);
      expect(listener?.retries).toBe(0);
      expect(listener?.starvedMs()).toBeLessThan(1_000); // who was first has little ahead
    } finally {
      listener?.stop();
    }
    await publisher.end();
    expect(publisher.said.filter(({ type }) => type === 'error')).toEqual([]);
  },
  120_000,
);
