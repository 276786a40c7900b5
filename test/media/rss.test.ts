import { describe, expect, it, test } from 'vitest';
import { feedText } from '../../src/media/feed-text.ts';
import { feedScanner } from '../../src/media/rss.ts';
import type { FeedItem, FeedRoot } from '../../src/media/rss-items.ts';
import { BatonError } from '../../src/errors.ts';

/** All parts of a feed that comes in pieces of `size` bytes. */
function scan(bytes: Uint8Array, size = 1000): (FeedRoot | FeedItem)[] {
  const text = feedText(bytes.subarray(0, 1024));
  const scanner = feedScanner((stretch) => text.decode(stretch));
  const parts: (FeedRoot | FeedItem)[] = [];
  for (let at = 0; at < bytes.length; at += size)
    parts.push(...scanner.write(text.read(bytes.subarray(at, at + size))));
  scanner.end();
  return parts;
}

const items = (xml: string, size?: number): FeedItem[] =>
  scan(Buffer.from(xml), size).filter((part): part is FeedItem => part.kind === 'item');

const rss = (inside: string): string => `<rss version="2.0"><channel>${inside}</channel></rss>`;
const item = (inside: string): string => rss(`<item>${inside}</item>`);

const FULL = `<?xml version="1.0"?>
<rss xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>Töne &amp; mehr</title>
<itunes:image href="https://example.com/p.png"/>
<item><title><![CDATA[Eins & zwei 😀]]></title><itunes:author>M&#233; R&D</itunes:author>
<enclosure url='https://example.com/a.mp3?x=1&amp;y=ö' length="12" type="audio/mpeg" /><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>
<itunes:duration>1:02</itunes:duration></item></channel></rss>`;

test.each([1, 3, 7, 1000])('in pieces of %i bytes it finds the same', (size) => {
  const whole = Buffer.from(FULL);
  const parts = scan(whole, size);
  expect(parts).toEqual(scan(whole, 100_000));
  const [root, found] = parts as [FeedRoot, FeedItem];
  expect(root).toMatchObject({ kind: 'root', format: 'rss', at: FULL.indexOf('<rss') + 4 });
  expect(found.about).toEqual({
    title: 'Eins & zwei 😀',
    author: 'Mé R&D',
    published: 'Mon, 02 Nov 2026 10:00:00 GMT',
    duration: '1:02',
  });
  expect(found.channel).toEqual({ title: 'Töne & mehr', image: 'https://example.com/p.png' });
  expect(found.enclosures).toMatchObject([{ url: 'https://example.com/a.mp3?x=1&y=ö', type: 'audio/mpeg' }]);
  const { url, length, type } = found.enclosures[0]?.places ?? {};
  const at = (place: { value: { start: number; end: number } } | null | undefined): string =>
    whole.subarray(place?.value.start, place?.value.end).toString();
  expect([at(url), at(length), at(type)]).toEqual(['https://example.com/a.mp3?x=1&amp;y=ö', '12', 'audio/mpeg']);
  expect([url?.quote, length?.quote]).toEqual(["'", '"']);
  expect(whole.subarray(found.start, found.start + 6).toString()).toBe('<item>');
  expect(whole.subarray(found.end, found.end + 7).toString()).toBe('</item>');
});

describe('encodings', () => {
  const xml = rss('<item><title>Ä € ß</title><enclosure url="https://example.com/é.mp3"/></item>');
  const declared = (encoding: string): string => `<?xml version="1.0" encoding="${encoding}"?>${xml}`;
  const in1252 = (text: string): Buffer => Buffer.from(text.replace('€', '\x80'), 'latin1');
  const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

  it.each<[string, Buffer, number]>([
    ['UTF-8', Buffer.from(xml), 1],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${xml}`), 1],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${xml}`, 'utf16le'), 2],
    ['UTF-16BE with a mark', swapped(`\ufeff${xml}`), 2],
    ['UTF-16LE without one', Buffer.from(declared('UTF-16'), 'utf16le'), 2],
    ['UTF-16BE without one', swapped(declared('UTF-16')), 2],
    ['windows-1252', in1252(declared('windows-1252')), 1],
    ['ISO-8859-1, by which people mean windows-1252', in1252(declared('ISO-8859-1')), 1],
    ['UTF-8 that is said to be UTF-16', Buffer.from(declared('utf-16')), 1],
  ])('reads %s', (_name, bytes, unit) => {
    for (const size of [1, 5, 1000]) {
      const text = feedText(bytes);
      const found = scan(bytes, size).at(-1) as FeedItem;
      expect(found.about.title).toBe('Ä € ß');
      expect(found.enclosures[0]?.url).toBe('https://example.com/é.mp3');
      const start = text.offset(found.end);
      expect(bytes.subarray(start, start + 7 * unit).equals(text.encode('</item>'))).toBe(true);
    }
  });

  it('reads names of other alphabets in single bytes', () => {
    const text = declared('windows-1251').replace('Ä € ß', '\xcf\xf0\xe8');
    expect((scan(Buffer.from(text, 'latin1')).at(-1) as FeedItem).about.title).toBe('При');
  });

  it.each(['iso-2022-jp', 'UTF-7', 'utf-32', 'EBCDIC-US', 'hz-gb-2312'])('refuses %s', (encoding) => {
    expect(() => feedText(Buffer.from(declared(encoding)))).toThrow(BatonError);
  });

  it.each([
    ['LE', Buffer.from('fffe00003c000000', 'hex')],
    ['BE', Buffer.from('0000feff0000003c', 'hex')],
  ])('refuses UTF-32%s', (_name, bytes) => {
    expect(() => feedText(bytes)).toThrow(BatonError);
  });
});

