import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Held } from '../../src/live/live-stream.ts';
import { publicLink } from '../../src/sign/link.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { startBaton, type TestBaton } from '../support/baton.ts';
import { settled } from '../support/leaks.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio, type Radio } from '../support/radio.ts';
import { carrier, made } from './carrier.ts';

/** More than are told in one go. */
const CROWD = 150;

const link = (baton: TestBaton, radio: Radio, options: string, name: string): string =>
  baton.origin + publicLink({ kind: 'live', options, source: radio.url(), name }, baton.keys);

/** Listens to the end, whatever it is. */
const listen = (url: string, signal: AbortSignal): Promise<'over'> =>
  fetch(url, { signal })
    .then((response) => response.body?.pipeTo(new WritableStream()))
    .then(
      () => 'over',
      () => 'over',
    );

const crowd = (url: string, signal: AbortSignal): Promise<'over'>[] =>
  Array.from({ length: CROWD }, () => listen(url, signal));

test('a station that goes on in another codec ends what it cannot be passed on in, and nothing else', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using baton = await startBaton({ allowOrigins: [radio.origin] });
  const leaving = new AbortController();
  const relayed = crowd(link(baton, radio, 'codec.copy', 'a.mp3'), leaving.signal);
  await sleep(7_000);
  radio.play(await radioProgram('aac-96k', { seconds: 60 }));
  const late = sleep(15_000, 'late' as const);
  const ends = await Promise.all(relayed.map((each) => Promise.race([each, late])));
  expect(new Set(ends)).toEqual(new Set(['over']));
  const response = await fetch(link(baton, radio, 'codec.mp3~bitrate.64k', 'a.mp3'), { signal: leaving.signal });
  expect(response.status).toBe(200);
  leaving.abort();
});

test('when a station is gone its listeners know, also when somebody asks for it again at once', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  await using first = await carrier(radio.url(), memoryStore({ maxBytes: 2 ** 26 }), { silenceMs: 0 });
  const { stream } = first;
  const listener = stream.hold();
  await made(stream, 2);
  let again: Held | null = null;
  stream.watch(() => {
    if (stream.failure() !== null) again = stream.hold();
  });
  void radio.refuse(60_000);
  radio.reset();
  const failure = await settled(listener.failure, (known) => known !== null, 15_000);
  expect(failure?.code).toBe('SOURCE_GONE');
  expect(again).not.toBeNull();
  expect(stream.failure()).toBeNull();
  await (again as Held | null)?.letGo();
  await listener.letGo();
});
