import { expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { launchBrowser, openPage } from '../support/browser.ts';
import { decode } from '../support/ffmpeg.ts';
import { publish, recordingOf } from './on-air.ts';

const SECONDS = 2;

test('what Chromium records as MP4 is heard in the recording of the show', async () => {
  const baton = await startBaton({ allowOrigins: [] });
  const browser = await launchBrowser();
  try {
    await using tab = await openPage(browser, `${baton.origin}/healthz`);
    const recorded = await tab.page.evaluate(recordTone, SECONDS);
    expect(recorded.mimeType).toBe('audio/mp4;codecs=opus');
    expect(recorded.pieces.length).toBeGreaterThan(2);
    await using publisher = publish(baton, 'recorder', { container: 'mp4', codec: 'opus' });
    for (const piece of recorded.pieces) publisher.send(Buffer.from(piece, 'base64'));
    await publisher.end();
    const { data, channels, sampleRate } = await decode(await recordingOf(baton, 'recorder'));
    const seconds = data.length / channels / sampleRate;
    expect(Math.abs(seconds - SECONDS)).toBeLessThan(0.5);
    const middle = data.filter((_, at) => at % channels === 0).subarray(sampleRate / 2, sampleRate);
    const rises = middle.filter((sample, at) => at > 0 && sample >= 0 && (middle[at - 1] ?? 0) < 0).length;
    expect(Math.abs(rises - TONE / 2)).toBeLessThanOrEqual(1);
  } finally {
    await browser.close();
    await baton.stop();
  }
});

const TONE = 440;

/** In the page: pieces of the recording of a tone, in base64. */
async function recordTone(seconds: number): Promise<{ mimeType: string; pieces: string[] }> {
  const context = new AudioContext();
  const destination = new MediaStreamAudioDestinationNode(context);
  const tone = new OscillatorNode(context, { frequency: 440 });
  tone.connect(destination);
  tone.start();
  const recorder = new MediaRecorder(destination.stream, { mimeType: 'audio/mp4;codecs=opus' });
  const blobs: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => blobs.push(data));
  recorder.start(200);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve, { once: true }));
  recorder.stop();
  await stopped;
  const pieces: string[] = [];
  for (const blob of blobs) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if (bytes.length > 0) pieces.push(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')));
  }
  return { mimeType: recorder.mimeType, pieces };
}
