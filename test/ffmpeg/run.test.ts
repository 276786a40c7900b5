import { setTimeout as sleep } from 'node:timers/promises';
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { encodeArgs } from '../../src/ffmpeg/args.ts';
import { INPUTS } from '../../src/ffmpeg/inputs.ts';
import { startFfmpeg } from '../../src/ffmpeg/process.ts';
import { EncoderKilled, runFfmpeg, type Input, type OutputPiece } from '../../src/ffmpeg/run.ts';
import { fakeFfmpeg } from '../support/fake-ffmpeg.ts';
import { FFMPEG } from '../support/ffmpeg.ts';
import { ffmpegProcesses, openDescriptors, settled } from '../support/leaks.ts';
import { frameFacts } from '../support/mp3-forge.ts';

const never = new AbortController().signal;
const SECOND = new Uint8Array(48_000 * 2);
const OUTPUT = { codec: 'mp3', sampleRate: 48_000, channels: 1, kbps: 64 } as const;
const cut = (encoded: number) => ({ from: 0, to: encoded, audioStart: 0, audioEnd: encoded, encoded });
const ARGS = ['-ar', '48000', '-ac', '1', ...encodeArgs(INPUTS.silence, OUTPUT, [cut(11_520)], process.arch)];

/** Endless seconds of silence, for as long as they are wanted. */
const endless: Input = async function* (signal) {
  while (!signal.aborted) {
    yield SECOND;
    await sleep(0);
  }
};
const seconds = (count: number): Input =>
  async function* () {
    for (let n = 0; n < count; n++) {
      yield SECOND;
      await sleep(0);
    }
  };

async function collect(pieces: AsyncIterable<OutputPiece>): Promise<Buffer[]> {
  const outputs: Uint8Array[][] = [];
  for await (const { output, bytes } of pieces) (outputs[output] ??= []).push(bytes);
  return outputs.map((parts) => Buffer.concat(parts));
}

async function firstPiece(pieces: AsyncGenerator<OutputPiece>): Promise<void> {
  await pieces.next();
  await pieces.return(undefined);
}

const fails = (run: AsyncIterable<OutputPiece>): Promise<unknown> =>
  collect(run).then(
    () => 'no failure',
    (error: unknown) => error,
  );

test('gives the frames of every output, and ends when ffmpeg has ended', async () => {
  const args = [
    '-ar',
    '48000',
    '-ac',
    '1',
    ...encodeArgs(INPUTS.silence, OUTPUT, [cut(11_520), cut(46_080)], process.arch),
  ];
  const [first, second] = await collect(runFfmpeg(startFfmpeg(FFMPEG, args, 2), seconds(2), never));
  expect(first?.length).toBe(192 * Math.ceil((11_520 + 1105) / 1152));
  expect(second?.length).toBe(192 * Math.ceil((46_080 + 1105) / 1152));
  expect(frameFacts(second ?? Buffer.of())).toMatchObject({ kbps: 64, sampleRate: 48_000, channels: 1 });
  expect(await ffmpegProcesses()).toEqual([]);
});

test('ffmpeg that has had enough ends the input', async () => {
  let ended = false;
  const input: Input = async function* (signal) {
    try {
      yield* endless(signal);
    } finally {
      ended = true;
    }
  };
  expect(await collect(runFfmpeg(startFfmpeg(FFMPEG, ARGS, 1), input, never))).toHaveLength(1);
  expect(ended).toBe(true);
});

test('an ffmpeg that was dead before its input came is known for dead at once', async () => {
  await using fake = await fakeFfmpeg('kill -KILL $$');
  const dead = startFfmpeg(fake.path, ARGS, 1);
  await dead.ended;
  const startedAt = performance.now();
  expect(await fails(runFfmpeg(dead, seconds(1), never))).toBeInstanceOf(EncoderKilled);
  expect(performance.now() - startedAt).toBeLessThan(2000); // the watchdog takes longer
});

test('whoever leaves early kills ffmpeg and leaves nothing behind', async () => {
  const descriptors = await openDescriptors();
  const endlessArgs = ['-f', 's16le', '-ar', '48000', '-ac', '1', '-i', 'pipe:0', '-f', 's16le', 'pipe:3'];
  const stop = new AbortController();
  await firstPiece(runFfmpeg(startFfmpeg(FFMPEG, endlessArgs, 1), endless, stop.signal));
  expect(await ffmpegProcesses()).toEqual([]);
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  expect(await settled(openDescriptors, (now) => now <= descriptors)).toBeLessThanOrEqual(descriptors);
});

test.each([0, 1, 30, 200])('an abort after %i ms kills ffmpeg and is thrown', async (ms) => {
  const reason = new Error('enough');
  const stop = AbortSignal.any([AbortSignal.timeout(ms)]);
  const abort = new AbortController();
  stop.addEventListener('abort', () => abort.abort(reason));
  const endlessArgs = ['-f', 's16le', '-ar', '48000', '-ac', '1', '-i', 'pipe:0', '-f', 's16le', 'pipe:3'];
  expect(await fails(runFfmpeg(startFfmpeg(FFMPEG, endlessArgs, 1), endless, abort.signal))).toBe(reason);
  expect(await ffmpegProcesses()).toEqual([]);
});

test('an abort before the start is thrown', async () => {
  const reason = new Error('never begun');
  expect(await fails(runFfmpeg(startFfmpeg(FFMPEG, ARGS, 1), endless, AbortSignal.abort(reason)))).toBe(reason);
  expect(await ffmpegProcesses()).toEqual([]);
});

