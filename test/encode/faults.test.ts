import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBaton } from '../support/baton.ts';
import { get } from '../support/client.ts';
import { fakeFfmpeg, startBatonWith } from '../support/fake-ffmpeg.ts';
import { FFMPEG } from '../support/ffmpeg.ts';
import { ffmpegProcesses, settled } from '../support/leaks.ts';
import { startOrigin, type Origin } from '../support/origin.ts';
import { source } from '../support/sources.ts';

const FULL = process.env['BATON_FULL'] === '1';
const OPTIONS = 'codec.mp3~bitrate.96k~end.6000ms';

let origin: Origin;
let right: Buffer;

beforeAll(async () => {
  origin = await startOrigin((await source('vbr-xing.mp3')).bytes);
  await using baton = await startBaton({ allowOrigins: [origin.origin] });
  right = (await get(baton.file(origin.url(), OPTIONS))).bytes;
});
afterAll(() => origin.close());

/** Gives the first `bytes` of the first output, then dies as if the kernel had killed it. */
const diesAfter = (bytes: number): string => `exec 9>&3; "$FFMPEG" "$@" 3>&1 | head -c ${bytes} >&9; kill -KILL $$`;

test.each([0, 1, 2000, 10_000])('ffmpeg killed after %i bytes of a chunk is run again, unheard', async (bytes) => {
  await using fake = await fakeFfmpeg(`[ $(($n % 2)) = 1 ] && { ${diesAfter(bytes)}; }; exec "$FFMPEG" "$@"`);
  await using baton = await startBatonWith(fake.path, origin.origin, 1);
  const answer = await get(baton.file(origin.url(), OPTIONS), { range: `0-${right.length - 1}` });
  expect(answer).toMatchObject({ status: 206, complete: true });
  expect(answer.bytes.equals(right)).toBe(true);
  expect(await fake.starts()).toBeGreaterThan(2);
});

test('ffmpeg killed every time is an error before the head, and another try later works', async () => {
  await using fake = await fakeFfmpeg(`[ $n -le 9 ] && kill -KILL $$; exec "$FFMPEG" "$@"`);
  await using baton = await startBatonWith(fake.path, origin.origin);
  const url = baton.file(origin.url(), OPTIONS);
  const answers = [];
  for (let n = 0; n < 4; n++) answers.push(await get(url));
  expect(answers.map(({ status }) => status)).toEqual([500, 500, 500, 200]);
  expect(JSON.parse(answers[0]?.bytes.toString() ?? '')).toMatchObject({ code: 'ENCODER_FAILED' });
  expect(answers[3]?.bytes.equals(right)).toBe(true);
});

test('ffmpeg killed every time after the head cuts the body short, never a wrong byte', async () => {
  await using fake = await fakeFfmpeg(diesAfter(9000));
  await using baton = await startBatonWith(fake.path, origin.origin);
  const { status, complete, bytes } = await get(baton.file(origin.url(), OPTIONS));
  expect({ status, complete }).toEqual({ status: 200, complete: false });
  expect(bytes.equals(right.subarray(0, bytes.length))).toBe(true);
  expect(bytes.length).toBeGreaterThan(5000);
  expect(baton.usage.at(-1)).toMatchObject({ outcome: 'cut', error: 'ENCODER_FAILED' });
});

const FAULTS = [
  ['writes junk', 'cat >/dev/null & head -c 500000 /dev/urandom >&3', 'ENCODER_FAILED'],
  ['writes zeros for ever', 'cat >/dev/null & cat /dev/zero >&3', 'ENCODER_FAILED'],
  ['writes nothing', 'cat >/dev/null', 'ENCODER_FAILED'],
  ['writes too little', '"$FFMPEG" "$@" 3>&1 | head -c 300 >&3', 'ENCODER_FAILED'],
  ['fails at once', 'echo "secret /path" >&2; exit 1', 'ENCODER_FAILED'],
  ['fails after reading', 'cat >/dev/null; exit 69', 'ENCODER_FAILED'],
  ['crashes', 'kill -SEGV $$', 'ENCODER_FAILED'],
  ['is a missing library', 'echo "error while loading shared libraries" >&2; exit 127', 'ENCODER_MISSING'],
  ['uses up its processor time', 'ulimit -S -t 1; while :; do :; done', 'ENCODER_LIMIT'],
] as const;

