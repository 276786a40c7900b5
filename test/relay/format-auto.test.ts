import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseRendition } from '../../src/grid/rendition.ts';
import { decided } from '../../src/relay/format-auto.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { source } from '../support/sources.ts';

const AUTO = 'format.auto~bitrate.64k~end.3000ms';

const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64)';
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; Pixel 8)';
const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)';
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const FIREFOX_AUDIO = 'audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,application/ogg;q=0.7,video/*;q=0.6,*/*;q=0.5';

/** Who asks, as they do; what is not said is not sent. */
const CLIENTS: readonly (readonly [
  who: string,
  accept: string | undefined,
  userAgent: string | undefined,
  codec: string,
])[] = [
  ['Chrome on Windows', '*/*', `${WINDOWS} ${CHROME} Safari/537.36`, 'opus'],
  ['Chrome on Android', '*/*', `${ANDROID} ${CHROME} Mobile Safari/537.36`, 'opus'],
  ['Edge', '*/*', `${WINDOWS} ${CHROME} Safari/537.36 Edg/141.0.0.0`, 'opus'],
  [
    'Samsung Internet',
    '*/*',
    `${ANDROID.replace('Pixel 8', 'SM-S918B')} AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
    'opus',
  ],
  ['Firefox on Linux', FIREFOX_AUDIO, 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0', 'opus'],
  [
    'Firefox of today behind a proxy without Accept',
    undefined,
    'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
    'opus',
  ],
  ['an app that says so', 'audio/ogg;codecs=opus, audio/mpeg;q=0.8', 'SomePodcatcher/2.1', 'opus'],
  ['an app that says so in the other way', 'audio/opus, */*;q=0.1', undefined, 'opus'],
  ['Safari on a Mac', '*/*', `${MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15`, 'mp3'],
  ['Safari on an iPhone', '*/*', `${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`, 'mp3'],
  ['Chrome on an iPhone', '*/*', `${IPHONE} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1`, 'mp3'],
  ['Firefox on an iPhone', '*/*', `${IPHONE} FxiOS/143.0 Mobile/15E148 Safari/605.1.15`, 'mp3'],
  [
    'EdgeHTML',
    '*/*',
    `${WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763`,
    'mp3',
  ],
  [
    'an old Chrome',
    '*/*',
    `${WINDOWS} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.107 Safari/537.36`,
    'mp3',
  ],
  [
    'a Chromecast',
    '*/*',
    'Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.225 Safari/537.36 CrKey/1.56.500000',
    'mp3',
  ],
  [
    'a television',
    '*/*',
    'Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/5.0 Chrome/94.0.4606.31 TV Safari/537.36',
    'mp3',
  ],
  [
    'Googlebot',
    '*/*',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/141.0.0.0 Safari/537.36',
    'mp3',
  ],
  ['Apple Podcasts', '*/*', 'AppleCoreMedia/1.0.0.22F76 (iPhone; U; CPU OS 18_5 like Mac OS X; en_us)', 'mp3'],
  ['Overcast', '*/*', 'Overcast/3.0 (+http://overcast.fm/; iOS podcast app)', 'mp3'],
  ['Spotify', '*/*', 'Spotify/8.9.18.512 Android/34 (Pixel 8)', 'mp3'],
  ['curl', '*/*', 'curl/8.5.0', 'mp3'],
  ['CloudFront without the name of its client', '*/*', 'Amazon CloudFront', 'mp3'],
  ['nobody', undefined, undefined, 'mp3'],
  ['Chrome that is told to take MP3 alone', 'audio/mpeg', `${WINDOWS} ${CHROME} Safari/537.36`, 'mp3'],
  ['Chrome that would rather have MP3', 'audio/mpeg, audio/*;q=0.5', `${WINDOWS} ${CHROME} Safari/537.36`, 'mp3'],
  ['Chrome that refuses Ogg', 'audio/ogg;q=0, */*', `${WINDOWS} ${CHROME} Safari/537.36`, 'mp3'],
  ['an app that takes Ogg of any kind', 'audio/ogg, audio/mpeg', 'OldPlayer/1.0', 'mp3'],
  ['an app that refuses Opus', 'audio/ogg;codecs=opus;q=0, audio/mpeg', 'OldPlayer/1.0', 'mp3'],
  ['a header that is none', ';;q=,,', `${WINDOWS} ${CHROME} Safari/537.36`, 'mp3'],
];

test.each(CLIENTS)('%s gets what it plays for certain', (_, accept, userAgent, codec) => {
  const headers = { accept, 'user-agent': userAgent };
  expect(decided(parseRendition(AUTO), headers)).toMatchObject({ codec, kbps: 64, endMs: 3000 });
});

describe('a link that leaves the codec open', () => {
  let origin: Origin;
  let baton: TestBaton;

  beforeAll(async () => {
    origin = await startOrigin((await source('chapters.mp3')).bytes);
    baton = await startBaton({ allowOrigins: [origin.origin] });
  });
  afterAll(async () => {
    await baton.stop();
    await origin.close();
  });

  test.each([
    ['audio/ogg;codecs=opus', 'codec.opus~bitrate.64k~end.3000ms', 'opus'],
    ['*/*', 'codec.mp3~bitrate.64k~end.3000ms', 'mp3'],
  ])('gives who sends Accept: %s the bytes of %s', async (accept, options, extension) => {
    const url = baton.file(origin.url(), AUTO, { name: 'talk.mp3' });
    const same = await promisedFile(baton.file(origin.url(), options));
    const answer = await get(url, { headers: { accept } });
    expect(answer.bytes.equals(same.bytes)).toBe(true);
    expect(answer.headers).toMatchObject({
      vary: 'Accept, User-Agent',
      'content-type': same.headers['content-type'],
      etag: same.headers.etag,
    });
    expect(answer.headers['cache-control']).toMatch(/^private, /);
    expect(answer.headers['content-disposition']).toContain(`filename=talk.${extension};`);
    const again = await get(url, { headers: { accept, 'if-none-match': same.headers.etag ?? '' } });
    expect([again.status, again.headers.vary]).toEqual([304, 'Accept, User-Agent']);
  });

  test('is an error for a name of another kind', async () => {
    const wrong = await get(baton.file(origin.url(), AUTO, { name: 'talk.wav' }));
    expect([wrong.status, JSON.parse(wrong.bytes.toString())]).toMatchObject([400, { code: 'OPTIONS_INVALID' }]);
  });
});