describe('what is no feed', () => {
  const codeOf = (bytes: string | Buffer): string => {
    try {
      scan(Buffer.from(bytes), 100);
    } catch (error) {
      return error instanceof BatonError ? error.code : String(error);
    }
    return 'none';
  };
  const bomb = `<!DOCTYPE lolz [<!ENTITY lol "lol">${Array.from({ length: 9 }, (_, at) => `<!ENTITY lol${at} "&lol;&lol;">`).join('')}]>`;

  it.each([
    ['a web page', '<!doctype html>\n<html><title>x</title></html>', 'FEED_INVALID'],
    [
      'an XHTML page',
      '<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x"><html/>',
      'FEED_INVALID',
    ],
    ['a page without declaration', '<html><body>x', 'FEED_INVALID'],
    ['JSON', '{"version": "https://jsonfeed.org/version/1"}', 'FEED_INVALID'],
    ['plain text', 'Not found', 'FEED_INVALID'],
    ['an audio file', Buffer.from([0xff, 0xfb, 0x90, 0x64, 0, 0, 0, 0]), 'FEED_INVALID'],
    ['another kind of XML', '<?xml version="1.0"?><opml version="2.0"/>', 'FEED_INVALID'],
    ['a feed that never begins', `<?xml version="1.0"?>${'<!-- x -->\n'.repeat(40_000)}<rss/>`, 'FEED_INVALID'],
    ['an unfinished tag', '<rss', 'FEED_INVALID'],
    [
      'a document type',
      `<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "x">${rss('')}`,
      'FEED_DTD',
    ],
    ['a billion laughs', `<?xml version="1.0"?>${bomb}<rss><channel><title>&lol9;</title></channel></rss>`, 'FEED_DTD'],
    [
      'an external entity',
      `<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>${rss('<title>&x;</title>')}`,
      'FEED_DTD',
    ],
    ['a document type without end', `<!DOCTYPE rss [${'<!ENTITY a "b">'.repeat(9000)}`, 'FEED_DTD'],
    ['a document type in the middle', rss(`<!DOCTYPE rss [${bomb}]>`), 'FEED_DTD'],
    ['an entity in the middle', rss('<!ENTITY lol "lol">'), 'FEED_DTD'],
    ['what only looks like one', rss('<title><![CDATA[<!DOCTYPE x>]]></title><!-- <!ENTITY x "y"> -->'), 'none'],
  ])('%s', (_name, text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});

describe('limits', () => {
  const enclosure = '<enclosure url="https://example.com/a.mp3"/>';

  it.each([
    ['a tag with too many attributes', `<x ${Array.from({ length: 300 }, (_, at) => `a${at}="x"`).join(' ')}/>`],
    ['an attribute that is too long', `<x a="${'x'.repeat(200_000)}"/>`],
    ['too many elements in each other', `${'<d>'.repeat(300)}${'</d>'.repeat(300)}`],
    ['a stray end tag', '</x>'],
    ['a stray <', ' 1 < 2 '],
  ])('it finds nothing behind %s', (_name, what) => {
    expect(items(rss(`<item>${enclosure}</item>${what}<item>${enclosure}</item>`))).toHaveLength(1);
  });

  it('namespaces declared at every level cost no more than others', () => {
    const declarations = (level: number): string =>
      Array.from({ length: 250 }, (_, at) => `xmlns:p${level}-${at}="x"`).join(' ');
    const nested = Array.from({ length: 120 }, (_, level) => `<d ${declarations(level)}>`).join('');
    const began = performance.now();
    const found = items(
      rss(`<item>${enclosure}</item>${nested}${'<e xmlns="x"/>'.repeat(1000)}<item>${enclosure}</item>`),
    );
    expect(performance.now() - began).toBeLessThan(1500);
    expect(found).toHaveLength(1);
  });

  it('it finds at most 10,000 items, and 32 enclosures in each', () => {
    expect(items(rss(`<item>${enclosure}</item>`.repeat(10_050)), 100_000)).toHaveLength(10_000);
    expect(items(item(enclosure.repeat(50)))[0]?.enclosures).toHaveLength(32);
  });

  it('it passes over long comments, texts and instructions', () => {
    const filler = 'All that can be said. '.repeat(20_000);
    const long = `<!--${filler}--><item>${enclosure}<d>${filler}</d><?x ${filler}?><d><![CDATA[${filler}]]></d></item>`;
    expect(items(rss(long))).toHaveLength(1);
  });
});