test.each(FAULTS)('an ffmpeg that %s gives a status and a reason', async (_, script, code) => {
  await using fake = await fakeFfmpeg(script);
  await using baton = await startBatonWith(fake.path, origin.origin);
  const url = baton.file(origin.url(), OPTIONS);
  const answer = await get(url, { range: '40000-' });
  expect(JSON.parse(answer.bytes.toString('latin1'))).toMatchObject({ code });
  expect(answer.status).toBe(code === 'ENCODER_LIMIT' ? 422 : 500);
  expect(answer.bytes.toString()).not.toMatch(/secret|fake-ffmpeg/);
  expect((await get(url, { method: 'HEAD' })).status).toBe(200);
  expect(await settled(ffmpegProcesses, (pids) => pids.length === 0)).toEqual([]);
});

test.each(['/nowhere/ffmpeg', '/etc/passwd'])('%s in place of ffmpeg is ENCODER_MISSING', async (path) => {
  await using baton = await startBatonWith(path, origin.origin);
  const answer = await get(baton.file(origin.url(), OPTIONS));
  expect(answer.status).toBe(500);
  expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'ENCODER_MISSING' });
  expect(baton.usage.at(-1)).toMatchObject({ error: 'ENCODER_MISSING', outcome: 'refused' });
});

test('faults use up no encoder: as many later listeners are served as before', async () => {
  await using fake = await fakeFfmpeg(`[ $n -le 20 ] && exit 1; exec "$FFMPEG" "$@"`);
  await using baton = await startBatonWith(fake.path, origin.origin, 1);
  const url = baton.file(origin.url(), OPTIONS);
  await Promise.all(Array.from({ length: 6 }, () => get(url, { range: '5000-' })));
  while ((await fake.starts()) < 20) await get(url);
  const answers = await Promise.all([0, 1, 2].map((n) => get(url, { range: `${n * 5000}-` })));
  for (const [n, { bytes }] of answers.entries()) expect(bytes.equals(right.subarray(n * 5000))).toBe(true);
});

test.runIf(FULL)('an ffmpeg that hangs is stopped, and the listener told', { timeout: 40_000 }, async () => {
  await using fake = await fakeFfmpeg('exec sleep 1000');
  await using baton = await startBatonWith(fake.path, origin.origin);
  const answer = await get(baton.file(origin.url(), OPTIONS));
  expect(JSON.parse(answer.bytes.toString())).toMatchObject({ code: 'ENCODER_STALLED' });
});

test('a listener who leaves an ffmpeg that hangs leaves nothing behind', async () => {
  await using fake = await fakeFfmpeg(`exec ${FFMPEG} -f s16le -i /dev/zero -f null -`);
  await using baton = await startBatonWith(fake.path, origin.origin);
  const left = get(baton.file(origin.url(), OPTIONS), { signal: AbortSignal.timeout(400) });
  await expect(left).rejects.toThrow();
  expect(await settled(ffmpegProcesses, (pids) => pids.length === 0)).toEqual([]);
});

test('ffmpeg is started with an empty environment and reads nothing but its stdin', async () => {
  process.env['AWS_SECRET_ACCESS_KEY'] = 'kept from ffmpeg';
  // What the fake says on stderr is the detail of the error.
  await using fake = await fakeFfmpeg('/usr/bin/env >&2; echo "ARGS $*" >&2; ls -l /proc/self/fd/0 >&2; exit 1');
  await using baton = await startBatonWith(fake.path, origin.origin);
  try {
    await get(baton.file(origin.url(), OPTIONS));
  } finally {
    delete process.env['AWS_SECRET_ACCESS_KEY'];
  }
  const detail = baton.usage.at(-1)?.detail ?? '';
  const names = [...detail.matchAll(/(?:^|\n|: )(\w+)=/g)].map(([, name]) => name);
  expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? ''))).toEqual([]);
  expect(detail).toContain('PWD=');
  expect(detail).not.toContain('kept from ffmpeg');
  expect(detail).toMatch(/ARGS .*-protocol_whitelist pipe .*-i pipe:0/);
  expect(detail.match(/-i \S+/g)).toEqual(['-i pipe:0']);
});
