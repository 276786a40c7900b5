import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { encodeChirp } from '../player/chirp.ts';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { ffmpeg } from '../support/ffmpeg.ts';
import { bytesAt, hlsLink, readMedia } from '../support/hls.ts';
import { listenToHls } from '../support/hls-listener.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { programOf, radioProgram, type Program } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { hearAnywhere } from './chirp-ear.ts';
import { serverProcess, type ServerProcess } from './process.ts';

const CHIRP = { seconds: 90 };
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];
let encoded: Promise<Uint8Array> | null = null;
const chirp = async (): Promise<Program> => programOf(await (encoded ??= encodeChirp(CHIRP, MP3)), 'audio/mpeg');

async function heard(bytes: Buffer): Promise<Float32Array> {
  const args = ['-f', 'mp4', '-i', 'pipe:0', '-ac', '1', '-ar', '48000', '-f', 'f32le', 'pipe:1'];
  const pcm = await ffmpeg(args, bytes);
  return new Float32Array(pcm.buffer, pcm.byteOffset, Math.floor(pcm.length / 4));
}

test.concurrent(
  'a producer that is killed, and one that is restarted, repeat no number and skip none',
  async () => {
    await using stack = new AsyncDisposableStack();
    const radio = stack.use(await startRadio(await chirp(), { behaviour: { burstBytes: 240_000 } }));
    const data = await mkdtemp(join(tmpdir(), 'baton-live-'));
    stack.defer(() => rm(data, { recursive: true, force: true }));
    const first = stack.use(await serverProcess(data, [radio.origin]));
    const second = stack.use(await serverProcess(data, [radio.origin]));
    const keys = await (await openDataFolder(data)).readKeys();
    const link = publicLink(
      { kind: 'hls', options: 'mode.live~bitrate.96k', source: radio.url(), name: 'index.m3u8' },
      keys,
    );
    await sleep(3_000);
    let home: ServerProcess = first;
    const own = listenToHls(() => `${home.origin}${link}/a96.m3u8`);
    await sleep(6_000);
    const other = listenToHls(() => `${second.origin}${link}/a96.m3u8`);
    await sleep(3_000);
    await first.kill();
    home = second;
    await sleep(9_000);
    const throughTheKill = own.bytes();
    await second[Symbol.asyncDispose](); // what a station sends meanwhile is lost, unless its burst reaches back that far
    const third = stack.use(await serverProcess(data, [radio.origin]));
    home = third;
    await sleep(9_000);
    await Promise.all([own.stop(), other.stop()]);
    expect(own.complaints).toEqual([]);
    expect(own.numbers.size).toBeGreaterThan(5);
    expect(hearAnywhere(await heard(throughTheKill), CHIRP)).toMatchObject({ damagedMs: 0, silentMs: 0 });
    expect(other.complaints).toEqual([]);
    for (const [number, name] of other.numbers) expect(own.numbers.get(number) ?? name).toBe(name);
  },
  90_000,
);

test.concurrent(
  'who comes first gets two segments of what a station sends at once, and waits for nothing more',
  async () => {
    await using radio = await startRadio(await chirp(), { behaviour: { burstBytes: 240_000 } });
    await using baton = await startBaton({ allowOrigins: [radio.origin] });
    radio.stall(60_000, 'paused'); // what is not in the burst does not come
    const { init, segments } = await readMedia(`${hlsLink(baton, radio.url(), 'mode.live~bitrate.96k')}/a96.m3u8`);
    expect(segments.length).toBeGreaterThanOrEqual(2);
    const parts = await Promise.all([init, ...segments.slice(0, 2).map(({ url }) => url)].map(bytesAt));
    expect(hearAnywhere(await heard(Buffer.concat(parts)), CHIRP)).toMatchObject({ damagedMs: 0, silentMs: 0 });
  },
);

