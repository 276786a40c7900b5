import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'hls-parser';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { makeHls } from '../support/hls-made.ts';
import { startHlsOrigin, type HlsOrigin } from '../support/hls-origin.ts';
import { startOnLambda, type LambdaBaton } from '../support/lambda-baton.ts';
import { promisedFile } from '../support/promised-file.ts';
import { randomNumbers } from '../support/signal.ts';

const MADE = { seconds: 8, segmentSeconds: 2, video: true, codec: ['-c:a', 'aac', '-b:a', '96k'] } as const;
const MAIN = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=400000,CODECS="avc1.42c00a,mp4a.40.2"
ranges/main.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500000,CODECS="avc1.42c00a,mp4a.40.2"
sealed/main.m3u8
`;

let origin: HlsOrigin;
let baton: TestBaton;
let lambda: LambdaBaton;

beforeAll(async () => {
  origin = await startHlsOrigin({
    '/main.m3u8': MAIN,
    ...below('/ranges', await makeHls({ ...MADE, kind: 'fmp4', byteRanges: true })),
    ...below('/sealed', await makeHls({ ...MADE, kind: 'ts', encrypted: true })),
  });
  const allowOrigins = [origin.origin];
  baton = await startBaton({ allowOrigins });
  lambda = await startOnLambda({ allowOrigins }, baton.keys, 'cloudfront');
});
afterAll(async () => {
  await lambda.stop();
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

test('a relay behind CloudFront has the playlists of the origin, and its very bytes: all, and any range', async () => {
  const link = publicLink(
    { kind: 'hls', options: 'mode.relay', source: origin.url('/main.m3u8'), name: 'main.m3u8' },
    baton.keys,
  );
  const main = await get(lambda.origin + link);
  expect(main.status).toBe(200);
  expect(main.bytes).toEqual((await get(baton.origin + link)).bytes);
  const random = randomNumbers(11);
  for (const [path, address] of paired('/main.m3u8', MAIN, main.bytes.toString(), link)) {
    const answer = await get(address);
    expect([path, answer.status, answer.headers['content-type']]).toEqual([path, 200, 'application/vnd.apple.mpegurl']);
    const [own, theirs] = [answer.bytes.toString(), (await get(origin.url(path))).bytes.toString()];
    expect(withoutAddresses(own)).toBe(withoutAddresses(theirs));
    expect(rangesIn(own)).toEqual(rangesIn(theirs));
    for (const [file, at] of paired(path, theirs, own, new URL(address).pathname)) {
      const whole = (await get(origin.url(file))).bytes;
      const all = await get(at);
      expect([file, all.complete, all.bytes.equals(whole)]).toEqual([file, true, true]);
      const [start, end] = [Math.floor((random() * whole.length) / 2), Math.ceil(((1 + random()) * whole.length) / 2)];
      const text = `${start}-${end - 1}`;
      const part = await get(at, { range: text });
      expect([file, text, part.status, part.headers['content-range']]).toEqual([
        ...[file, text, 206],
        `bytes ${start}-${end - 1}/${whole.length}`,
      ]);
      expect(part.bytes.equals(whole.subarray(start, end))).toBe(true);
    }
  }
});

test('an episode in HLS is the same file on functions, and has the same ranges', async () => {
  const options = 'codec.mp3~bitrate.96k';
  const ours = await promisedFile(baton.file(origin.url('/sealed/main.m3u8'), options));
  const url = lambda.file(origin.url('/sealed/main.m3u8'), options);
  const theirs = await promisedFile(url);
  expect(theirs.headers['etag']).toBe(ours.headers['etag']);
  expect(theirs.bytes.equals(ours.bytes)).toBe(true);
  expect(theirs.bytes.length).toBeGreaterThan(8 * 12_000);
  const part = await get(url, { range: '50001-70000' });
  expect([part.status, part.bytes.equals(ours.bytes.subarray(50_001, 70_001))]).toEqual([206, true]);
});

const below = (folder: string, files: Readonly<Record<string, Uint8Array>>): Record<string, Uint8Array> =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [folder + path, bytes]));

const ADDRESS = /^[^#\s].*$|(?<=URI=")[^"]+/gm;
const withoutAddresses = (text: string): string => text.replace(ADDRESS, '-');

/** Paths at the origin, each once, and where they are relayed, from a playlist at `path` and its relay at `link`. */
function paired(path: string, theirs: string, own: string, link: string): ReadonlyMap<string, string> {
  const found = own.match(ADDRESS) ?? [];
  const pairs = (theirs.match(ADDRESS) ?? []).map((uri, index) => [
    new URL(uri, origin.url(path)).pathname,
    new URL(found[index] ?? '', lambda.origin + link).href,
  ]);
  expect(pairs.length).toBe(found.length);
  return new Map(pairs as [string, string][]);
}

/** What a parser that we did not write sees of byte ranges. */
function rangesIn(text: string): unknown[] {
  const playlist = parse(text);
  return playlist.isMasterPlaylist ? [] : playlist.segments.map(({ byterange, duration }) => [byterange, duration]);
}
