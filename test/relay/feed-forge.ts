/**
 * Feeds as they are found, made from a table. Where a relayed feed may differ from its source there are marks: \x01, a
 * letter, what the source has there, \x02. U, L, T: address, length and type of an enclosure; N, O: a length and
 * a type that are missing; R: behind the name of the root; A: before the end of an item.
 */
export interface Forged {
  readonly name: string;
  readonly marked: string;
  /** How many enclosures become files. */
  readonly files: number;
}

export const mark = (letter: 'U' | 'L' | 'T' | 'N' | 'O' | 'R' | 'A', text = ''): string => `\x01${letter}${text}\x02`;

/** The feed as its publisher has it. */
export const original = (marked: string): string => marked.replace(/\x01[A-Z]([^\x02]*)\x02/g, '$1');

/** Feeds whose enclosures lie at `media`. */
export function feeds(media: string): readonly Forged[] {
  const url = (name = 'a.mp3'): string => mark('U', `${media}/${name}`);
  const enclosure = (name?: string): string =>
    `<enclosure url="${url(name)}" length="${mark('L', '123')}" type="${mark('T', 'audio/x-mp3')}"/>`;
  const end = `${mark('A')}</item>`;
  const item = (inside: string): string => `<item><title>An item</title>${inside}${end}`;
  const rss = (
    items: string,
    attributes = ' version="2.0"',
    before = '<?xml version="1.0" encoding="ENCODING"?>\n',
  ): string =>
    `${before}<rss${mark('R')}${attributes}>\n<channel>\n<title>A podcast</title>\n${items}\n</channel>\n</rss>\n`;
  const atom = (entries: string, attributes = ' xmlns="http://www.w3.org/2005/Atom"', prefix = ''): string =>
    `<?xml version="1.0" encoding="ENCODING"?>\n<${prefix}feed${mark('R')}${attributes}><${prefix}title>A podcast</${prefix}title>${entries}</${prefix}feed>`;
  const entryLink = (order: string): string => `<link ${order}/>`;
  const href = `href="${url()}"`;
  const bare = `${href}${mark('N')}${mark('O')}`;
  const one = (name: string, inside: string, files = 1): Forged => ({ name, marked: rss(item(inside)), files });
  const E = enclosure();
  const decoy = `<enclosure url="${media}/decoy.mp3" length="1" type="audio/mpeg"/>`;
  const long = (characters: number): string => 'All that can be said. '.repeat(characters / 22);

  return [
    one('plain', E),
    {
      name: 'many items',
      marked: rss(Array.from({ length: 40 }, (_, at) => item(enclosure(`${at}.mp3`))).join('\n\t')),
      files: 40,
    },
    { name: 'no items', marked: rss(''), files: 0 },
    { name: 'an empty item', marked: rss(`<item/><item></item>${item(E)}`), files: 1 },
    one('an item without enclosure', '<guid>x</guid>', 0),
    one('CDATA', `<description><![CDATA[<b>bold</b> & ]] > ${decoy} </item>]]></description>${E}`),
    one('two runs of CDATA', `<description><![CDATA[a]]]]><![CDATA[>b]]></description>${E}`),
    one('comments', `<!-- ${decoy} </item> -->${E}<!---->`),
    { name: 'comments between items', marked: rss(`<!-- <item> -->\n${item(E)}<!-- </channel> -->`), files: 1 },
    one('processing instructions', `<?php echo "<item>"; ?>${E}<?target?>`),
    one('an enclosure with an end tag', E.replace('/>', '></enclosure>')),
    one('an enclosure with text in it', E.replace('/>', '> \n </enclosure>')),
    one('single quotes', E.replaceAll('"', "'")),
    one('mixed quotes', E.replace(/type="([^"]*)"/, "type='$1'")),
    one('another order', `<enclosure type="${mark('T', 'audio/mp3')}" length="${mark('L', '0')}" url="${url()}" />`),
    one('the address in the middle', `<enclosure length="${mark('L', '')}" url="${url()}" type="${mark('T', '')}"/>`),
    one(
      'blanks in the tag',
      `<enclosure\n\t url = "${url()}"\n   length\t=\t'${mark('L', ' 5 ')}'\r\n type= "${mark('T', 'x')}"\n/>`,
    ),
    one('other attributes', E.replace('<enclosure', '<enclosure id="e" xml:base="/" data-x="a > b"')),
    one(
      'a doubled attribute',
      `<enclosure url="${media}/x.mp3" url="${media}/y.mp3" length="1" type="audio/mpeg"/>`,
      0,
    ),
    one('a missing length', `<enclosure url="${url()}"${mark('N')} type="${mark('T', 'audio/mpeg')}"/>`),
    one('a missing type', `<enclosure url='${url()}'${mark('O')} length="${mark('L', '7')}"/>`),
    one('nothing but an address', `<enclosure url="${url()}"${mark('N')}${mark('O')}/>`),
    one('a length that is none', `<enclosure url="${url()}"${mark('O')} length="${mark('L', '12:34')}"/>`),
    one('no address', '<enclosure length="1" type="audio/mpeg"/>', 0),
    one('an empty address', '<enclosure url="" length="1" type="audio/mpeg"/>', 0),
    one('an ampersand in the address', enclosure('a.mp3?x=1&amp;y=2')),
    one('numeric entities in the address', enclosure('a.mp3?x=&#49;&#x26;y=&#50;')),
    one('a stray ampersand in the address', enclosure('a.mp3?x=1&y=2')),
    one(
      'blanks around the address',
      enclosure('a.mp3').replace(mark('U', `${media}/a.mp3`), mark('U', ` ${media}/a.mp3\n`)),
    ),
    one('letters in the address', enclosure('t%C3%B6ne.mp3')),
    one('a stray ampersand in a title', `<itunes:title>Q & A &c; R&D</itunes:title>${E}`),
    one('entities of HTML', `<description>caf&eacute; &nbsp; &lt;p&gt; &#8217; &#x1F600;</description>${E}`),
    one('the same enclosure twice', E + E, 2),
    one('several enclosures', E + enclosure('b.mp3') + enclosure('c.mp3'), 3),
    one('a picture', `<enclosure url="${media}/a.png" length="9" type="image/png"/>`, 0),
    one('a picture and an episode', `<enclosure url="${media}/a.png" length="9" type="image/png"/>${E}`),
    one('a document', `<enclosure url="${media}/a.pdf" length="9" type="application/pdf"/>`, 0),
    one('what cannot be read', `<enclosure url="${media}/missing.mp3" length="9" type="audio/mpeg"/>${E}`),
    one('a relative address', '<enclosure url="/a.mp3" length="9" type="audio/mpeg"/>', 0),
    one('another scheme', '<enclosure url="ftp://example.com/a.mp3" length="9" type="audio/mpeg"/>', 0),
    one('a private address', '<enclosure url="http://10.0.0.1/a.mp3" length="9" type="audio/mpeg"/>', 0),
    one(
      'media:content',
      `${E}<media:content xmlns:media="http://search.yahoo.com/mrss/" url="${media}/m.mp3" fileSize="1"/>`,
    ),
    one(
      'an Atom link',
      `${E}<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="enclosure" href="${media}/x.mp3"/>`,
    ),
    {
      name: 'iTunes',
      marked: rss(
        `<itunes:author>X</itunes:author>${item(`${E}<itunes:duration>8</itunes:duration>`)}`,
        ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"',
      ),
      files: 1,
    },
    {
      name: 'the podcast namespace',
      marked: rss(item(E), ' version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"'),
      files: 1,
    },
    {
      name: 'the podcast namespace by its old name',
      marked: rss(
        item(E),
        ' xmlns:podcast="https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md"',
      ),
      files: 1,
    },
    {
      name: 'the podcast namespace under another prefix',
      marked: rss(item(E), ' xmlns:pc="https://podcastindex.org/namespace/1.0"'),
      files: 1,
    },
    { name: 'another namespace under its prefix', marked: rss(item(E), ' xmlns:podcast="urn:other"'), files: 1 },
    {
      name: 'a prefix that an item takes',
      marked: rss(item(E).replace('<item>', '<item xmlns:podcast="urn:other">')),
      files: 1,
    },
    one(
      'chapters of its own',
      `${E}<podcast:chapters xmlns:podcast="https://podcastindex.org/namespace/1.0" url="https://example.com/c.json" type="application/json+chapters"/>`,
    ),
    one(
      'a transcript',
      `<podcast:transcript xmlns:podcast="https://podcastindex.org/namespace/1.0" url="https://example.com/t.vtt" type="text/vtt"/>${E}`,
    ),
    { name: 'a default namespace', marked: rss(item(E), ' xmlns="http://backend.userland.com/rss2"'), files: 1 },
    one('an item of another namespace', `<x:item xmlns:x="urn:x">${decoy}</x:item>${E}`),
    one(
      'an enclosure of another namespace',
      `<x:enclosure xmlns:x="urn:x" url="${media}/x.mp3"/><enclosure xmlns="urn:x" url="${media}/y.mp3"/>${E}`,
    ),
    one('an item in an item', `<x:related xmlns:x="urn:x"><item>${decoy}</item></x:related>${E}`),
    { name: 'an item outside the channel', marked: rss('').replace('</rss>', `<item>${decoy}</item></rss>`), files: 0 },
    { name: 'upper case', marked: rss(`<ITEM>${decoy}</ITEM>${item(E)}`), files: 1 },
    one('unknown elements', `<foo:bar xmlns:foo="urn:foo" a='1'><baz/></foo:bar>${E}<qux>&lt;</qux>`),
    one('names that are not ASCII', `<größe>10</größe>${E}<имя/>`),
    one('names that objects have', `<constructor __proto__="y" constructor="z"/><toString/><__proto__/>${E}`),
    one('a name that the parser trips over', `<x hasOwnProperty="x" y="z"/>${E}`, 0),
    one('a long line', `<description>${long(150_000)}</description>${E}`),
    one('a long comment', `<!--${long(150_000)}-->${E}`),
    one('long CDATA', `<description><![CDATA[${'<p>ö</p>'.repeat(20_000)}]]></description>${E}`),
    one('many lines', `<description>${'\n'.repeat(5000)}</description>${E}`),
    {
      name: 'an item that is too long',
      marked: rss(`<item>${decoy.replace('decoy', 'long')}<d>${long(1_200_000)}</d></item>${item(E)}`),
      files: 1,
    },
    one('emoji and all alphabets', `<title>😀 𝄞 Ελλάδα Привет 日本語 العربية ñ</title>${E}`),
    one('no-break spaces and marks', `<title>\u00a0\u2028\u200b\ufeffx</title>${E}`),
    one('tabs and blanks at the ends of lines', `  \t\n\t${E}  \t \n`),
    { name: 'no declaration', marked: rss(item(E), '', ''), files: 1 },
    { name: 'blank lines in front', marked: rss(item(E), '', '\n\n  <?xml version="1.0"?>\n'), files: 1 },
    {
      name: 'a comment in front',
      marked: rss(item(E), '', '<?xml version="1.0"?><!-- made by hand --><?xml-stylesheet href="a.xsl"?>\n'),
      files: 1,
    },
    {
      name: 'a declaration in single quotes',
      marked: rss(item(E), '', "<?xml version='1.0' standalone='yes' ?>"),
      files: 1,
    },
    { name: 'something behind the root', marked: `${rss(item(E))}<!-- cached --> trailing words & <more>`, files: 1 },
    { name: 'the root tag over lines', marked: rss(item(E), '\n  version="2.0"\n\txmlns:a="urn:a"\n'), files: 1 },
    {
      name: 'broken off in an item',
      marked: rss(item(E) + `<item>${decoy}<title>Brok`).replace(/<title>Brok[^]*/, '<title>Brok'),
      files: 1,
    },
    {
      name: 'broken off in a tag',
      marked: rss(item(E) + '@').replace(/@[^]*/, `<item><enclosure url="${media}/x.m`),
      files: 1,
    },
    { name: 'broken off behind an item', marked: rss(`${item(E)}@`).replace(/@[^]*/, ''), files: 1 },
    {
      name: 'a tag that is not closed',
      marked: rss(`${item(E)}<item><b>${decoy}</item><item>${decoy}</item>`),
      files: 1,
    },
    { name: 'an attribute without quotes', marked: rss(`${item(E)}<item><a href=x>b</a>${decoy}</item>`), files: 1 },
    { name: 'an attribute without value', marked: rss(`${item(E)}<item><input disabled>${decoy}</item>`), files: 1 },
    {
      name: 'elements in great depth',
      marked: rss(`${item(E)}<item>${'<d>'.repeat(200)}${'</d>'.repeat(200)}${decoy}</item>`),
      files: 1,
    },
    {
      name: 'Atom',
      marked: atom(
        `<entry><title>x</title>${entryLink(`rel="enclosure" ${href} length="${mark('L', '1')}" type="${mark('T', 'audio/mpeg')}"`)}${mark('A')}</entry>`,
      ),
      files: 1,
    },
    {
      name: 'Atom in another order',
      marked: atom(
        `<entry>${entryLink(`${href}${mark('N')} type='${mark('T', 'x')}' rel='enclosure'`)}${mark('A')}</entry>`,
      ),
      files: 1,
    },
    {
      name: 'Atom with a prefix',
      marked: atom(
        `<a:entry><a:link rel="enclosure" ${bare}/>${mark('A')}</a:entry>`,
        ' xmlns:a="http://www.w3.org/2005/Atom"',
        'a:',
      ),
      files: 1,
    },
    {
      name: 'Atom with other links',
      marked: atom(
        `<link rel="self" href="${media}/feed"/><entry><link href="${media}/page.html"/><link rel="alternate" href="${media}/p"/>${entryLink(`rel="enclosure" ${bare}`)}${mark('A')}</entry>`,
      ),
      files: 1,
    },
    {
      name: 'Atom with XHTML',
      marked: atom(
        `<entry><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><link rel="enclosure" href="${media}/x.mp3"/></div></content>${entryLink(`rel="enclosure" ${bare}`)}${mark('A')}</entry>`,
      ),
      files: 1,
    },
    {
      name: 'Atom without namespace',
      marked: atom(`<entry>${entryLink(`rel="enclosure" ${bare}`)}${mark('A')}</entry>`, ''),
      files: 1,
    },
    {
      name: 'RSS 1.0',
      marked: `<?xml version="1.0"?><rdf:RDF${mark('R')} xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"/><item rdf:about="y">${decoy}</item></rdf:RDF>`,
      files: 0,
    },
    { name: 'RSS 0.92', marked: rss(item(E), ' version="0.92"'), files: 1 },
  ];
}

