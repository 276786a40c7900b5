import { describe, expect, test } from 'vitest';
import { playlistLines } from '../../src/hls/lines.ts';
import { rewritePlaylist, type Replace } from '../../src/hls/rewrite.ts';

const BASE = 'https://media.test/show/main.m3u8?token=a%20b';
const named: Replace = (url, { role }) => (role === 'steering' ? null : `<${role} ${url}>`);
const rewritten = (text: string, replace = named): string =>
  [...rewritePlaylist(playlistLines(text), BASE, replace)].join('');

describe('every address is replaced', () => {
  test('in a multivariant playlist', () => {
    expect(
      rewritten(`#EXTM3U
#EXT-X-CONTENT-STEERING:SERVER-URI="/steer",PATHWAY-ID="a"
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"
#EXT-X-SESSION-DATA:DATA-ID="d",URI="d.json"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="it's, \u201cen\u201d",URI="en/a.m3u8",LANGUAGE="en"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="muxed"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="i.m3u8"
#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI="img.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="a"
# between
v.m3u8?x=1#y
`),
    ).toBe(`#EXTM3U
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="<key https://media.test/show/k>"
#EXT-X-SESSION-DATA:DATA-ID="d",URI="<data https://media.test/show/d.json>"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="it's, \u201cen\u201d",URI="<playlist https://media.test/show/en/a.m3u8>",LANGUAGE="en"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="muxed"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="<playlist https://media.test/show/i.m3u8>"
#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI="<playlist https://media.test/show/img.m3u8>"
#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="a"
# between
<playlist https://media.test/show/v.m3u8?x=1>
`);
  });

  test('in a media playlist', () => {
    expect(
      rewritten(`#EXTM3U
#EXT-X-TARGETDURATION:6
#EXT-X-KEY:METHOD=AES-128 , URI = "k" ,IV=0x00
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.apple.streamingkeydelivery",URI="skd://1"
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.drm",URI="https://drm.test/1"
#EXT-X-MAP:BYTERANGE="5@0",URI=bare.mp4
#EXT-X-DATERANGE:ID="x",X-ASSET-URI="https://ads.test/a.m3u8",X-OTHER="https://ads.test/o"
#EXT-X-DATERANGE:ID="y",X-ASSET-LIST="https://ads.test/l.json"
#EXT-X-PART:DURATION=1,URI="p1.mp4"
#EXTINF:6,https://not.an/address
a.ts
#EXT-X-PREFETCH:soon.ts
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p2.mp4"
#EXT-X-RENDITION-REPORT:URI="../b.m3u8",LAST-MSN=3
`),
    ).toBe(`#EXTM3U
#EXT-X-TARGETDURATION:6
#EXT-X-KEY:METHOD=AES-128 , URI = "<key https://media.test/show/k>" ,IV=0x00
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.apple.streamingkeydelivery",URI="skd://1"
#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.drm",URI="<key https://drm.test/1>"
#EXT-X-MAP:BYTERANGE="5@0",URI="<map https://media.test/show/bare.mp4>"
#EXT-X-DATERANGE:ID="x",X-ASSET-URI="<playlist https://ads.test/a.m3u8>",X-OTHER="https://ads.test/o"
#EXT-X-DATERANGE:ID="y",X-ASSET-LIST="<data https://ads.test/l.json>"
#EXT-X-PART:DURATION=1,URI="<part https://media.test/show/p1.mp4>"
#EXTINF:6,https://not.an/address
<segment https://media.test/show/a.ts>
#EXT-X-PREFETCH:<segment https://media.test/show/soon.ts>
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="<hint https://media.test/show/p2.mp4>"
#EXT-X-RENDITION-REPORT:URI="<playlist https://media.test/b.m3u8>",LAST-MSN=3
`);
  });
});

test('what nobody knows stays as it is, to the byte, with its line ends', () => {
  const text =
    '#EXTM3U\r\n#EXT-X-TARGETDURATION:6\n#EXT-X-NEW:URI="x",\u00e9=\'y\n\n  \r\n#comment http://a.test \t\r\n#EXT-X-CUE-OUT:30\r#EXTINF:6,\n';
  expect(rewritten(`${text}a.ts`)).toBe(`${text}<segment https://media.test/show/a.ts>`);
  expect(rewritten(`${text}a.ts  \t\n#EXT-X-ENDLIST`)).toBe(
    `${text}<segment https://media.test/show/a.ts>  \t\n#EXT-X-ENDLIST`,
  );
});

test('variables are replaced in addresses, and those of the query are given their values', () => {
  expect(
    rewritten(
      '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-DEFINE:QUERYPARAM="token"\n#EXT-X-DEFINE:NAME="h",VALUE="cdn.test"\n#EXT-X-DEFINE:IMPORT="x"\n#EXTINF:6,{$h}\nhttps://{$h}/a.ts?{$token}\n',
    ),
  ).toBe(
    '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-DEFINE:NAME="token",VALUE="a b"\n#EXT-X-DEFINE:NAME="h",VALUE="cdn.test"\n#EXT-X-DEFINE:IMPORT="x"\n#EXTINF:6,{$h}\n<segment https://cdn.test/a.ts?a%20b>\n',
  );
});

test.each([
  '#EXT-X-KEY:METHOD=AES-128,URI="data:text/plain,x"\n',
  '#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.drm",URI="javascript:alert(1)"\n',
  '#EXT-X-MAP:URI="file:///etc/passwd"\n',
  '#EXT-X-MAP:URI=""\n',
  '#EXT-X-DATERANGE:ID="x",X-ASSET-URI="tcp://10.0.0.1:25"\n',
  '#EXT-X-PREFETCH:ftp://a.test/a.ts\n',
  '#EXTINF:6,\nhttp://[::bad\n',
  '#EXTINF:6,\n{$x}\n',
])('%j is refused', (tag) => {
  expect(() => rewritten(`#EXTM3U\n#EXT-X-TARGETDURATION:6\n${tag}`)).toThrow(
    expect.objectContaining({ code: 'PLAYLIST_INVALID' }),
  );
});
