import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { get, sendRaw } from './support/client.ts';
import { decode, decodeFloat, FFMPEG, ffmpeg, ffprobe, inFolder } from './support/ffmpeg.ts';
import { ffmpegProcesses, openDescriptors, settled, tempFiles } from './support/leaks.ts';
import { frameFacts, splitFrames } from './support/mp3-forge.ts';
import { startOrigin, trackers } from './support/origin.ts';
import { locate, rms, samplesOf, slicePcm, snr, testSignal } from './support/signal.ts';
import { source, sourceNames } from './support/sources.ts';

describe('the test signal', () => {
  it('is the same whether made whole or in parts, and silent before its start', () => {
    const whole = testSignal(-100, 5000);
    expect(testSignal(1234, 5000).data).toEqual(slicePcm(whole, 1334).data);
    expect(rms(whole, 0, 100)).toBe(-Infinity);
  });

  it('does not clip, and is neither silent nor the same left and right', () => {
    const { data } = testSignal(0, 44100 * 30);
    expect(data.reduce((peak, value) => Math.max(peak, Math.abs(value)), 0)).toBeLessThan(0.8 * 32768);
    const left = data.filter((_, i) => i % 2 === 0);
    expect(rms({ data: left, sampleRate: 44100, channels: 1 })).toBeGreaterThan(-30);
    expect(left).not.toEqual(data.filter((_, i) => i % 2 === 1));
  });

  it('at one rate is what a resampler makes of it at another', async () => {
    const { data } = testSignal(0, 44100 * 3);
    const args = ['-f', 's16le', '-ar', '44100', '-ac', '2', '-i', 'pipe:0', '-ar', '48000', '-f', 'wav', 'pipe:1'];
    const resampled = await decode(await ffmpeg(args, new Uint8Array(data.buffer)));
    const middle = slicePcm(resampled, 48000, 96000);
    expect(locate(middle, 48000)).toMatchObject({ offset: 0 });
    expect(snr(middle, testSignal(48000, 96000, { sampleRate: 48000 }))).toBeGreaterThan(35);
  });

  it('is found where it lies, to the sample, late or early', () => {
    for (const at of [0, 44100, 3_000_000, 150_000_000])
      for (const late of [-1000, -1, 0, 1, 2000]) {
        const { offset, score } = locate(testSignal(at, at + 8192, { channels: 1 }), at + late);
        expect(offset + late).toBe(0);
        expect(score).toBeCloseTo(1, 3);
      }
  });

  it('is not found where another passage lies', () => {
    for (const second of [1, 60, 3000]) expect(locate(testSignal(0, 8192), second * 44100).score).toBeLessThan(0.5);
  });
});

