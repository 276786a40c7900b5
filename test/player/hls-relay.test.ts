import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { liveChannel, lowLatencyChannel } from '../support/hls-live.ts';
import { HLS_SECONDS, hlsMedia, type HlsMedia } from '../support/hls-media.ts';
import { startHlsOrigin, type HlsOrigin } from '../support/hls-origin.ts';
import { MPV } from '../support/mpv.ts';

const HLS_JS = join(import.meta.dirname, '../../node_modules/hls.js/dist/hls.min.js');
const run = promisify(execFile);

let media: HlsMedia;
let origin: HlsOrigin;
let baton: TestBaton;
beforeAll(async () => {
  media = await hlsMedia();
  const page = '<!doctype html><video muted></video>';
  origin = await startHlsOrigin({ ...Object.fromEntries(media), '/page.html': page });
  baton = await startBaton({ allowOrigins: [origin.origin] });
});
afterAll(async () => {
  await baton.stop();
  await origin[Symbol.asyncDispose]();
});

/** Goes on the air in a folder of its own; gives the path of its playlist. */
function onAir(channel: typeof liveChannel, folder: string): string {
  for (const [path, place] of Object.entries(channel(media, folder))) origin.places.set(path, place);
  return `${folder}/v.m3u8`;
}
const relayed = (path: string): string => {
  const content = { kind: 'hls', options: 'mode.relay', source: origin.url(path), name: 'v.m3u8' } as const;
  return baton.origin + publicLink(content, baton.keys);
};

const RECORDED = ['/main-ts.m3u8', '/main-fmp4.m3u8', '/bytes/v.m3u8', '/aes/v.m3u8'];
const ON_AIR = [
  ['a channel', liveChannel, 's5.ts'],
  ['a channel of low latency', lowLatencyChannel, 's2.m4s'],
] as const;

describe('hls.js', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  /** What it says of `url` once that is over, played at so many times its speed. */
  async function played(url: string, rate: number) {
    await using tab = await openPage(browser, origin.url('/page.html'));
    await tab.page.addScriptTag({ path: HLS_JS });
    const result = await tab.page.evaluate(
      async ([address, speed]) => {
        const { Hls } = globalThis as unknown as { Hls: typeof import('hls.js').default };
        const video = document.querySelector('video');
        if (video === null) throw new Error('no video');
        const hls = new Hls();
        const errors: string[] = [];
        hls.on(Hls.Events.ERROR, (_, { details, error }) => errors.push(`${details}: ${error.message}`));
        hls.loadSource(address);
        hls.attachMedia(video);
        video.defaultPlaybackRate = video.playbackRate = speed;
        const over = new Promise((done) => video.addEventListener('ended', done, { once: true }));
        const late = new Promise((done) => setTimeout(done, 40_000));
        void video.play();
        await Promise.race([over, late]);
        const { ended, duration, currentTime, videoWidth } = video;
        hls.destroy();
        return { ended, duration, currentTime, videoWidth, errors };
      },
      [url, rate] as const,
    );
    return { ...result, thrown: tab.errors };
  }

  test.each(RECORDED)('plays %s to its end', async (path) => {
    const { duration, ...result } = await played(relayed(path), 4);
    expect(result).toMatchObject({ ended: true, errors: [], thrown: [], videoWidth: 160 });
    expect(Math.abs(duration - HLS_SECONDS)).toBeLessThan(0.3);
  });

  test.concurrent.each(ON_AIR)('plays %s to its end', async (_, channel) => {
    const isLow = channel === lowLatencyChannel;
    const path = onAir(channel, isLow ? '/low-js' : '/live-js');
    const { currentTime, ...result } = await played(relayed(path), 1);
    expect(result).toMatchObject({ ended: true, errors: [], thrown: [] });
    expect(Math.abs(currentTime - HLS_SECONDS)).toBeLessThan(0.5);
    const reloads = origin.seen.filter((line) => line.includes(`${path}?_HLS_msn=`));
    expect(reloads.length > 2).toBe(isLow);
    if (isLow) expect(origin.seen.filter((line) => line.includes('/low-js/p')).length).toBeGreaterThan(2);
  });
});

describe.runIf(SYSTEM_FFMPEG !== null)('ffmpeg', () => {
  const read = async (url: string) => {
    const args = ['-v', 'warning', '-i', url, '-map', '0', '-c', 'copy', '-f', 'streamhash', '-'];
    return await run(SYSTEM_FFMPEG ?? '', args, { timeout: 60_000 });
  };

  test.each(RECORDED)('reads from %s what it reads from the origin', async (path) => {
    const relay = await read(relayed(path));
    expect(relay.stderr).toBe('');
    expect(relay.stdout).toMatch(/SHA256=/);
    expect(relay.stdout).toBe((await read(origin.url(path))).stdout);
  });

  test.concurrent.each(ON_AIR)('plays %s to its end', async (_, channel, last) => {
    const path = onAir(channel, `/ffmpeg-${last}`);
    const args = ['-v', 'error', '-i', relayed(path), '-map', '0:v', '-f', 'null', '-progress', '-', '-'];
    const { stdout, stderr } = await run(SYSTEM_FFMPEG ?? '', args, { timeout: 60_000 });
    expect(stderr).toBe('');
    const seconds = Number(/out_time_us=(\d+)\n(?![^]*out_time_us)/.exec(stdout)?.[1]) / 1e6;
    expect(Math.abs(seconds - HLS_SECONDS)).toBeLessThan(0.3);
  });
});

describe.runIf(MPV !== null)('mpv', () => {
  const play = async (url: string): Promise<void> => {
    const output = [
      '--no-config',
      '--vo=null',
      '--ao=pcm',
      '--ao-pcm-file=/dev/null',
      '--untimed',
      '--msg-level=all=error',
    ];
    const said = await run(MPV ?? '', [...output, '--term-status-msg=', url], { timeout: 60_000 });
    expect(said.stdout.trim() + said.stderr.trim()).toBe('');
  };

  test.each(RECORDED)('plays %s to its end', async (path) => {
    await play(relayed(path));
  });

  test.concurrent.each(ON_AIR)('plays %s to its end', async (_, channel, last) => {
    await play(relayed(onAir(channel, `/mpv-${last}`)));
    expect(origin.seen.some((line) => line.startsWith(`GET /mpv-${last}/${last} `))).toBe(true);
  });
});
