import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Welcome } from '../../src/ingest/message.ts';
import { folderStore } from '../../src/store/folder.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton } from '../support/baton.ts';
import { decode } from '../support/ffmpeg.ts';
import { samplesOf } from '../support/signal.ts';
import { expectAll, publish, recordingOf } from './on-air.ts';
import { mp4Of, packetsOf, streamOf, type Sent } from './sent.ts';

const SECONDS = 8;
const kinds: readonly (readonly [string, () => Promise<Sent>])[] = [
  ['WebM', () => streamOf('webm', SECONDS)],
  ['packets of Opus', () => packetsOf('opus', SECONDS)],
  ['packets of AAC', () => packetsOf('aac', SECONDS)],
  ['MP4 of Opus', () => mp4Of('opus', SECONDS)],
  ['MP4 of AAC', () => mp4Of('aac', SECONDS)],
  ['MP3', () => streamOf('mp3', SECONDS)],
  ['ADTS', () => streamOf('adts', SECONDS)],
  ['Ogg Vorbis', () => streamOf('ogg', SECONDS)],
];

test.concurrent.each(kinds)(
  '%s through 5 cut connections and a restart of the server: nothing is lost or doubled',
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
    expect(welcomes.slice(1).every(({ resumed }) => resumed)).toBe(true);
    expect(publisher.last('error')?.code).toBe('STOPPING');
    expectAll(await recordingOf(second, channel), sent);
    const file = await fetch(second.origin + (recording?.audio ?? ''));
    expect(file.status).toBe(200);
    const bytes = Buffer.from(await file.arrayBuffer());
    expect(bytes.length).toBe(Number(file.headers.get('content-length')));
    expect(Math.abs(samplesOf(await decode(bytes)) - SECONDS * 48_000)).toBeLessThan(4_000);
  },
);

test('what was acknowledged is in a folder, for whoever comes after a server that was killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-ingest-'));
  const open = () => folderStore(folder, { maxBytes: 64 * 2 ** 20, now: Date.now });
  const sent = await packetsOf('opus', 4);
  const first = await startBaton({ allowOrigins: [], store: open() });
  try {
    await using publisher = publish(first, 'folder', sent.format);
    for (const payload of sent.payloads) publisher.send(payload);
    await publisher.until((message) => message.type === 'ack' && message.next === sent.payloads.length);
    await using second = await startBaton({ allowOrigins: [], store: open(), keys: first.keys });
    publisher.moveTo(second.origin); // the first one has not said goodbye, and knows no better
    const state = await publisher.end();
    expect(publisher.kept).toBe(0);
    expect(state.recording).not.toBeNull();
    expectAll(await recordingOf(second, 'folder'), sent);
  } finally {
    await first.stop();
    await rm(folder, { recursive: true });
  }
});