describe('sources', () => {
  const some = sourceNames.filter((_, index) => process.env['BATON_FULL'] === '1' || index % 5 === 0);
  it.each(some)('%s decodes to the sound it was made of', async (name) => {
    const made = await source(name);
    const heard = await decode(made.path);
    const { sampleRate, channels } = made;
    expect(heard).toMatchObject({ sampleRate, channels });
    // ffmpeg takes some of the junk for frames, so that all behind it lies elsewhere.
    const last = name === 'junk.mp3' ? 3 * sampleRate : made.expectedSamples - 9000;
    for (const at of [sampleRate, Math.round(last / 2), last]) {
      const { offset, score } = locate(slicePcm(heard, at), at, { reference: made.pcm });
      expect({ at, offset, score }).toEqual({ at, offset: 0, score: expect.closeTo(1, 1) as number });
    }
  });

  it('have the length that their names and headers promise', async () => {
    for (const name of sourceNames) {
      const { path, expectedSamples, sampleRate, lead } = await source(name);
      const seconds = name === 'stale-xing-high.mp3' ? 10 : 20;
      expect(expectedSamples / sampleRate, name).toBeGreaterThan(seconds - 0.05);
      expect(expectedSamples / sampleRate, name).toBeLessThan(seconds + 0.2);
      // ffmpeg conceals half a frame, loses frames or keeps padding.
      if (!/junk|truncated|m4a|mov|mp4|vorbis\.ogg/.test(name))
        expect(samplesOf(await decode(path)), name).toBe(expectedSamples);
      expect(leadsOf(name), name).toContain(lead);
    }
  });

  it('are what they are called', async () => {
    const facts = async (name: (typeof sourceNames)[number]) => {
      const all = splitFrames((await source(name)).bytes).map((frame) => frameFacts(frame));
      const { version, sampleRate, channels } = all[0] ?? expect.unreachable('no frame');
      const rates = new Set(all.map(({ kbps }) => kbps)).size;
      return { version, sampleRate, channels, rates, sizes: new Set(all.map(({ size }) => size)).size };
    };
    expect(await facts('cbr-48k-bare.mp3')).toMatchObject({ version: 1, sampleRate: 48000, rates: 1, sizes: 1 });
    expect(await facts('cbr-mono-padded.mp3')).toMatchObject({ version: 1, channels: 1, rates: 1, sizes: 2 });
    expect((await facts('vbr-bare.mp3')).rates).toBeGreaterThan(4);
    expect(await facts('mpeg2-22k.mp3')).toMatchObject({ version: 2, sampleRate: 22050 });
    expect(await facts('mpeg2-24k.mp3')).toMatchObject({ version: 2, sampleRate: 24000 });
    expect(await facts('mpeg25-8k.mp3')).toMatchObject({ version: 2.5, sampleRate: 8000 });
    expect(await facts('mpeg25-11k.mp3')).toMatchObject({ version: 2.5, sampleRate: 11025 });
    expect(await facts('mpeg25-12k.mp3')).toMatchObject({ version: 2.5, sampleRate: 12000 });
    const text = async (name: (typeof sourceNames)[number]) =>
      Buffer.from((await source(name)).bytes).toString('latin1');
    expect((await text('cbr.mp3')).slice(0, 600)).toContain('Info');
    expect((await text('vbr-xing.mp3')).slice(0, 600)).toContain('Xing');
    expect(await text('vbr-bare.mp3')).not.toMatch(/Xing|Info|VBRI|ID3/);
    expect(await text('vbr-vbri.mp3')).toMatch(/^.{36}VBRI/s);
    expect(await text('tails.mp3')).toMatch(/APETAGEX.*APETAGEX.{24}TAG.{125}$/s);
    expect((await text('artwork-3mb.mp3')).indexOf('Info')).toBeGreaterThan(2.5e6);
    for (const name of ['front.m4a', '48k.m4a', 'video-front.mp4'] as const)
      expect((await text(name)).indexOf('moov')).toBeLessThan(100);
    for (const name of ['end.m4a', 'end.mov', 'video-end.mp4'] as const)
      expect((await text(name)).indexOf('mdat')).toBeLessThan(100);
  });

  it('carry chapters, titles and covers that ffprobe reads', async ({ skip }) => {
    for (const name of ['chapters.mp3', 'chapters.m4a'] as const) {
      const probed = (await ffprobe((await source(name)).path)) ?? skip('no ffprobe');
      expect(probed.chapters.map(({ tags }) => tags?.['title'])).toEqual(['Anfang', 'Mitte', 'Ende']);
      expect(probed.format.tags).toMatchObject({ title: 'Ein Stück über Töne', artist: 'Baton' });
      expect(probed.streams.map(({ codec_name }) => codec_name)).toContain('mjpeg');
    }
  });

  it('with junk hold every frame, and no false one that the next frame confirms', async () => {
    const { bytes, expectedSamples } = await source('junk.mp3');
    expect(chainedFrames(bytes) * 1152).toBe(expectedSamples);
  });

  it('of an hour are runs of shorter ones, each in its place', async () => {
    const made = await source('hour-vbr-bare.mp3', { seconds: 60 });
    const heard = await decode(made.path);
    expect(samplesOf(heard)).toBe(made.expectedSamples);
    expect(made.stretches.length).toBeGreaterThan(3);
    let at = 3 * 1152;
    for (const { samples } of made.stretches.slice(0, -1)) {
      expect(locate(slicePcm(heard, at), at, { reference: made.pcm })).toMatchObject({ offset: 0 });
      at += samples;
    }
  });

  it('decode to floats, too', async () => {
    const { path } = await source('cbr.mp3');
    const [whole, floats] = [await decode(path), await decodeFloat(path)];
    expect(floats.data.length).toBe(whole.data.length);
    expect(floats.data[40001]).toBeCloseTo((whole.data[40001] ?? 0) / 32768, 4);
  });
});

/** What a decoder may put in front of the sound: nothing where the file says how much to drop. */
const leadsOf = (name: string): number[] => (/\baac\b/.test(name) ? [1024] : [0, 1105]);

/** How many frames follow another frame, or are followed by one. */
function chainedFrames(bytes: Uint8Array): number {
  let frames = 0;
  let previousEnd = 0;
  for (let at = 0; at < bytes.length;) {
    const end = endOfFrame(bytes, at);
    const chained = end !== null && (at === previousEnd || end === bytes.length || endOfFrame(bytes, end) !== null);
    if (chained) {
      frames++;
      at = previousEnd = end;
    } else at++;
  }
  return frames;
}

