import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { encodeChirp } from '../player/chirp.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { programOf, radioProgram, type ProgramKind } from '../support/radio-program.ts';
import { startRadio, type Radio } from '../support/radio.ts';
import { hearAnywhere } from './chirp-ear.ts';
import { listenTo } from './listener.ts';

const link = (baton: TestBaton, radio: Radio, options: string, name: string): string =>
  baton.origin + publicLink({ kind: 'live', options, source: radio.url(), name }, baton.keys);

/** What a listener without end gets in `ms`. */
async function listen(
  url: string,
  ms: number,
  headers: Record<string, string> = {},
): Promise<{ response: Response; body: Buffer }> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ms + 10_000) });
  const pieces: Uint8Array[] = [];
  const until = performance.now() + ms;
  for await (const piece of response.body ?? []) {
    pieces.push(piece);
    if (performance.now() > until) break;
  }
  return { response, body: Buffer.concat(pieces) };
}

test.concurrent.each<[ProgramKind, string, string]>([
  ['mp3-vbr', 'a.mp3', 'audio/mpeg'],
  ['aac-96k', 'a.aac', 'audio/aac'],
])('%s is passed on to the byte', async (kind, name, type) => {
  await using radio = await startRadio(await radioProgram(kind, { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin] });
  await sleep(3_000);
  const { response, body } = await listen(link(baton, radio, 'codec.copy', name), 5_000);
  expect(response.headers.get('content-type')).toBe(type);
  expect(response.headers.get('icy-name')).toBe('Test station');
  expect(body.length).toBeGreaterThan(30_000);
  expect(radio.aired().includes(body)).toBe(true);
});

test.concurrent.each(['opus', 'aac'] as const)('%s is passed on in fragments', async (codec) => {
  const chirp = { seconds: 60 };
  const args = {
    opus: ['-c:a', 'libopus', '-b:a', '96k', '-page_duration', '100000', '-f', 'ogg'],
    aac: ['-ar', '44100', '-c:a', 'aac', '-b:a', '128k', '-f', 'adts'],
  }[codec];
  const type = { opus: 'application/ogg', aac: 'audio/aac' }[codec];
  await using radio = await startRadio(programOf(await encodeChirp(chirp, args), type));
  await using baton = await startBaton({ allowOrigins: [radio.origin], config: { liveLegMs: 7_000 } });
  const listener = listenTo(link(baton, radio, 'codec.copy', 'a.mp4'));
  await sleep(14_000);
  listener.stop();
  expect(hearAnywhere(await listener.heard(), chirp)).toMatchObject({ damagedMs: 0, silentMs: 0 });
  expect(listener.handovers).toBeGreaterThan(0);
});

test.concurrent('titles come in blocks of metadata to those who ask for them', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  radio.title('Ensemble - Erster Satz');
  await using baton = await startBaton({ allowOrigins: [radio.origin] });
  const { response, body } = await listen(link(baton, radio, 'codec.mp3~bitrate.64k', 'a.mp3'), 6_000, {
    'icy-metadata': '1',
  });
  expect(response.headers.get('icy-metaint')).toBe('16000');
  expect(body.includes("StreamTitle='Ensemble - Erster Satz';")).toBe(true);
  const plain = await listen(link(baton, radio, 'codec.mp3~bitrate.64k', 'a.mp3'), 1_000);
  expect(plain.response.headers.has('icy-metaint')).toBe(false);
  expect(plain.body.includes('StreamTitle')).toBe(false);
});

test.concurrent('what a source cannot be passed on as is refused, and so is one that is not there', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin] });
  const code = async (options: string, name: string): Promise<unknown> => {
    const { status, bytes } = await get(link(baton, radio, options, name));
    return [status, (JSON.parse(bytes.toString()) as { code: string }).code];
  };
  expect(await code('codec.copy', 'a.mp4')).toEqual([415, 'CODEC_UNSUPPORTED']);
  await listen(link(baton, radio, 'codec.copy', 'a.mp3'), 1_000);
  expect(await code('codec.copy', 'a.aac')).toEqual([415, 'CODEC_UNSUPPORTED']);
  expect(await code('codec.mp3~bitrate.64k', 'a.mp4')).toEqual([400, 'OPTIONS_INVALID']);
  expect(await code('codec.aac~bitrate.64k~start.1000ms', 'a.mp4')).toEqual([400, 'OPTIONS_INVALID']);
  radio.behaviour.status = 404;
  radio.reset();
  await sleep(8_000);
  expect(await code('codec.aac~bitrate.96k', 'a.mp4')).toEqual([404, 'SOURCE_MISSING']);
});