test.concurrent(
  'whoever polls keeps a channel going, and nobody else does',
  async () => {
    await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
    await using baton = await startBaton({ allowOrigins: [radio.origin] });
    const before = (await ffmpegProcesses()).length;
    const playlist = `${hlsLink(baton, radio.url(), 'mode.live~bitrate.64k')}/a64.m3u8`;
    const listener = listenToHls(() => playlist);
    await sleep(12_000);
    expect(radio.listeners).toBe(1);
    await listener.stop();
    expect(listener.failures).toEqual([]);
    await sleep(8_000);
    expect(radio.listeners).toBe(1); // it may come back
    expect(
      await settled(
        () => radio.listeners,
        (count) => count === 0,
        20_000,
      ),
    ).toBe(0);
    expect(
      await settled(
        async () => (await ffmpegProcesses()).length,
        (count) => count <= before,
        5_000,
      ),
    ).toBeLessThanOrEqual(before);
  },
  60_000,
);

test.concurrent(
  'nobody having listened for a while is a gap in the numbers, and times go on',
  async () => {
    await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
    await using baton = await startBaton({ allowOrigins: [radio.origin] });
    radio.title('Her - Song');
    const playlist = `${hlsLink(baton, radio.url(), 'mode.live~bitrate.64k~dvr.yes')}/a64.m3u8`;
    const earlier = listenToHls(() => playlist);
    await sleep(9_000);
    await earlier.stop();
    expect(
      await settled(
        () => radio.listeners,
        (count) => count === 0,
        30_000,
      ),
    ).toBe(0);
    await sleep(20_000); // a shorter one is none: the channel goes on where it was
    const later = listenToHls(() => playlist);
    await sleep(4_000);
    await later.stop();
    expect([...earlier.complaints, ...later.complaints]).toEqual([]);
    const { text, playlist: read, segments } = later.playlists.at(-1) ?? (await readMedia(playlist));
    expect(later.gaps.size).toBeGreaterThan(0);
    for (const [number, name] of earlier.numbers) expect(later.numbers.get(number)).toBe(name);
    expect(text).toContain('#EXT-X-START:TIME-OFFSET=-14.4\n');
    expect(text).toMatch(
      /#EXT-X-DATERANGE:ID="title-\d+",CLASS="baton\.title",START-DATE="[^"]+Z",END-ON-NEXT=YES,X-TITLE="Song",X-ARTIST="Her"\n/,
    );
    const [begin = NaN, ...dates] = read.segments.map(({ programDateTime }) => programDateTime?.getTime() ?? NaN);
    for (const [index, date] of dates.entries())
      if (!Number.isNaN(date)) expect(Math.abs(date - begin - (index + 1) * 4_800)).toBeLessThan(25);
    expect(Math.abs(begin + segments.length * 4_800 - Date.now())).toBeLessThan(15_000);
    const gap = [...later.gaps][0] ?? 0;
    const missing = segments[gap - (read.mediaSequenceBase ?? 0)]?.url ?? '';
    expect((await get(missing)).status).toBe(404);
    expect((await get(missing.replace(/-\w{8}-/, '-00000000-'))).status).toBe(410);
    expect((await get(missing.replace(/-(\d+)\.m4s$/, '-1.m4s'))).status).toBe(410);
  },
  90_000,
);

test.concurrent('a station that fails has its status, and so has one that is none', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 20 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin] });
  radio.behaviour.status = 404;
  const link = hlsLink(baton, radio.url(), 'mode.live');
  expect((await get(`${link}/a128.m3u8`)).status).toBe(404);
  expect((await get(`${link}/a160.m3u8`)).status).toBe(404);
  expect((await get(`${link}/a128-00000000-5.m4s`)).status).toBe(404);
  expect((await get(hlsLink(baton, radio.url(), 'mode.live~start.1000ms'))).status).toBe(400);
  expect((await get(hlsLink(baton, radio.url(), 'mode.live~dvr.no'))).status).toBe(400);
  expect((await get(link)).status).toBe(200); // nobody has asked the station yet
});