function endOfFrame(bytes: Uint8Array, at: number): number | null {
  try {
    const { size, sampleRate } = frameFacts(bytes, at);
    return sampleRate === 44100 && size > 4 ? at + size : null;
  } catch {
    return null;
  }
}

const BYTES = new Uint8Array(testSignal(0, 50_000).data.buffer);

describe('the origin', () => {
  it('serves ranges of every form, HEAD, validators and 416', async () => {
    await using origin = await startOrigin(BYTES);
    const whole = await get(origin.url());
    expect(whole).toMatchObject({ status: 200, complete: true, headers: { 'content-length': '200000' } });
    expect(whole.bytes.equals(BYTES)).toBe(true);
    for (const [range, start, stop] of [
      ['0-1', 0, 2],
      ['100-', 100, 200000],
      ['-500', 199500, 200000],
      ['199999-300000', 199999, 200000],
    ] as const) {
      const part = await get(origin.url(), { range });
      expect(part).toMatchObject({ status: 206, headers: { 'content-range': `bytes ${start}-${stop - 1}/200000` } });
      expect(part.bytes.equals(BYTES.subarray(start, stop))).toBe(true);
    }
    expect(await get(origin.url(), { range: '200000-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */200000' },
    });
    expect(await get(origin.url(), { method: 'HEAD' })).toMatchObject({
      status: 200,
      headers: { 'content-length': '200000' },
    });
    expect((await get(origin.url(), { headers: { 'if-none-match': whole.headers.etag ?? '' } })).status).toBe(304);
    expect(origin.seen.map(({ status }) => status)).toEqual([200, 206, 206, 206, 206, 416, 200, 304]);
    expect(origin.bytesSent).toBe(200000 + 2 + 199900 + 500 + 1);
  });

  it('honours If-Range by strong validators only, and changes its ETag with the content', async () => {
    await using origin = await startOrigin(BYTES);
    const { etag = '' } = (await get(origin.url())).headers;
    const ask = { range: '0-1', headers: { 'if-range': etag } };
    expect((await get(origin.url(), ask)).status).toBe(206);
    origin.content = BYTES.slice(1);
    expect((await get(origin.url(), ask)).status).toBe(200);
    origin.behaviour.etag = 'weak';
    const weak = (await get(origin.url())).headers.etag ?? '';
    expect(weak).toMatch(/^W\//);
    expect((await get(origin.url(), { range: '0-1', headers: { 'if-range': weak } })).status).toBe(200);
  });

  it('can do without ranges, length, validators and HEAD, and can answer another range', async () => {
    await using origin = await startOrigin(BYTES, { range: 'ignored', length: false, etag: null, lastModified: null });
    const answer = await get(origin.url(), { range: '0-1' });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/etag|last-mod|content-length|accept-ranges/)]),
    );
    expect(answer.bytes.length).toBe(200000);
    origin.behaviour = { head: 'refused', range: 'shifted' };
    expect((await get(origin.url(), { method: 'HEAD' })).status).toBe(405);
    expect((await get(origin.url(), { range: '0-1' })).headers['content-range']).toBe('bytes 1000-1001/200000');
  });

  it('fails at first, then recovers', async () => {
    await using origin = await startOrigin(BYTES, { failFirst: { times: 2, status: 500 } });
    const statuses = [await get(origin.url()), await get(origin.url()), await get(origin.url())].map((a) => a.status);
    expect(statuses).toEqual([500, 500, 200]);
    origin.behaviour = { status: 403 };
    expect((await get(origin.url())).status).toBe(403);
  });

  it.each(['reset', 'close'] as const)('dies after some bytes by %s, all of which arrive', async (how) => {
    await using origin = await startOrigin(BYTES, { dieAfter: { bytes: 70_000, how } });
    const answer = await get(origin.url());
    expect(answer).toMatchObject({ status: 200, complete: false });
    expect(answer.bytes.length).toBe(70_000);
    expect(
      await settled(
        () => origin.seen[0]?.state,
        (state) => state !== 'open',
      ),
    ).toBe('cut');
  });

  it('hangs up, stalls, and waits', async () => {
    await using origin = await startOrigin(BYTES, { hangUp: true });
    await expect(get(origin.url())).rejects.toThrow('socket hang up');
    origin.behaviour = { stallAfter: 1000 };
    const stalled = await get(origin.url(), { leaveAfter: 1000 });
    expect(stalled.bytes.length).toBe(1000);
    await expect(get(origin.url(), { leaveAfter: 1001, signal: AbortSignal.timeout(150) })).resolves.toMatchObject({
      complete: false,
    });
    origin.behaviour = { latencyMs: 60 };
    expect((await get(origin.url())).firstByteMs).toBeGreaterThan(119);
  });

  it('throttles', async () => {
    await using origin = await startOrigin(BYTES, { bytesPerSecond: 500_000 });
    const began = performance.now();
    expect((await get(origin.url())).complete).toBe(true);
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(380);
    expect(took).toBeLessThan(3000);
  });

  it('lies about its length, both ways', async () => {
    await using origin = await startOrigin(BYTES, { length: 50 });
    expect(await get(origin.url())).toMatchObject({ complete: false, headers: { 'content-length': '200050' } });
    origin.behaviour.length = -50;
    const answer = await sendRaw(origin.url(), 'GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toContain('content-length: 199950');
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(200_000);
  });

  it('drips its head, gzips, is endless or empty, and lies about its type', async () => {
    await using origin = await startOrigin(BYTES.subarray(0, 999), { dripHeadMs: 1 });
    const began = performance.now();
    const dripped = await get(origin.url());
    expect(dripped.bytes.equals(BYTES.subarray(0, 999))).toBe(true);
    expect((await get(origin.url(), { method: 'HEAD' })).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(300);
    origin.behaviour = { gzip: true, contentType: 'text/html' };
    expect((await get(origin.url())).headers).toMatchObject({
      'content-encoding': 'gzip',
      'content-type': 'text/html',
    });
    origin.behaviour = { endless: true };
    expect((await get(origin.url(), { leaveAfter: 3_000_000 })).bytes.length).toBeGreaterThan(2_999_999);
    origin.behaviour = {};
    origin.content = new Uint8Array();
    expect(await get(origin.url())).toMatchObject({ status: 200, complete: true, headers: { 'content-length': '0' } });
  });

  it('redirects through trackers to another address and other bytes each time', async () => {
    await using origin = await startOrigin(({ url }) => Buffer.from(url), {
      redirect: trackers(3, '/e.mp3', { unique: true }),
    });
    const walk = async (path: string): Promise<string> => {
      const { status, headers, bytes } = await get(origin.url(path));
      return status === 302 ? await walk(headers.location ?? '') : bytes.toString();
    };
    expect([await walk('/hop/1'), await walk('/hop/1')]).toEqual(['/e.mp3?play=1', '/e.mp3?play=2']);
    expect(origin.seen.length).toBe(8);
  });

  it('counts connections, and leaves none behind', async () => {
    const before = await openDescriptors();
    {
      await using origin = await startOrigin(BYTES, { stallAfter: 10 });
      const leaving = new AbortController();
      const waiting = Promise.allSettled([1, 2].map(() => get(origin.url(), { signal: leaving.signal })));
      expect(
        await settled(
          () => origin.connections,
          (n) => n === 2,
        ),
      ).toBe(2);
      await settled(
        () => origin.seen.length,
        (n) => n === 2,
      );
      leaving.abort();
      await waiting;
      expect(
        await settled(
          () => origin.connections,
          (n) => n === 0,
        ),
      ).toBe(0);
      expect(origin).toMatchObject({ connected: 2 });
    }
    expect(
      await settled(
        () => openDescriptors(),
        (n) => n <= before,
      ),
    ).toBeLessThanOrEqual(before);
  });
});

