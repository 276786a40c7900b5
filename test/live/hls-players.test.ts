import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeChirp } from '../player/chirp.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { inFolder, SYSTEM_FFMPEG } from '../support/ffmpeg.ts';
import { hlsLink } from '../support/hls.ts';
import { MPV } from '../support/mpv.ts';
import { programOf } from '../support/radio-program.ts';
import { startRadio, type Radio } from '../support/radio.ts';
import { hearAnywhere } from './chirp-ear.ts';

const CHIRP = { seconds: 90 };
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];
/** Longer than what is listed when it begins. */
const SECONDS = 26;

let radio: Radio;
let baton: TestBaton;
beforeAll(async () => {
  const program = programOf(await encodeChirp(CHIRP, MP3), 'audio/mpeg');
  radio = await startRadio(program, { behaviour: { burstBytes: 240_000 } });
  baton = await startBaton({ allowOrigins: [radio.origin] });
});
afterAll(async () => {
  await baton.stop();
  await radio[Symbol.asyncDispose]();
});

const link = (): string => hlsLink(baton, radio.url(), 'mode.live~bitrate.96k');

test.runIf(SYSTEM_FFMPEG !== null)('ffmpeg plays a channel and hears no gap', { concurrent: true }, async () => {
  const args = ['-v', 'error', '-i', link(), '-t', String(SECONDS), ...RAW, '-f', 'f32le', '-'];
  const { stdout, stderr } = await run(SYSTEM_FFMPEG ?? '', args);
  expect(stderr.toString()).toBe('');
  expectWhole(stdout);
});

test.runIf(MPV !== null)('mpv plays a channel and hears no gap', { concurrent: true }, async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'heard');
    const output = ['--ao=pcm', `--ao-pcm-file=${file}`, '--ao-pcm-waveheader=no', '--audio-format=float'];
    const sound = ['--audio-samplerate=48000', '--audio-channels=mono', `--length=${SECONDS}`];
    const words = ['--msg-level=all=error', '--term-status-msg='];
    const { stdout, stderr } = await run(MPV ?? '', [
      '--no-config',
      '--no-video',
      ...output,
      ...sound,
      ...words,
      link(),
    ]);
    expect(stdout.toString().trim() + stderr.toString().trim()).toBe('');
    expectWhole(await readFile(file));
  });
});

const RAW = ['-ac', '1', '-ar', '48000'];

const run = (binary: string, args: readonly string[]) =>
  promisify(execFile)(binary, args, { encoding: 'buffer', maxBuffer: 2 ** 26, timeout: 55_000 });

function expectWhole(pcm: Buffer): void {
  const heard = new Float32Array(Uint8Array.from(pcm).buffer, 0, Math.floor(pcm.length / 4));
  expect(heard.length / 48_000).toBeGreaterThan(SECONDS - 0.1);
  expect(hearAnywhere(heard, CHIRP)).toMatchObject({ damagedMs: 0, silentMs: 0 });
}
