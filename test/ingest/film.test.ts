import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Welcome } from '../../src/ingest/message.ts';
import { publicLink } from '../../src/sign/link.ts';
import { createWriter } from '../../src/ingest/writer.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton } from '../support/baton.ts';
import { demuxed } from '../support/demuxed.ts';
import { decode, ffmpeg, FFPROBE, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { samplesOf } from '../support/signal.ts';
import { publish, recordingOf } from './on-air.ts';
import { expectFilm, filmPackets, filmWebm, HEIGHT, RATE, WIDTH, type SentFilm } from './sent-film.ts';

const SECONDS = 6;
const kinds: readonly (readonly [string, () => Promise<SentFilm>])[] = [
  ['packets with Opus', () => filmPackets('opus', SECONDS)],
  ['packets with AAC', () => filmPackets('aac', SECONDS)],
  ['WebM', () => filmWebm(SECONDS)],
];

test.concurrent.each(FFPROBE === null ? [] : kinds)(
  'H.264 and sound in %s through cut connections and a restart: nothing is lost, doubled or moved',
  async (name, make) => {
    const sent = await make();
    const channel = name.toLowerCase().replaceAll(' ', '-');
    const store = memoryStore({ maxBytes: 64 * 2 ** 20 });
    const first = await startBaton({ allowOrigins: [], store });
    await using second = await startBaton({ allowOrigins: [], store, keys: first.keys });
    await using publisher = publish(first, channel, sent.format);
    const count = sent.payloads.length;
    const cuts = [0.1, 0.25, 0.4, 0.7, 0.9].map((part) => Math.floor(part * count));
    const restart = Math.floor(0.55 * count);
    for (const [at, payload] of sent.payloads.entries()) {
      publisher.send(payload);
      if (cuts.includes(at)) publisher.cut();
      if (at === restart) {
        await first.stop();
        publisher.moveTo(second.origin);
      }
      await sleep((SECONDS * 400) / count); // two and a half times as fast as it is heard
    }
    const { recording } = await publisher.end();
    expect(publisher.connections).toBeGreaterThanOrEqual(7);
    const welcomes = publisher.said.filter((message): message is Welcome => message.type === 'welcome');
    expect(welcomes.map(({ lost }) => lost).every((lost) => lost === 0)).toBe(true);
    await expectFilm(await recordingOf(second, channel), sent);

    const file = await fetch(second.origin + (recording?.audio ?? ''));
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(bytes.length).toBe(Number(file.headers.get('content-length')));
    expect(Math.abs(samplesOf(await decode(bytes)) - SECONDS * 48_000)).toBeLessThan(4_000);
  },
);

test.skipIf(SYSTEM_FFMPEG === null)(
  'a show with pictures is a film the second it ends: HLS and the framed stream have them',
  async () => {
    const sent = await filmPackets('opus', 5);
    await using baton = await startBaton({ allowOrigins: [] });
    await using publisher = publish(baton, 'film', sent.format);
    for (const payload of sent.payloads) publisher.send(payload);
    const { recording } = await publisher.end();
    const links = publisher.last('welcome')?.links;
    for (const page of [links?.embed, recording?.embed]) {
      const shown = await fetch(baton.origin + (page ?? ''));
      expect([shown.status, (await shown.text()).includes('~video.720p')]).toEqual([200, true]);
    }
    const source = 'ingest://film/show';

    const hls = publicLink({ kind: 'hls', options: '', source, name: 'index.m3u8' }, baton.keys);
    const seen = await pictures(['-i', baton.origin + hls]);
    expect(seen).toBe(5 * RATE * WIDTH * HEIGHT);
    const response = await fetch(baton.origin + (recording?.stream ?? ''));
    expect(response.status).toBe(200);
    expect(await pictures(['-i', 'pipe:0'], new Uint8Array(await response.arrayBuffer()))).toBe(
      5 * RATE * WIDTH * HEIGHT,
    );
  },
);

test('a picture whose message is lost is left out, and all up to the next key picture; sound is not', async () => {
  const sent = await filmPackets('opus', 5);
  const writer = createWriter(sent.format, 1, null);
  const lost = Math.floor(sent.payloads.length / 4);
  const stream = sent.payloads.flatMap((payload, at) => {
    if (at === lost) return [];
    if (at === lost + 1) writer.lose();
    return [writer.push(payload)];
  });
  const found = await demuxed(Buffer.concat(stream));
  const all = sent.pictures.map(({ md5 }) => md5);
  const seen = found.filter(({ kind }) => kind === 'video').map(({ md5 }) => md5);
  const from = seen.findIndex((md5, at) => md5 !== all[at]);
  const kept = seen.length - from;
  expect(from).toBeGreaterThan(20);
  expect(seen.slice(from)).toEqual(all.slice(-kept)); // whole again to the end...
  expect(sent.pictures.at(-kept)?.isKey).toBe(true); // ...from a key picture on
  expect(all.length - seen.length).toBeLessThan(2 * RATE);
  const heard = found.filter(({ kind }) => kind === 'audio').length;
  expect(sent.sound.length - heard).toBeLessThanOrEqual(5);
});

/** How many bytes the brightness of all decoded pictures has. */
const pictures = async (input: readonly string[], bytes?: Uint8Array): Promise<number> => {
  const shown = ['-map', '0:v:0', '-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-f', 'rawvideo', 'pipe:1'];
  return (await ffmpeg([...input, ...shown], bytes, SYSTEM_FFMPEG ?? '')).length;
};