describe('the client', () => {
  it('sends paths as they stand', async () => {
    await using origin = await startOrigin(BYTES);
    await get(origin.url(), { path: '/a/../%2e%2e//b?x' });
    expect(await sendRaw(origin.url(), 'GET /c/./d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 200/,
    );
    expect(origin.seen.map(({ url }) => url)).toEqual(['/a/../%2e%2e//b?x', '/c/./d']);
  });
});

describe('the leak counters', () => {
  it('see an ffmpeg below this process, and see it gone', async () => {
    expect(await ffmpegProcesses()).toEqual([]);
    const child = spawn(FFMPEG, ['-v', 'quiet', '-f', 's16le', '-i', 'pipe:0', '-f', 'null', '-']);
    expect(
      await settled(
        () => ffmpegProcesses(),
        (ids) => ids.length > 0,
      ),
    ).toEqual([child.pid]);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await ffmpegProcesses()).toEqual([]);
  });

  it('see files that begin with a name, and see them gone', async () => {
    await inFolder(async (folder) => {
      await writeFile(`${folder}/baton-1`, '');
      await writeFile(`${folder}/other`, '');
      expect(await tempFiles('baton', folder)).toEqual(['baton-1']);
      await rm(`${folder}/baton-1`);
      expect(await tempFiles('baton', folder)).toEqual([]);
    });
  });
});
