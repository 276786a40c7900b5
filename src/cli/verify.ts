import { InvalidArgumentError, type Command } from 'commander';
import type { VerifyCommandOptions } from './run-verify.ts';
import { DATA_OPTION, KEYS_SECRET_OPTION } from './settings.ts';

const EXAMPLES = `
Give a whole link, and that file is checked; or the address of the deployment and a source it can read, and a rendition that
nobody has asked for yet is made for the test. With the signing keys (--data or --keys-secret) expired links, bad options and forbidden
sources are tried, too; without them these lines say n.a.

Every line says ok, note, n.a. or FAIL; a failure says what it means and what to do. The exit code is 1 when something
fails. Reading takes about four times the file, at most four times --max-mb, and is billed like any listener.

Examples:
  baton verify https://d111.cloudfront.net --source https://example.com/episode.mp3
  baton verify "$(baton link https://example.com/episode.mp3 --origin https://d111.cloudfront.net)"
  baton verify http://127.0.0.1:8080 --source https://example.com/episode.mp3 --json`;

/** `baton verify`. */
export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('check a deployment: lengths, ranges, ETags, resuming, times, errors, caching')
    .argument('<address>', 'a link, or the address of the deployment')
    .option('--source <url>', 'audio that the deployment can read; about a minute is enough')
    .option('--options <options>', 'rendition to ask for (default: MP3 of 128 kbit/s, with a start of its own)')
    .option('--max-mb <number>', 'read at most so much of the file at a time (64)', positive)
    .option('--timeout <seconds>', 'longest wait for an answer (30)', positive)
    .option('--json', 'as one JSON object')
    .option(...DATA_OPTION)
    .option(...KEYS_SECRET_OPTION)
    .addHelpText('after', EXAMPLES)
    .action(async (address: string, options: VerifyCommandOptions) => {
      const { runVerify } = await import('./run-verify.ts');
      await runVerify(address, options);
    });
}

function positive(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= 1e6) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}
