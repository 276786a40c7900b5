import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';
import { feeds, original, writings, type Forged, type Writing } from './feed-forge.ts';

let media: Origin;
let publisher: Origin;
let baton: TestBaton;
const published = new Map<string, Buffer>();

beforeAll(async () => {
  const { bytes } = await source('chapters.mp3', { seconds: 8 });
  media = await startOrigin(bytes, { redirect: ({ url }) => (url.includes('missing') ? 'http://10.0.0.1/' : null) });
  publisher = await startOrigin(({ url }) => published.get(url) ?? Buffer.alloc(0), { contentType: 'application/xml' });
  baton = await startBaton({ allowOrigins: [media.origin, publisher.origin] });
});
afterAll(async () => {
  await baton.stop();
  await Promise.all([media.close(), publisher.close()]);
});

const NONE: Forged = { name: '', marked: '', files: -1 };
const names = feeds('http://x').map(({ name }) => name);

test('are more than two hundred', () => {
  expect(new Set(names).size).toBe(names.length);
  expect(names.length * writings.length).toBeGreaterThan(200);
});

describe.each(writings)('in $name', (writing) => {
  test.each(names)('%s: nothing changes but enclosures and what is added', async (name) => {
    const forged = feeds(media.origin).find((each) => each.name === name) ?? NONE;
    const marked = writing.read(writing.write(forged.marked));
    const path = `/${encodeURIComponent(`${writing.name} ${name}`)}`;
    published.set(path, writing.write(original(forged.marked)));
    const link = publicLink(
      { kind: 'feed', options: 'codec.mp3~bitrate.96k', source: publisher.url(path), name: 'feed.xml' },
      baton.keys,
    );
    for (const round of ['first', 'second']) {
      const { status, complete, bytes } = await get(baton.origin + link);
      expect({ round, status, complete }).toEqual({ round, status: 200, complete: true });
      const seen = compare(marked, read(writing, bytes));
      expect(seen.files, round).toBe(forged.files);
      expect(seen.additions === 0, round).toBe(forged.files === 0 || name === 'a prefix that an item takes');
    }
  });
});

/** Decoded so that nothing is lost. */
function read(writing: Writing, bytes: Buffer): string {
  const text = writing.read(bytes);
  const encoded =
    writing.name === 'UTF-16BE' ? Buffer.from(text, 'utf16le').swap16() : Buffer.from(text, ENCODINGS[writing.name]);
  expect(encoded.equals(bytes)).toBe(true);
  return text;
}

const ENCODINGS: Record<string, BufferEncoding> = { 'UTF-16LE': 'utf16le', 'ISO-8859-1': 'latin1' };

/** Walks through both; whatever is not a mark must be the same. */
function compare(marked: string, relayed: string): { files: number; additions: number } {
  let at = 0;
  let files = 0;
  let additions = 0;
  let declares = false;
  const ours = (pattern: string): string | null => {
    const rule = new RegExp(pattern, 'y');
    rule.lastIndex = at;
    const found = rule.exec(relayed)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  for (const piece of marked.split(/(\x01[A-Z][^\x02]*\x02)/)) {
    const [, letter, text = ''] = /^\x01([A-Z])([^\x02]*)\x02$/.exec(piece) ?? [];
    const isOurs = PATTERNS[letter ?? ''] === undefined ? null : ours(PATTERNS[letter ?? ''] ?? '');
    if (letter === 'U' && isOurs !== null) files++;
    if (letter === 'R') declares = isOurs !== '';
    if (letter === 'A')
      additions += (isOurs ?? '').split('<podcast').length - 1 + (isOurs ?? '').split('<pc').length - 1;
    if (isOurs !== null) continue;
    const literal = letter === undefined ? piece : text;
    if (!relayed.startsWith(literal, at)) expect(relayed.slice(at, at + 300)).toBe(literal.slice(0, 300)); // shows where
    at += literal.length;
  }
  expect(relayed.slice(at)).toBe('');
  expect(declares && additions === 0).toBe(false);
  return { files, additions };
}

const LINK = 'http://127\\.0\\.0\\.1:\\d+/(?:file|feed)/[A-Za-z0-9._~/-]+';
const PATTERNS: Record<string, string> = {
  U: LINK.replace('(?:file|feed)', 'file'),
  L: '\\d{4,}(?=["\'])',
  T: 'audio/mpeg(?=["\'])',
  N: ' length=(?:"\\d+"|\'\\d+\')',
  O: ' type=(?:"audio/mpeg"|\'audio/mpeg\')',
  R: '(?: xmlns:podcast2?="https://podcastindex\\.org/namespace/1\\.0")?',
  A:
    `(?:<(pc|podcast2?):alternateEnclosure type="audio/(?:ogg" codecs="opus|mpeg)" length="\\d+" bitrate="\\d+" title="[A-Za-z0-9 /]+">` +
    `<\\1:source uri="${LINK}"/></\\1:alternateEnclosure>)*(?:<(?:pc|podcast2?):chapters url="${LINK}" type="application/json\\+chapters"/>)?`,
};