/** One way to write a feed down. */
export interface Writing {
  readonly name: string;
  readonly write: (text: string) => Buffer;
  readonly read: (bytes: Buffer) => string;
}

const declaring =
  (encoding: string, encode: (text: string) => Buffer): Writing['write'] =>
  (text) =>
    encode(text.replace('ENCODING', encoding));

/** What an encoding has not is written as an entity, or in a name left out. */
const within = (highest: number, text: string): string =>
  text
    .replace(/<\/?[^\s<>!?/]*[^\x00-\x7f][^\s<>/]*\/?>/g, '')
    .replace(/[^]/gu, (letter) =>
      (letter.codePointAt(0) ?? 0) <= highest ? letter : `&#x${letter.codePointAt(0)?.toString(16) ?? ''};`,
    );

const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();

export const writings: readonly Writing[] = [
  { name: 'UTF-8', write: declaring('utf-8', (text) => Buffer.from(text)), read: (bytes) => bytes.toString() },
  {
    name: 'UTF-8 with a mark and CRLF',
    write: declaring('UTF-8', (text) => Buffer.from(`\ufeff${text.replace(/\r?\n/g, '\r\n')}`)),
    read: (bytes) => bytes.toString(),
  },
  {
    name: 'UTF-16LE',
    write: declaring('utf-16', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')),
    read: (bytes) => bytes.toString('utf16le'),
  },
  {
    name: 'UTF-16BE',
    write: declaring('UTF-16', (text) => swapped(`\ufeff${text}`)),
    read: (bytes) => Buffer.from(bytes).swap16().toString('utf16le'),
  },
  {
    name: 'ISO-8859-1',
    write: declaring('ISO-8859-1', (text) => Buffer.from(within(255, text), 'latin1')),
    read: (bytes) => bytes.toString('latin1'),
  },
];
