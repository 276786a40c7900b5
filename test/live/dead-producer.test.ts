import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDataFolder } from '../../src/local/data-folder.ts';
import { publicLink } from '../../src/sign/link.ts';
import { encodeChirp } from '../player/chirp.ts';
import { programOf } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';
import { hearAnywhere } from './chirp-ear.ts';
import { listenTo } from './listener.ts';
import { serverProcess } from './process.ts';

const CHIRP = { seconds: 90 };
const MP3 = ['-c:a', 'libmp3lame', '-b:a', '128k', '-write_xing', '0', '-id3v2_version', '0', '-f', 'mp3'];

test('a producer that is killed is not missed, by its own listeners nor by others', async () => {
  await using stack = new AsyncDisposableStack();
  const radio = stack.use(await startRadio(programOf(await encodeChirp(CHIRP, MP3), 'audio/mpeg')));
  const data = await mkdtemp(join(tmpdir(), 'baton-live-'));
  stack.defer(() => rm(data, { recursive: true, force: true }));
  const [first, second] = [await serverProcess(data, [radio.origin]), await serverProcess(data, [radio.origin])];
  stack.use(first);
  stack.use(second);
  const keys = await (await openDataFolder(data)).readKeys();
  const link = publicLink({ kind: 'live', options: 'codec.aac~bitrate.96k', source: radio.url(), name: 'a.mp4' }, keys);
  await sleep(3_000);
  let home = first.origin;
  const own = listenTo(() => home + link);
  await sleep(5_000);
  const other = listenTo(second.origin + link);
  await sleep(4_000);
  expect(radio.listeners).toBe(1);
  await first.kill();
  home = second.origin;
  await sleep(10_000);
  for (const listener of [own, other]) {
    listener.stop();
    expect(listener.events.filter(({ type }) => type === 'discontinuity' || type === 'error')).toEqual([]);
    expect(hearAnywhere(await listener.heard(), CHIRP)).toMatchObject({ damagedMs: 0, silentMs: 0 });
  }
  expect(radio.listeners).toBe(1);
  expect(radio.connected).toBe(2);
});
