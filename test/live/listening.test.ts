import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { saidIn } from './said.ts';

test('a station that is gone is bridged, then silence, then an error that says when to come back', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin], config: { silenceMs: 3_000 } });
  const link = (options: string, name: string): string =>
    baton.origin + publicLink({ kind: 'live', options, source: radio.url(), name }, baton.keys);
  const urls = [link('codec.opus~bitrate.64k', 'a.mp4'), link('codec.aac~bitrate.64k', 'a.mp4')];
  const endless = endOf(link('codec.mp3~bitrate.64k', 'a.mp3'));
  const listening = urls.map(async (url, at) => {
    await sleep(2_500 * at); // the second one is given what the first one has, and then the broadcast
    return heard(await fetch(url));
  });
  await sleep(4_000);
  await radio.close();
  for (const { body, longestPauseMs } of await Promise.all(listening)) {
    expect.soft(longestPauseMs).toBeLessThan(3_000); // players take longer ones for a dead connection
    expect.soft(saidIn(body).at(-1)).toMatchObject({
      type: 'error',
      code: 'SOURCE_GONE',
      retryAfterSeconds: 10,
      token: expect.any(String) as string,
    });
  }
  expect(await endless).toBe('ECONNRESET'); // an orderly end would look like one
  const ends = (): unknown[] => baton.usage.map(({ error, outcome }) => [outcome, error]);
  await expect.poll(ends).toEqual(Array(3).fill(['cut', 'SOURCE_GONE']));
  for (const { leg } of baton.usage) if (leg !== undefined) expect(leg.to - leg.from).toBeGreaterThan(5);
});

test('a fallback is heard however short the silence is that is borne', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using other = await startRadio(await radioProgram('aac-96k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin, other.origin], config: { silenceMs: 0 } });
  const fallback = Buffer.from(other.url()).toString('base64url');
  const options = `codec.aac~bitrate.64k~fallback.${fallback}`;
  const link = publicLink({ kind: 'live', options, source: radio.url(), name: 'a.mp4' }, baton.keys);
  const leaving = new AbortController();
  const pieces: Uint8Array[] = [];
  const reading = (async () => {
    const { body } = await fetch(baton.origin + link, { signal: leaving.signal });
    for await (const piece of body ?? []) pieces.push(piece);
  })();
  reading.catch(() => undefined);
  await sleep(2_000);
  await radio.close();
  await sleep(8_500);
  leaving.abort();
  await expect(reading).rejects.toThrow('aborted');
  expect(saidIn(Buffer.concat(pieces))).toContainEqual(
    expect.objectContaining({ type: 'discontinuity', why: 'fallback' }),
  );
});

test('who asks for a time on a channel that rests begins with what is on', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin] });
  const link = publicLink(
    { kind: 'live', options: 'codec.aac~bitrate.64k', source: radio.url(), name: 'a.mp4' },
    baton.keys,
  );
  const { body } = await fetch(`${baton.origin}${link}/t.3600000`, { signal: AbortSignal.timeout(8_000) });
  const reader = body?.getReader();
  expect(saidIn((await reader?.read())?.value ?? new Uint8Array()).slice(0, 2)).toMatchObject([
    { type: 'start' },
    { type: 'discontinuity', why: 'channel-restarted' },
  ]);
  await reader?.cancel();
});

/** How the connection ends of a listener who reads to the end: 'end', or the code of what broke it. */
function endOf(url: string): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.resume().write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  return new Promise((resolve) => {
    socket.once('end', () => resolve('end'));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

async function heard({ body }: Response): Promise<{ readonly body: Buffer; readonly longestPauseMs: number }> {
  const pieces: Uint8Array[] = [];
  let longestPauseMs = 0;
  let last = performance.now();
  for await (const piece of body ?? []) {
    pieces.push(piece);
    longestPauseMs = Math.max(longestPauseMs, performance.now() - last);
    last = performance.now();
  }
  return { body: Buffer.concat(pieces), longestPauseMs };
}
