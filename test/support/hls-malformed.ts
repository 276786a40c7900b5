import { randomNumbers } from './signal.ts';

/** A playlist that is not as it should be. */
export interface Malformed {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const HEAD = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n';
const MANY = 30_000;

const MULTIVARIANT = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-DEFINE:NAME="cdn",VALUE="media"
#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="A title"
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="keys/1"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,CHANNELS="2",URI="a/en.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",URI="{$cdn}/s.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360,AUDIO="a",SUBTITLES="s"
v/360.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2500000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a",SUBTITLES="s"
v/720.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,CODECS="avc1.4d401e",URI="v/i.m3u8"
`;
const RECORDED = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x000102030405060708090a0b0c0d0e0f
#EXT-X-MAP:URI="all.mp4",BYTERANGE="800@0"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z
#EXTINF:6.000,First
#EXT-X-BYTERANGE:5000@800
all.mp4
#EXTINF:5.5,
#EXT-X-BYTERANGE:4000
all.mp4
#EXT-X-DISCONTINUITY
#EXT-X-GAP
#EXTINF:6,
gone.mp4
#EXT-X-ENDLIST
`;
const LOW = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0,CAN-SKIP-UNTIL=24
#EXT-X-PART-INF:PART-TARGET=1.0
#EXT-X-MEDIA-SEQUENCE:266
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.0,
s266.mp4
#EXT-X-PART:DURATION=1,URI="s267.1.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=1,URI="s267.2.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s267.3.mp4"
#EXT-X-RENDITION-REPORT:URI="../b.m3u8",LAST-MSN=267,LAST-PART=1
#EXT-X-DATERANGE:ID="ad",CLASS="com.apple.hls.interstitial",START-DATE="2026-01-01T00:00:00Z",X-ASSET-URI="https://ads.test/a.m3u8"
`;

/**
 * At least 200, the same ones every time: written by hand, and made from good ones. `hosts` are addresses, with port, where
 * nobody may be asked for anything.
 */
export function malformedPlaylists(hosts: readonly string[]): readonly Malformed[] {
  return [...texts(), ...hostile(hosts), ...nested(), ...mutants()].map(([name, content]) => ({
    name,
    bytes: typeof content === 'string' ? Buffer.from(content) : content,
  }));
}

type Case = readonly [name: string, content: string | Uint8Array];

const segment = (...tags: readonly string[]): string => `${HEAD}${[...tags, '#EXTINF:6,', 'a.ts', ''].join('\n')}`;

function texts(): Case[] {
  const big = ['99999999999999999999', '1e400', '-1', 'NaN', 'Infinity', '0x10', '1.5', '', ' ', '١٢'];
  const numbers = big.flatMap((text): Case[] => [
    [`target duration ${text}`, `#EXTM3U\n#EXT-X-TARGETDURATION:${text}\n#EXTINF:6,\na.ts\n`],
    [`duration ${text}`, `${HEAD}#EXTINF:${text},\na.ts\n`],
    [`sequence ${text}`, segment(`#EXT-X-MEDIA-SEQUENCE:${text}`)],
    [`discontinuity ${text}`, segment(`#EXT-X-DISCONTINUITY-SEQUENCE:${text}`, '#EXT-X-DISCONTINUITY')],
    [`range ${text}`, segment(`#EXT-X-BYTERANGE:${text}@${text}`)],
    [`skip ${text}`, segment(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${text}`)],
    [`part ${text}`, `${HEAD}#EXT-X-PART-INF:PART-TARGET=${text}\n#EXT-X-PART:DURATION=${text},URI="p"\n`],
    [`bandwidth ${text}`, `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=${text},RESOLUTION=${text}x${text}\nv.m3u8\n`],
  ]);
  const encodings: Case[] = [
    ['UTF-16 with a mark', Buffer.from(`\ufeff${RECORDED}`, 'utf16le')],
    ['UTF-16 without', Buffer.from(RECORDED, 'utf16le')],
    ['a byte order mark', `\ufeff${RECORDED}`],
    ['two byte order marks', `\ufeff\ufeff${RECORDED}`],
    ['Latin-1', Buffer.from(RECORDED.replace('First', 'Él'), 'latin1')],
    ['half a character', Buffer.concat([Buffer.from(RECORDED), Buffer.of(0xe2, 0x82)])],
    [
      'a surrogate',
      Buffer.concat([Buffer.from(`${HEAD}#EXTINF:6,`), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('\na.ts\n')]),
    ],
    ['NUL', RECORDED.replace('First', 'Fi\0rst')],
    ['NUL bytes alone', Buffer.alloc(5000)],
    ['noise', Uint8Array.from({ length: 5000 }, (_, at) => (at * 193 + (at >> 3)) & 255)],
    [
      'noise behind the mark',
      Buffer.concat([Buffer.from('#EXTM3U\n'), Uint8Array.from({ length: 5000 }, (_, at) => (at * 71) & 255)]),
    ],
    ['a segment', Buffer.concat([Buffer.of(0x47, 0x40, 0, 0x10), Buffer.alloc(184, 255)])],
    ['gzip', Buffer.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['an escape', segment('#EXT-X-NOTE:\u001b[2J')],
    ['a bell in an address', `${HEAD}#EXTINF:6,\na\u0007.ts\n`],
    ['a line of Unicode', segment('#EXT-X-NOTE:x\u2028http://evil.test/a.ts')],
    ['a paragraph of Unicode', segment('#EXT-X-NOTE:x\u2029#EXT-X-KEY:METHOD=AES-128,URI="http://evil.test/k"')],
    ['a next line', segment('#EXT-X-NOTE:x\u0085http://evil.test/a.ts')],
    ['old line ends', RECORDED.replaceAll('\n', '\r')],
    ['mixed line ends', RECORDED.replace(/\n/g, (_, at: number) => ['\n', '\r\n', '\r'][at % 3] ?? '')],
    ['a vertical tab', segment('#EXT-X-NOTE:x\u000bhttp://evil.test/a.ts')],
    ['a right-to-left mark', `${HEAD}#EXTINF:6,\n\u202ea.ts\n`],
  ];
  const forms: Case[] = [
    ['nothing', ''],
    ['line ends', '\n\n\n'],
    ['the mark alone', '#EXTM3U'],
    ['the mark twice', `#EXTM3U\n${RECORDED}`],
    ['the mark late', `\n${RECORDED}`],
    ['the mark in small letters', RECORDED.replace('#EXTM3U', '#extm3u')],
    ['more than the mark', RECORDED.replace('#EXTM3U', '#EXTM3U8')],
    ['a page', '<!doctype html><html><title>404</title></html>'],
    ['a page behind the mark', '#EXTM3U\n<!doctype html><html><title>404</title></html>'],
    ['JSON', '{"error":"not found"}'],
    ['a manifest of DASH', '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'],
    ['a plain list', '#EXTM3U\n#EXTINF:123,A song\nhttp://a.test/1.mp3\n'],
    ['an entity', '#EXTM3U\n<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>&a;\n'],
    ['tags of both kinds', MULTIVARIANT + RECORDED],
    ['no target duration', RECORDED.replace(/#EXT-X-TARGETDURATION.*\n/, '')],
    ['two target durations', segment('#EXT-X-TARGETDURATION:3')],
    ['an address without a duration', `${HEAD}a.ts\nb.ts\n`],
    ['a duration without an address', `${HEAD}#EXTINF:6,\n#EXT-X-ENDLIST\n`],
    ['a duration without a comma', `${HEAD}#EXTINF:6\na.ts\n`],
    ['no duration', `${HEAD}#EXTINF\na.ts\n`],
    ['a duration too long', `${HEAD}#EXTINF:86401,\na.ts\n`],
    ['a variant without an address', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:BANDWIDTH=2\nv.m3u8\n'],
    ['a variant at the end', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1'],
    ['a variant without attributes', '#EXTM3U\n#EXT-X-STREAM-INF\nv.m3u8\n'],
    [
      'a rendition of a type that is none',
      '#EXTM3U\n#EXT-X-MEDIA:TYPE=CODECS,GROUP-ID="x",NAME="y"\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="x"\nv.m3u8\n',
    ],
    [
      'a rendition of a prototype',
      '#EXTM3U\n#EXT-X-MEDIA:TYPE=__proto__,GROUP-ID="x",NAME="y"\n#EXT-X-STREAM-INF:BANDWIDTH=1,__proto__="x"\nv.m3u8\n',
    ],
    ['an attribute constructor', segment('#EXT-X-MAP:constructor="x",toString=1,__proto__=2,URI="i.mp4"')],
    ['a tag __proto__', segment('#EXT-X-__proto__:1', '#EXT__proto__:URI="x"', '#EXTconstructor')],
    [
      'a variable __proto__',
      `#EXTM3U\n#EXT-X-DEFINE:NAME="__proto__",VALUE="x"\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{$__proto__}{$constructor}.ts\n`,
    ],
    ['a variable of itself', `${HEAD}#EXT-X-DEFINE:NAME="a",VALUE="{$a}{$a}"\n#EXTINF:6,\n{$a}\n`],
    ['a variable from nowhere', `${HEAD}#EXT-X-DEFINE:IMPORT="a"\n#EXTINF:6,\n{$a}\n`],
    ['a variable of the query', `${HEAD}#EXT-X-DEFINE:QUERYPARAM="a"\n#EXTINF:6,\n{$a}\n`],
    ['a variable of nothing', `${HEAD}#EXT-X-DEFINE:\n#EXTINF:6,\na\n`],
    ['a variable with a line in it', `${HEAD}#EXT-X-DEFINE:NAME="a",VALUE="x\rhttp://evil.test/"\n#EXTINF:6,\n{$a}\n`],
    ['a quotation without end', segment('#EXT-X-MAP:URI="i.mp4')],
    ['a quotation over lines', segment('#EXT-X-MAP:URI="i.\nmp4"')],
    ['a quotation in a quotation', segment('#EXT-X-MAP:URI="i"."mp4"')],
    ['single quotation marks', segment("#EXT-X-MAP:URI='i.mp4'")],
    ['no quotation marks', segment('#EXT-X-MAP:URI=i.mp4')],
    ['an attribute twice', segment('#EXT-X-MAP:URI="i.mp4",URI="file:///etc/passwd"')],
    ['an attribute without a value', segment('#EXT-X-MAP:URI')],
    ['an attribute without a name', segment('#EXT-X-MAP:="i.mp4"')],
    ['an empty address', segment('#EXT-X-MAP:URI=""')],
    ['commas', segment(`#EXT-X-MAP:${','.repeat(16_000)}`)],
    ['equals signs', segment(`#EXT-X-MAP:${'='.repeat(16_000)}`)],
    ['quotation marks', segment(`#EXT-X-MAP:${'"'.repeat(16_000)}`)],
    ['blanks', segment(`#EXT-X-MAP:URI=${' '.repeat(16_000)}"`)],
    ["blanks at lines' ends", RECORDED.replaceAll('\n', ' \t \n')],
    ['blanks before lines', RECORDED.replaceAll('\n', '\n \t')],
    ['a comment that is none', `${HEAD} # comment\n\t#EXTINF:6,\n a.ts\n`],
    ['a key without an address', segment('#EXT-X-KEY:METHOD=AES-128')],
    ['a key without a method', segment('#EXT-X-KEY:URI="k"')],
    ['a key of a method that is none', segment('#EXT-X-KEY:METHOD=ROT13,URI="k"')],
    ['a short IV', segment('#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x1')],
    ['a long IV', segment(`#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x${'0'.repeat(10_000)}`)],
    ['an IV of words', segment('#EXT-X-KEY:METHOD=AES-128,URI="k",IV="hello"')],
    ['a range beyond counting', segment('#EXT-X-BYTERANGE:9007199254740991@9007199254740991')],
    ['a range of nothing', segment('#EXT-X-BYTERANGE:0@0')],
    ['a range before the start', segment('#EXT-X-BYTERANGE:5@-5')],
    ['a range that begins nowhere', segment('#EXT-X-BYTERANGE:5')],
    [
      'ranges that add up beyond counting',
      `${HEAD}#EXTINF:6,\n#EXT-X-BYTERANGE:9007199254740000@0\na.ts\n${'#EXTINF:6,\n#EXT-X-BYTERANGE:9007199254740000\na.ts\n'.repeat(3)}`,
    ],
    ['a map of nothing', segment('#EXT-X-MAP:URI="i.mp4",BYTERANGE="0"')],
    ['a date that is none', segment('#EXT-X-PROGRAM-DATE-TIME:yesterday', '#EXT-X-DATERANGE:ID="x",START-DATE="?"')],
    ['a range of dates without dates', segment('#EXT-X-DATERANGE:')],
    ['a report alone', `${HEAD}#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES\n#EXT-X-RENDITION-REPORT:URI="b.m3u8"\n`],
    ['parts alone', `${HEAD}#EXT-X-PART:DURATION=1,URI="p"\n`],
    ['a hint alone', `${HEAD}#EXT-X-PRELOAD-HINT:TYPE=PART\n`],
    ['a tag without a name', segment('#EXT-X-:', '#EXT:', '#EXT')],
    ['segments behind the end', `${RECORDED}#EXTINF:6,\nb.ts\n`],
  ];
  const huge: Case[] = [
    ['too many segments', HEAD + '#EXTINF:1,\na\n'.repeat(MANY)],
    ['too many addresses', HEAD + 'a\n'.repeat(MANY)],
    ['too many tags', HEAD + '#EXT-X-DISCONTINUITY\n'.repeat(MANY * 5)],
    ['too many variants', `#EXTM3U\n${'#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\nv\n'.repeat(MANY)}`],
    ['too many renditions', `#EXTM3U\n${'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="b",URI="c"\n'.repeat(MANY)}`],
    ['too much session data', `${MULTIVARIANT}${'#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="b"\n'.repeat(MANY)}`],
    ['too many keys', HEAD + '#EXT-X-KEY:METHOD=AES-128,URI="k"\n'.repeat(MANY)],
    ['too many parts', HEAD + '#EXT-X-PART:DURATION=1,URI="p"\n'.repeat(MANY)],
    ['too many dates', RECORDED + '#EXT-X-DATERANGE:ID="x",CLASS="c",START-DATE="2026-01-01T00:00:00Z"\n'.repeat(MANY)],
    [
      'too many variables',
      HEAD + Array.from({ length: 500 }, (_, at) => `#EXT-X-DEFINE:NAME="v${at}",VALUE="x"\n`).join(''),
    ],
    [
      'variables that grow',
      `${HEAD}#EXT-X-DEFINE:NAME="v",VALUE="${'x'.repeat(8000)}"\n#EXTINF:1,\n${'{$v}'.repeat(2000)}\n`,
    ],
    ['a long line', `${HEAD}#EXTINF:6,${'x'.repeat(3e6)}\na.ts\n`],
    ['a long address', `${HEAD}#EXTINF:6,\n${'a'.repeat(15_000)}\n`],
    ['an address too long for a link', `${HEAD}#EXTINF:6,\n${'a'.repeat(7_500)}\n`],
    ['a long attribute', segment(`#EXT-X-MAP:URI="${'a'.repeat(15_000)}"`)],
    ['too many attributes', segment(`#EXT-X-MAP:${'A=1,'.repeat(3000)}URI="i"`)],
    ['five million bytes', HEAD + `#${'x'.repeat(999)}\n`.repeat(5000)],
    ['five million line ends', `${HEAD}${'\n'.repeat(5_000_000)}`],
    ['four million line ends', `${HEAD}${'\n'.repeat(4_000_000)}`],
    ['an hour of gaps', HEAD + '#EXT-X-GAP\n#EXTINF:1,\na\n'.repeat(3600)],
  ];
  return [...numbers, ...encodings, ...forms, ...huge];
}

/** Addresses that nobody may be led to, wherever an address may stand. */
function hostile(hosts: readonly string[]): Case[] {
  const addresses = [
    ...hosts.map((host) => `http://${host}/x`),
    ...hosts
      .slice(0, 1)
      .flatMap((host) => [
        `tcp://${host}`,
        `rtmp://${host}/x`,
        `gopher://${host}/x`,
        `ws://${host}/`,
        `HTTP:\\\\${host}\\x`,
        `http:${host}`,
        `//${host}/x`,
        `http://a@${host}/`,
      ]),
    'file:///etc/passwd',
    'FILE:/etc/passwd',
    'data:text/plain;base64,AAAA',
    'javascript:alert(1)',
    'java\tscript:alert(1)',
    'concat:/etc/passwd|/etc/hosts',
    'crypto:file:///etc/passwd',
    'subfile,,start,0,end,9,,:/etc/passwd',
    's3://bucket-of-others/key',
    'blob:https://a.test/1',
    'http://',
    'http://[::1',
    'http://a.test:99999/',
    'http://%00/',
  ];
  const places: readonly (readonly [string, (address: string) => string])[] = [
    ['segment', (address) => `${HEAD}#EXTINF:6,\n${address}\n`],
    ['key', (address) => segment(`#EXT-X-KEY:METHOD=AES-128,URI="${address}"`)],
    ['map', (address) => segment(`#EXT-X-MAP:URI="${address}"`)],
    ['variant', (address) => `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n${address}\n`],
  ];
  const others: readonly (readonly [string, (address: string) => string])[] = [
    ['rendition', (address) => MULTIVARIANT.replace('a/en.m3u8', address)],
    ['part', (address) => LOW.replace('s267.1.mp4', address)],
    ['hint', (address) => LOW.replace('s267.3.mp4', address)],
    ['report', (address) => LOW.replace('../b.m3u8', address)],
    ['interstitial', (address) => LOW.replace('https://ads.test/a.m3u8', address)],
    ['session key', (address) => MULTIVARIANT.replace('keys/1', address)],
    ['session data', (address) => MULTIVARIANT.replace('VALUE="A title"', `URI="${address}"`)],
    ['I-frames', (address) => MULTIVARIANT.replace('v/i.m3u8', address)],
    ['prefetch', (address) => segment(`#EXT-X-PREFETCH:${address}`)],
    [
      'steering',
      (address) =>
        MULTIVARIANT.replace('#EXT-X-INDEPENDENT-SEGMENTS', `#EXT-X-CONTENT-STEERING:SERVER-URI="${address}"`),
    ],
    ['variable', (address) => segment(`#EXT-X-DEFINE:NAME="a",VALUE="${address}"`, '#EXT-X-MAP:URI="{$a}"')],
    ['protected key', (address) => segment(`#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.drm",URI="${address}"`)],
  ];
  const everywhere = places.flatMap(([place, put]) =>
    addresses.map((address): Case => [`${place}: ${address}`, put(address)]),
  );
  const elsewhere = others.flatMap(([place, put], at) =>
    [addresses[at % hosts.length] ?? '', 'file:///etc/passwd'].map((address): Case => [
      `${place}: ${address}`,
      put(address),
    ]),
  );
  return [...everywhere, ...elsewhere];
}

/** Playlists that lead to themselves; the test knows them as `/self.m3u8`. */
function nested(): Case[] {
  return [
    ['a variant of itself', '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n\n'.replace('\n\n', '\n?again\n')],
    ['a segment of itself', `${HEAD}#EXTINF:6,\n?again\n`],
    ['a map of itself', segment('#EXT-X-MAP:URI="?again"')],
    ['a rendition of itself', MULTIVARIANT.replace('a/en.m3u8', '?again')],
  ];
}

/** Good playlists with one thing done to them. */
function mutants(): Case[] {
  const random = randomNumbers(17);
  const below = (most: number): number => Math.floor(random() * most);
  const lineOf = (text: string): number => below(text.split('\n').length - 1);
  const edit = (text: string, change: (lines: string[]) => void): string => {
    const lines = text.split('\n');
    change(lines);
    return lines.join('\n');
  };
  const at = (text: string): number => below(text.length);
  const JUNK = [
    '"',
    "'",
    ',',
    '=',
    '\n',
    '\r',
    ':',
    '#',
    '@',
    '{$x}',
    ' ',
    '\t',
    '%',
    '\\',
    'é',
    '://',
    '../',
    '#EXT-X-ENDLIST\n',
  ];
  const mutations: readonly (readonly [string, (text: string) => string | Uint8Array])[] = [
    ['cut off', (text) => text.slice(0, at(text))],
    ['without its beginning', (text) => text.slice(at(text))],
    ['without a line', (text) => edit(text, (lines) => void lines.splice(lineOf(text), 1))],
    [
      'with a line twice',
      (text) =>
        edit(text, (lines) => {
          const from = lineOf(text);
          lines.splice(from, 0, lines[from] ?? '');
        }),
    ],
    [
      'with a line elsewhere',
      (text) =>
        edit(text, (lines) => {
          const [line = ''] = lines.splice(lineOf(text), 1);
          lines.splice(lineOf(text), 0, line);
        }),
    ],
    [
      'backwards',
      (text) =>
        edit(text, (lines) => {
          const [first = '', ...rest] = lines;
          lines.splice(0, lines.length, first, ...rest.reverse());
        }),
    ],
    [
      'with other bytes',
      (text) => {
        const bytes = Buffer.from(text);
        for (let i = 0; i < 3; i++) bytes[below(bytes.length)] = below(256);
        return bytes;
      },
    ],
    [
      'with a bit the other way',
      (text) => {
        const bytes = Buffer.from(text);
        const place = below(bytes.length);
        bytes[place] = (bytes[place] ?? 0) ^ (1 << below(7));
        return bytes;
      },
    ],
    [
      'with junk in it',
      (text) => {
        const place = at(text);
        return text.slice(0, place) + (JUNK[below(JUNK.length)] ?? '') + text.slice(place);
      },
    ],
    [
      'with much junk in it',
      (text) => {
        let made = text;
        for (let i = 0; i < 12; i++) {
          const place = at(made);
          made = made.slice(0, place) + (JUNK[below(JUNK.length)] ?? '') + made.slice(place);
        }
        return made;
      },
    ],
    [
      'with another number',
      (text) => {
        const all = [...text.matchAll(/\d+/g)];
        const one = all[below(all.length)];
        const place = one?.index ?? 0;
        return text.slice(0, place) + '184467440737095516160' + text.slice(place + (one?.[0].length ?? 0));
      },
    ],
    [
      'without a character',
      (text) => {
        const place = at(text);
        return text.slice(0, place) + text.slice(place + 1);
      },
    ],
    ['in capitals', (text) => text.toUpperCase()],
    ['many times over', (text) => text.repeat(50)],
    ['joined with another', (text) => text + ([MULTIVARIANT, RECORDED, LOW][below(3)] ?? '')],
  ];
  const good = [
    ['multivariant', MULTIVARIANT],
    ['recorded', RECORDED],
    ['low', LOW],
  ] as const;
  return good.flatMap(([name, text]) =>
    mutations.flatMap(([what, mutate]) =>
      Array.from({ length: 2 }, (_, time): Case => [`${name} ${what} (${time})`, mutate(text)]),
    ),
  );
}
