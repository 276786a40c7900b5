import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { decode } from '../support/ffmpeg.ts';
import { startOrigin } from '../support/origin.ts';
import { promisedFile } from '../support/promised-file.ts';
import { randomNumbers, samplesOf } from '../support/signal.ts';
import { source } from '../support/sources.ts';

const OPTIONS = 'codec.mp3~bitrate.96k';
const UNPROMISED = ['content-length', 'etag', 'content-range'];

const SOURCES: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  'AAC-LC': async () => (await source('bare.aac', { seconds: 12 })).bytes,
  'HE-AAC': async () => repeated(await readFile(`${import.meta.dirname}/../fixtures/he-aac-v1.aac`)),
  'HE-AAC v2': async () => repeated(await readFile(`${import.meta.dirname}/../fixtures/he-aac-v2.aac`)),
};

const repeated = (bytes: Uint8Array): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(70_000 / bytes.length) }, () => bytes));

describe.each(Object.keys(SOURCES))('bare %s', (name) => {
  test('plays at once without a length, and is exact in every part once it is counted', async () => {
    const bytes = (await SOURCES[name]?.()) ?? new Uint8Array();
    await using origin = await startOrigin(bytes, { latencyMs: 30, contentType: 'audio/aac' });
    await using baton = await startBaton({ allowOrigins: [origin.origin] });
    const url = baton.file(origin.url('/bare.aac'), OPTIONS);
    const head = await get(url, { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200 });
    for (const header of UNPROMISED) expect(head.headers[header]).toBeUndefined();
    const early = await get(url, { range: '100-199' });
    expect(early).toMatchObject({ status: 200, complete: true });
    for (const header of UNPROMISED) expect(early.headers[header]).toBeUndefined();

    const whole = await promisedFile(url);
    expect(whole.bytes).toHaveLength(whole.promisedBytes);
    expect(whole.bytes.subarray(-early.bytes.length + 500).equals(early.bytes.subarray(500))).toBe(true);
    const played = await decode(bytes);
    const seconds = samplesOf(played) / played.sampleRate;
    expect(samplesOf(await decode(whole.bytes))).toBe(Math.ceil(seconds * 48_000));

    await using other = await startBaton({ allowOrigins: [origin.origin], keys: baton.keys });
    const same = other.file(origin.url('/bare.aac'), OPTIONS);
    await promisedHead(same);
    const random = randomNumbers(7);
    for (let count = 0; count < 6; count++) {
      const start = Math.floor(random() * (whole.bytes.length - 9_000));
      const part = await get(same, { range: `${start}-${start + 8_999}` });
      expect(part.status).toBe(206);
      expect(part.bytes.equals(whole.bytes.subarray(start, start + 9_000)), `from ${start}`).toBe(true);
    }
  });
});

/** A play from the start has the frames counted behind it. */
async function promisedHead(url: string): Promise<void> {
  await get(url, { leaveAfter: 1 });
  await expect
    .poll(async () => (await get(url, { method: 'HEAD' })).headers['content-length'], { timeout: 10_000 })
    .toBeDefined();
}
