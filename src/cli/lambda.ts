import { InvalidArgumentError, type Command } from 'commander';
import type { LambdaOptions } from './run-lambda.ts';
import { DATA_OPTION, portNumber } from './settings.ts';

const EXAMPLES = `
Examples:
  baton lambda                               the functions of serverless.yml, and CloudFront in front of them
  baton lambda --source https://example.com/episode.mp3
  baton lambda --watch                       take up every new \`npm run build\`
  baton lambda --no-cloudfront               open function URLs
  baton lambda --yml ../other/serverless.yml --param stage=dev

The functions run in AWS's own runtime client with the limits of AWS Lambda. Their log goes to stdout, everything else
to stderr. Ctrl-C ends it all. In code, and for functions of your own: src/local-lambda/README.md.`;

/** `baton lambda`. */
export function addLambda(program: Command): void {
  program
    .command('lambda')
    .description('run the functions as on AWS Lambda, on this machine')
    .option('--source <url>', 'what the link that it prints plays (default: a demo episode)')
    .option('--port <number>', 'first of the ports, 0 for any (default: 8090)', portNumber)
    .option('--max-environments <number>', 'environments a function may have, then 429 (default: 10)', whole)
    .option(
      '--throttle <MB/s>',
      'pace of streamed bytes after the first 6 MB, 0 for none (default: 2, as on AWS)',
      whole,
    )
    .option('--watch', 'take up rebuilt functions')
    .option('--yml <file>', "another serverless.yml than Baton's")
    .option('--param <key=value...>', 'parameters for serverless.yml', pair)
    .option('--no-cloudfront', 'without CloudFront; function URLs then let everybody in')
    .option(...DATA_OPTION)
    .addHelpText('after', EXAMPLES)
    .action(async (options: LambdaOptions) => {
      const { runLambda } = await import('./run-lambda.ts'); // the other commands do without it
      await runLambda(options);
    });
}

function whole(text: string): number {
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

function pair(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, key, value] = /^([\w-]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('It must be key=value.');
  return { ...before, [key]: value };
}
