import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicLink, readLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { makeHls, type HlsRecipe } from '../support/hls-made.ts';
import { startHlsOrigin, type HlsOrigin } from '../support/hls-origin.ts';
import { promisedFile } from '../support/promised-file.ts';

const MADE: HlsRecipe = { kind: 'ts', codec: ['-c:a', 'aac', '-b:a', '96k'], seconds: 6, segmentSeconds: 2 };
const STREAM = '#EXT-X-STREAM-INF:BANDWIDTH=100000,CODECS="mp4a.40.2"';
const MAIN = `#EXTM3U
#EXT-X-DEFINE:NAME="folder",VALUE="sound"
#EXT-X-DEFINE:QUERYPARAM="pass"
${STREAM}
low.m3u8?v={$pass}
`;

let origin: HlsOrigin;
let baton: TestBaton;

beforeAll(async () => {
  const files = await makeHls(MADE);
  const plain = Buffer.from(files['/main.m3u8'] ?? []).toString();
  const imports = '#EXT-X-DEFINE:IMPORT="folder"\n#EXT-X-DEFINE:IMPORT="pass"\n';
  const child = plain.replace('#EXTM3U\n', `#EXTM3U\n${imports}`).replace(/^([^#\n]+)$/gm, '{$folder}/$1?{$pass}');
  origin = await startHlsOrigin({ '/plain.m3u8': plain.replace(/^([^#\n]+)$/gm, 'sound/$1') });
  for (const [path, bytes] of Object.entries(files)) origin.places.set(`/sound${path}`, bytes);
  origin.places.set('/low.m3u8', child);
  origin.places.set('/main.m3u8', MAIN);
  origin.places.set('/without.m3u8', `#EXTM3U\n${STREAM}\nlow.m3u8\n`);
  origin.places.set(
    '/large.m3u8',
    `#EXTM3U\n#EXT-X-DEFINE:NAME="x",VALUE="${'y'.repeat(2000)}"\n${STREAM}\nplain.m3u8\n`,
  );
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

const relayed = (path: string): string => {
  const content = { kind: 'hls', options: 'mode.relay', source: origin.url(path), name: 'v.m3u8' } as const;
  return baton.origin + publicLink(content, baton.keys);
};
const addresses = (text: string, at: string): string[] =>
  (text.match(/^[^#\s].*$/gm) ?? []).map((uri) => new URL(uri, at).href);

async function childOf(path: string): Promise<string> {
  const main = await get(relayed(path));
  return addresses(main.bytes.toString(), relayed(path))[0] ?? '';
}

test('a relayed media playlist imports the variables of its multivariant playlist, wherever it is asked for', async () => {
  const url = await childOf('/main.m3u8?pass=let%20me');
  await using other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys });
  for (const each of [url, url.replace(baton.origin, other.origin)]) {
    const child = await get(each);
    expect(child.status).toBe(200);
    const segments = addresses(child.bytes.toString(), each);
    const sources = segments.map((address) => readLink(new URL(address).pathname, baton.keys, 0).source);
    expect(sources[0]).toBe(origin.url('/sound/main0.ts?let%20me'));
    expect(sources.length).toBeGreaterThan(2);
    expect((await get(segments[0] ?? '')).bytes.equals((await get(origin.url('/sound/main0.ts'))).bytes)).toBe(true);
  }
});

test('what has no value in the multivariant playlist is refused; nothing that is too large travels', async () => {
  const refused = await get(await childOf('/without.m3u8'));
  expect([refused.status, JSON.parse(refused.bytes.toString())]).toMatchObject([422, { code: 'PLAYLIST_INVALID' }]);
  const large = await childOf('/large.m3u8');
  expect(large.length).toBeLessThan(600);
  expect((await get(large)).status).toBe(200);
});

test('what the query of a hidden address says is in no text and no link', async () => {
  const source = origin.url('/main.m3u8?pass=Geheim77');
  const content = { kind: 'hls', options: 'mode.relay', source, name: 'v.m3u8' } as const;
  const hidden = baton.origin + publicLink(content, baton.keys, { encryptSource: true });
  const text = (await get(hidden)).bytes.toString();
  const [child = ''] = addresses(text, hidden);
  const parts = child.split(/[/~.]/).map((part) => Buffer.from(part, 'base64url').toString('latin1'));
  for (const seen of [text, ...parts]) expect(seen).not.toContain('Geheim77');
  expect(parts.join()).toContain('folder');
  expect(text).toContain('#EXT-X-DEFINE:NAME="pass",VALUE=""');
  expect((await get(relayed('/main.m3u8?pass=Geheim77'))).bytes.toString()).toContain('VALUE="Geheim77"');
  expect(readLink(new URL(child).pathname, baton.keys, 0).source).toBe(origin.url('/low.m3u8?v=Geheim77'));
});

test('an episode whose playlist imports variables sounds as the one without, also when it is asked for anew', async () => {
  const options = 'codec.mp3~bitrate.96k';
  const plain = await promisedFile(baton.file(origin.url('/plain.m3u8'), options));
  const link = baton.file(origin.url('/main.m3u8?pass=x'), options);
  const imported = await promisedFile(link);
  expect(imported.bytes.length).toBe(imported.promisedBytes);
  expect(imported.bytes.equals(plain.bytes)).toBe(true);
  await using other = await startBaton({
    allowOrigins: [origin.origin],
    keys: baton.keys,
    config: { revalidateMs: 0 },
  });
  const again = link.replace(baton.origin, other.origin);
  for (let turn = 0; turn < 2; turn++) expect((await promisedFile(again)).bytes.equals(plain.bytes)).toBe(true);
});
