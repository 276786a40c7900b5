import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { failureCodes } from '../../src/errors.ts';
import { MAX_PLAYLIST_BYTES } from '../../src/hls/lines.ts';
import { readPlaylist } from '../../src/hls/playlist.ts';
import { publicLink, readLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startHlsOrigin } from '../support/hls-origin.ts';
import { malformedPlaylists } from '../support/hls-malformed.ts';

/** A busy machine takes its time; what hangs takes longer. */
const LIMIT_MS = 10_000;
const AT_ONCE = 4;
/** Links that are followed of one playlist. */
const FOLLOWED = 4;

/** Whoever connects is counted. */
async function startCanary() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

test('of what is no good playlist comes a clear error, or a good one that leads to Baton alone; nobody private is asked', async () => {
  await using canary = await startCanary();
  await using origin = await startHlsOrigin();
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  const names = ['127.0.0.1', 'localhost', '127.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::ffff:127.0.0.1]'];
  const cases = malformedPlaylists([...names.map((name) => `${name}:${canary.port}`), '169.254.169.254', '10.0.0.1']);
  expect(cases.length).toBeGreaterThanOrEqual(200);
  const outcomes = new Map<string, number>();

  async function check(at: number): Promise<void> {
    const { name, bytes } = cases[at] ?? { name: '', bytes: Buffer.alloc(0) };
    const path = `/${at}.m3u8`;
    origin.places.set(path, bytes);
    const link = { kind: 'hls', options: 'mode.relay', source: origin.url(path), name: 'a.m3u8' } as const;
    const url = baton.origin + publicLink(link, baton.keys);
    const answer = await get(url, { signal: AbortSignal.timeout(LIMIT_MS) });
    const text = answer.bytes.toString();
    if (answer.status !== 200) {
      const { code } = JSON.parse(text) as { code: string };
      expect(
        failureCodes.filter((known) => known !== 'INTERNAL'),
        name,
      ).toContain(code);
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
      return;
    }
    outcomes.set('OK', (outcomes.get('OK') ?? 0) + 1);
    expect(answer.bytes.length, name).toBeLessThan(16 * 2 ** 20);
    if (answer.bytes.length < MAX_PLAYLIST_BYTES) expect(() => readPlaylist(answer.bytes, url), name).not.toThrow();
    const links = addressesIn(text).map((address) => new URL(address, url).href);
    for (const each of links) {
      expect(each, name).toMatch(new RegExp(`^${baton.origin}/(?:raw|hls)/`));
      expect(() => readLink(new URL(each).pathname, baton.keys, Date.now() / 1000), name).not.toThrow();
    }
    for (const each of links.slice(0, FOLLOWED)) {
      const followed = await get(each, { signal: AbortSignal.timeout(LIMIT_MS) });
      if (followed.status >= 400) expect(JSON.parse(followed.bytes.toString()), name).toHaveProperty('code');
    }
  }

  let next = 0;
  const workers = Array.from({ length: AT_ONCE }, async () => {
    while (next < cases.length) await check(next++);
  });
  await Promise.all(workers);
  expect(canary.connections()).toBe(0);
  // Neither all good nor all bad, or nothing was tested.
  expect(outcomes.get('OK')).toBeGreaterThan(20);
  expect(outcomes.get('PLAYLIST_INVALID')).toBeGreaterThan(100);
  expect(outcomes.get('PLAYLIST_TOO_LARGE')).toBeGreaterThan(8);
  expect(baton.usage.filter(({ error }) => error === 'INTERNAL')).toEqual([]);
  expect((await get(`${baton.origin}/healthz`)).status).toBe(200);
}, 300_000);

/** What a player would take for addresses, by other means than Baton's own. */
function addressesIn(text: string): string[] {
  return text.split(/[\n\r\u2028\u2029\u0085]/).flatMap((line) => {
    if (line.trim() === '') return [];
    if (!line.startsWith('#')) return [line.trim()];
    const [, tag = '', list = ''] = /^#(EXT[^:]*):(.*)$/.exec(line) ?? [];
    if (/^EXT-X-(?:TWITCH-)?PREFETCH$/.test(tag)) return [list.trim()];
    const isKnown =
      /^EXT-X-(?:MEDIA|MAP|KEY|PART|PRELOAD-HINT|RENDITION-REPORT|SESSION-KEY|SESSION-DATA|I-FRAME-STREAM-INF|IMAGE-STREAM-INF|DATERANGE|CONTENT-STEERING)$/;
    if (!isKnown.test(tag.trim())) return [];
    const system = /KEYFORMAT="(?!identity")/.test(list);
    return [...list.matchAll(/(?:^|,)\s*(?:URI|SERVER-URI|X-ASSET-URI|X-ASSET-LIST)\s*=\s*(?:"([^"]*)"|([^,]*))/g)]
      .map(([, quoted, bare]) => quoted ?? bare ?? '')
      .filter((uri) => !(system && /^(?:skd|data):/i.test(uri)));
  });
}
