import { expect, test } from 'vitest';
import { filterVariants, type VariantFilter } from '../../src/hls/filter.ts';
import { playlistLines } from '../../src/hls/lines.ts';

const NONE: VariantFilter = { maxHeight: null, maxBitrate: null, audioOnly: false };
const filtered = (text: string, filter: Partial<VariantFilter>): string =>
  filterVariants(playlistLines(text), { ...NONE, ...filter })
    .map((line) => line.text + line.ending)
    .join('');

const LADDER = `#EXTM3U
#EXT-X-UNKNOWN:1
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="lo",NAME="en",URI="lo.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="en",URI="hi.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="fr",URI="fr.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360,CODECS="avc1.4d401e,mp4a.40.2",AUDIO="lo"
360.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2500000,RESOLUTION=1280x720,CODECS="avc1.4d401f,mp4a.40.2",AUDIO="hi"
720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=5000000,RESOLUTION=1920x1080,CODECS="avc1.640028,mp4a.40.2",AUDIO="hi"
1080.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=100000,RESOLUTION=1280x720,URI="i720.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=60000,RESOLUTION=640x360,URI="i360.m3u8"
`;
const uris = (text: string): string[] => [...text.matchAll(/^[^#\n].*$|(?<=URI=")[^"]*/gm)].map(([uri]) => uri);

test('no filter leaves all', () => {
  expect(filtered(LADDER, {})).toBe(LADDER);
});

test.each<[Partial<VariantFilter>, readonly string[]]>([
  [{ maxHeight: 720 }, ['lo.m3u8', 'hi.m3u8', 'fr.m3u8', '360.m3u8', '720.m3u8', 'i720.m3u8', 'i360.m3u8']],
  [{ maxHeight: 480 }, ['lo.m3u8', '360.m3u8', 'i360.m3u8']],
  [{ maxHeight: 100 }, ['lo.m3u8', '360.m3u8']],
  [{ maxBitrate: 2_500_000 }, ['lo.m3u8', 'hi.m3u8', 'fr.m3u8', '360.m3u8', '720.m3u8', 'i720.m3u8', 'i360.m3u8']],
  [{ maxBitrate: 1000 }, ['lo.m3u8', '360.m3u8']],
  [{ maxHeight: 720, maxBitrate: 1_000_000 }, ['lo.m3u8', '360.m3u8', 'i720.m3u8', 'i360.m3u8']],
])('%j leaves %j', (filter, left) => {
  const text = filtered(LADDER, filter);
  expect(uris(text)).toEqual(left);
  expect(text).toContain('#EXT-X-UNKNOWN:1\n');
});

test('sound alone is had from variants without pictures', () => {
  const text = `${LADDER}#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"\naudio.m3u8\n`;
  expect(uris(filtered(text, { audioOnly: true }))).toEqual(['audio.m3u8']);
});

test('sound alone is had from renditions, one variant for each group', () => {
  expect(filtered(LADDER, { audioOnly: true })).toBe(`#EXTM3U
#EXT-X-UNKNOWN:1
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="en",URI="hi.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="hi",NAME="fr",URI="fr.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=256000,CODECS="mp4a.40.2"
lo.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=256000,CODECS="mp4a.40.2",AUDIO="hi"
hi.m3u8
`);
});

test('where sound is not to be had alone, the least is left', () => {
  const muxed = LADDER.replaceAll(/,AUDIO="\w+"/g, '').replaceAll(/#EXT-X-MEDIA.*\n/g, '');
  expect(uris(filtered(muxed, { audioOnly: true }))).toEqual(['360.m3u8']);
});

test('a media playlist stays as it is', () => {
  const text = '#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n';
  expect(filtered(text, { maxHeight: 1, audioOnly: true })).toBe(text);
});
