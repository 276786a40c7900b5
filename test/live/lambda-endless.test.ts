import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { radioProgram } from '../support/radio-program.ts';
import { channelOnLambda } from './lambda-channel.ts';

const TIMEOUT_SECONDS = 14;

test('curl hears a channel through a function URL until the function has to end, which it does in order', async () => {
  const program = await radioProgram('mp3-128k', { seconds: 60 });
  await using channel = await channelOnLambda(program, {}, { timeoutSeconds: TIMEOUT_SECONDS });
  const curl = await promisify(execFile)('curl', ['-sS', '--fail', channel.link('codec.copy', 'a.mp3')], {
    ...{ encoding: 'buffer', maxBuffer: 2 ** 24 },
    timeout: (TIMEOUT_SECONDS + 15) * 1000,
  }); // throws for a body that is cut
  expect(curl.stderr.toString()).toBe('');
  expect(curl.stdout.length).toBeGreaterThan(8 * 16_000);
  expect(channel.radio.aired().includes(curl.stdout)).toBe(true);
  await channel.baton.idle();
  expect(channel.records()).toMatchObject([{ status: 200, outcome: 'whole', error: null }]);
  expect(channel.radio.listeners).toBe(0);
});