test('what the input throws is thrown, and ffmpeg is gone', async () => {
  const broken: Input = async function* () {
    yield SECOND;
    await sleep(10);
    throw new Error('the source broke');
  };
  const long = encodeArgs(INPUTS.silence, OUTPUT, [cut(1_000_000)], process.arch);
  expect(await fails(runFfmpeg(startFfmpeg(FFMPEG, long, 1), broken, never))).toMatchObject({
    message: 'the source broke',
  });
  expect(await ffmpegProcesses()).toEqual([]);
});

test('somebody else killing ffmpeg is told apart, for the job may run again', async () => {
  const running = startFfmpeg(FFMPEG, ['-f', 's16le', '-i', 'pipe:0', '-f', 's16le', 'pipe:3'], 1);
  const failure = fails(runFfmpeg(running, endless, never));
  const [pid] = await settled(ffmpegProcesses, (pids) => pids.length > 0);
  process.kill(pid ?? 0, 'SIGKILL');
  expect(await failure).toBeInstanceOf(EncoderKilled);
});

test('what cannot be decoded is ENCODER_FAILED with the words of ffmpeg in the detail only', async () => {
  const junk: Input = async function* () {
    yield await Promise.resolve(Buffer.alloc(50_000, 'no audio at all '));
  };
  const args = encodeArgs(INPUTS.mp3, OUTPUT, [cut(11_520)], process.arch);
  const error = await fails(runFfmpeg(startFfmpeg(FFMPEG, args, 1), junk, never));
  expect(error).toMatchObject({ code: 'ENCODER_FAILED', detail: expect.stringMatching(/exit 1: .*pipe:0/s) as string });
  expect((error as Error).message).not.toMatch(/pipe/);
});

test.each(['/nowhere/ffmpeg', '/etc/passwd', '/tmp'])('%s in place of ffmpeg is ENCODER_MISSING', async (path) => {
  expect(await fails(runFfmpeg(startFfmpeg(path, [], 1), endless, never))).toMatchObject({ code: 'ENCODER_MISSING' });
});

const STALLS = {
  'takes nothing': 'exec sleep 100',
  'takes all and gives nothing': 'cat >/dev/null & exec sleep 100',
  'ignores signals that can be ignored': "trap '' TERM INT HUP; while :; do sleep 100; done",
};

test.each(Object.entries(STALLS))('an ffmpeg that %s is stopped as ENCODER_STALLED', async (_, script) => {
  await using fake = await fakeFfmpeg(script);
  const began = performance.now();
  const error = await fails(runFfmpeg(startFfmpeg(fake.path, [], 1), seconds(20), never, 300));
  expect(error).toMatchObject({ code: 'ENCODER_STALLED' });
  expect(performance.now() - began).toBeLessThan(3000);
});

test('a wrapper script dies with the ffmpeg that it started', async () => {
  await using fake = await fakeFfmpeg('"$FFMPEG" "$@"; exit');
  const endlessArgs = ['-f', 's16le', '-ar', '48000', '-ac', '1', '-i', 'pipe:0', '-f', 's16le', 'pipe:3'];
  await firstPiece(runFfmpeg(startFfmpeg(fake.path, endlessArgs, 1), endless, never));
  expect(await settled(ffmpegProcesses, (pids) => pids.length === 0)).toEqual([]);
});

test('an ffmpeg that waits for a slow source is not stalled', async () => {
  const slow: Input = async function* () {
    for (let n = 0; n < 3; n++) {
      await sleep(500);
      yield SECOND;
    }
  };
  const args = ['-ar', '48000', '-ac', '1', ...encodeArgs(INPUTS.silence, OUTPUT, [cut(100_000)], process.arch)];
  const [bytes] = await collect(runFfmpeg(startFfmpeg(FFMPEG, args, 1), slow, never, 300));
  expect(bytes?.length).toBe(192 * Math.ceil((100_000 + 1105) / 1152));
});

test('an ffmpeg that computes for ever meets its limit of processor time', async () => {
  await using fake = await fakeFfmpeg('ulimit -S -t 1; while :; do :; done');
  const error = await fails(runFfmpeg(startFfmpeg(fake.path, [], 1), endless, never));
  expect(error).toMatchObject({ code: 'ENCODER_LIMIT' });
});

test('an ffmpeg that asks for memory without end is ENCODER_LIMIT', async () => {
  const hoard = 'aresample=192000,aformat=sample_fmts=dblp:channel_layouts=7.1,areverse';
  const huge = ['-f', 's16le', '-ar', '48000', '-ac', '1', '-i', 'pipe:0', '-af', hoard, '-f', 's16le', 'pipe:3'];
  const error = await fails(runFfmpeg(startFfmpeg(FFMPEG, huge, 1), endless, never));
  expect(error).toMatchObject({ code: 'ENCODER_LIMIT' });
});

test('ffmpeg gets an empty environment, and cannot write a file', async () => {
  await using fake = await fakeFfmpeg('/usr/bin/env >&3; ulimit -f -v -n -c >&3; echo x >/tmp/baton-must-not-exist');
  process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
  try {
    const run = runFfmpeg(startFfmpeg(fake.path, [], 1), seconds(0), never);
    let said = '';
    await (async () => {
      for await (const { bytes } of run) said += Buffer.from(bytes).toString();
    })().catch(() => undefined);
    const names = [...said.matchAll(/^(\w+)=/gm)].map((match) => match[1]);
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? ''))).toEqual([]);
    expect(said).not.toContain('secret');
    expect(said).toContain('PWD=');
  } finally {
    delete process.env['AWS_SECRET_ACCESS_KEY'];
  }
});
