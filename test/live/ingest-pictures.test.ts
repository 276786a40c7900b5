import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publish } from '../ingest/on-air.ts';
import { filmPackets, RATE } from '../ingest/sent-film.ts';
import { startBaton } from '../support/baton.ts';
import { demuxed } from '../support/demuxed.ts';
import { FFPROBE } from '../support/ffmpeg.ts';

const SECONDS = 12;
const JOINED = 4.5;
const LEFT = 11;

test.skipIf(FFPROBE === null)(
  'who joins a show with a camera sees its pictures as they were sent',
  async () => {
    const sent = await filmPackets('opus', SECONDS);
    await using baton = await startBaton({ allowOrigins: [] });
    await using publisher = publish(baton, 'seen', sent.format);
    const sending = send();
    await sleep(JOINED * 1000);
    const { links } = publisher.last('welcome') ?? {};
    const response = await fetch(baton.origin + (links?.stream ?? ''), {
      signal: AbortSignal.timeout((LEFT - JOINED) * 1000),
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    const found = await demuxed(await readUntilCut(response));
    await sending;

    const seen = found.filter(({ kind }) => kind === 'video');
    expect(seen.length).toBeGreaterThan((LEFT - JOINED - 2) * RATE);
    expect(seen[0]?.isKey).toBe(true);
    const first = sent.pictures.findIndex(({ md5 }) => md5 === seen[0]?.md5);
    const expected = sent.pictures.slice(first, first + seen.length);
    expect(seen.map(({ md5 }) => md5)).toEqual(expected.map(({ md5 }) => md5));
    // What only has to be decoded, since the sound begins behind the key picture, is shown at 0.
    const shifts = seen.flatMap(({ seconds }, at) => (seconds > 0 ? [(expected[at]?.seconds ?? 0) - seconds] : []));
    expect(shifts.length).toBeGreaterThan((LEFT - JOINED - 2) * RATE);
    expect(Math.max(...shifts) - Math.min(...shifts)).toBeLessThan(0.002);

    async function send(): Promise<void> {
      const from = performance.now();
      for (const [at, payload] of sent.payloads.entries()) {
        publisher.send(payload);
        await sleep(Math.max(0, from + (at * SECONDS * 1000) / sent.payloads.length - performance.now()));
      }
      await publisher.end();
    }
  },
  60_000,
);

async function readUntilCut({ body }: Response): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of body as unknown as AsyncIterable<Uint8Array>) pieces.push(piece);
  } catch {
    // the listener has left
  }
  return Buffer.concat(pieces);
}
