import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { publicLink } from '../../src/sign/link.ts';
import { startBaton } from '../support/baton.ts';
import { radioProgram } from '../support/radio-program.ts';
import { startRadio } from '../support/radio.ts';

/** Programs that we did not write: each listens for some seconds and leaves. */
const PLAYERS: readonly (readonly [string, (url: string) => readonly string[], RegExp, number])[] = [
  [
    '/usr/bin/mpv',
    (url) => ['--no-config', '--no-video', '--ao=null', '--length=12', '--msg-level=all=info', url],
    /icy-title: (.*)/g,
    0,
  ],
  [
    '/usr/bin/ffmpeg',
    (url) => ['-nostdin', '-loglevel', 'verbose', '-xerror', '-re', '-t', '12', '-i', url, '-f', 'null', '-'],
    /update for StreamTitle: (.*)|^ {4}StreamTitle +: (.*)/gm,
    0,
  ],
  [
    '/usr/bin/curl',
    (url) => ['--silent', '--header', 'Icy-MetaData: 1', '--max-time', '10', '--output', '-', url],
    /StreamTitle='(.*?)';/g,
    28, // it is told to leave, since the stream has no end
  ],
];

test('mpv, ffmpeg and curl play the endless forms and show the titles as they change', async () => {
  await using radio = await startRadio(await radioProgram('mp3-128k', { seconds: 60 }));
  radio.title('Ensemble - Erster Satz');
  await using baton = await startBaton({ allowOrigins: [radio.origin], config: { behindMs: 3_000 } });
  const url = (options: string, name: string): string =>
    baton.origin + publicLink({ kind: 'live', options, source: radio.url(), name }, baton.keys);
  const forms = [
    url('codec.mp3~bitrate.128k', 'a.mp3'),
    url('codec.aac~bitrate.128k', 'a.aac'),
    url('codec.copy', 'a.mp3'),
  ];
  const playing = forms.flatMap((form) => PLAYERS.map((player) => played(form, player)));
  setTimeout(() => radio.title('Ensemble - Zweiter Satz'), 3_000);
  for (const { file, code, expected, titles } of await Promise.all(playing)) {
    expect.soft({ file, code }).toEqual({ file, code: expected });
    expect.soft([...new Set(titles)]).toEqual(['Ensemble - Erster Satz', 'Ensemble - Zweiter Satz']);
  }
});

async function played(url: string, [file, args, titles, expected]: (typeof PLAYERS)[number]) {
  const player = spawn(file, args(url), { stdio: ['ignore', 'pipe', 'pipe'], timeout: 40_000 });
  let said = '';
  for (const stream of [player.stdout, player.stderr])
    stream.on('data', (bytes: Buffer) => (said += bytes.toString('latin1')));
  const [code] = (await once(player, 'close')) as [number | null];
  return { file, code, expected, titles: [...said.matchAll(titles)].map((match) => match[1] ?? match[2]) };
}
