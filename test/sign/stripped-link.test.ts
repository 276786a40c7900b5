import { expect, test } from 'vitest';
import { parseKeys } from '../../src/sign/keys.ts';
import { KINDS, privateLink, publicLink, readStrippedLink, type LinkContent } from '../../src/sign/link.ts';
import { linkReader } from '../../src/sign/reader.ts';

const NOW = 1_795_500_000;
const keys = parseKeys(`k1:${Buffer.alloc(32, 1).toString('base64url')}`);
const content: LinkContent = {
  kind: 'file',
  options: 'codec.mp3~bitrate.64k',
  source: 'https://cdn.example/a.mp3',
  name: 'a.mp3',
};
const stripped = (path: string): string => path.replace(/^\/(\w+)\/(\w+)\.[^/]+\//, '/$1/$2/');

test.each([false, true])('what the edge leaves of a link says what the link says (encrypted: %s)', (encryptSource) => {
  const open = publicLink(content, keys, { encryptSource });
  const secret = privateLink(content, { expiresAt: NOW + 600, scope: 'a' }, keys, NOW, { encryptSource });
  for (const path of [open, secret]) {
    expect(stripped(path)).toMatch(/^\/file\/k1\/codec/);
    expect(readStrippedLink(stripped(path), keys)).toMatchObject({ ...content, kid: 'k1', expiresAt: null });
  }
  expect(stripped(open)).toBe(stripped(secret));
});

test('only links of files and HLS come stripped: of all others Baton checks the token itself', () => {
  for (const kind of KINDS) {
    const link = readStrippedLink(stripped(publicLink({ ...content, kind }, keys)), keys);
    expect(link !== null).toBe(kind === 'file' || kind === 'hls');
  }
  const relayed = (options: string) => publicLink({ ...content, kind: 'hls', options }, keys);
  for (const options of ['mode.relay', 'mode.relay~audioonly.yes'])
    expect(readStrippedLink(stripped(relayed(options)), keys)).toBeNull();
  expect(readStrippedLink(stripped(relayed('mode.live')), keys)).not.toBeNull();
});

test('a reader that trusts no edge knows no stripped link', () => {
  const path = stripped(publicLink(content, keys));
  expect(() => linkReader(keys, { trustEdge: false })(path, NOW)).toThrow(
    expect.objectContaining({ code: 'LINK_INVALID' }) as Error,
  );
  expect(linkReader(keys, { trustEdge: true })(path, NOW)).toMatchObject(content);
});

test('one that does still checks every token', () => {
  const read = linkReader(keys, { trustEdge: true });
  const path = publicLink(content, keys);
  expect(read(path, NOW)).toMatchObject(content);
  const wrong = [path.replace('a.mp3', 'b.mp3'), '/file/k9/codec.mp3/aHR0cHM6Ly9h/a.mp3', '/file/k1/../k1/a/b/c.mp3'];
  for (const each of wrong) expect(() => read(each, NOW)).toThrow();
});
