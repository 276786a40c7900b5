import { InvalidArgumentError, Option, type Command } from 'commander';
import { MODES } from '../meter/price-scenario.ts';
import type { CostOptions } from './run-cost.ts';

const EXAMPLES = `
Modes:
  file        virtual files, as they are deployed: ranges of a player, or --download
  live-legs   a live channel carried by its listeners' own functions
  hls         a live channel in HLS segments, stored and handed out by CloudFront
  private     one ffmpeg for each listener, held open: for comparison
  ingest      a show on its way in, through API Gateway, without those who hear it

Examples:
  baton cost                                          one listener of a file for an hour
  baton cost --listeners 500 --cached-share 0.9       the same episode for 500, mostly from CloudFront's cache
  baton cost --download --function-url                a podcast app, without CloudFront
  baton cost --mode private --memory 1024 --arch x64
  baton cost --mode hls --listeners 100 --segment 60
  baton cost --mode ingest --segment 1 --hours 2      a show of two hours, in a message a second
  baton cost usage.jsonl                              what a log of usage records comes to
  for f in file ranges embed; do aws logs tail /aws/lambda/baton-prod-$f --since 1d --format short; done | baton cost -

A log may hold other lines, too; they are counted and skipped. Records know neither the start of a cold environment, which
is billed as well, nor what CloudFront answered out of its cache: the REPORT lines have the billed time. A response is billed to its end although its listener left,
so its whole duration counts. Records of the Node server are priced as if functions of --memory had written them. CloudFront
answers some requests from its cache, which are in no record: say how many with --cached-share.

Not in the price: storage, logs and metrics, secrets, taxes, the start of a new environment. Prices change: the date is
printed, and so is every formula.`;

/** `baton cost`. */
export function addCost(program: Command): void {
  program
    .command('cost')
    .description('price an audience, or a log of usage records, on AWS')
    .argument('[records]', 'file of usage records, one JSON object a line, or - for stdin')
    .addOption(new Option('--mode <mode>', 'how audio gets to listeners, or in').choices(MODES).default('file'))
    .option('--listeners <number>', 'how many listen (1)', amount)
    .option('--hours <number>', 'how long each of them listens (1)', amount)
    .option('--bitrate <kbit/s>', 'of what they hear (128)', amount)
    .option('--memory <MB>', 'of the function (file: 3538, others: 512)', amount)
    .addOption(new Option('--arch <arch>', 'processor of the function').choices(['arm64', 'x64']).default('arm64'))
    .option(
      '--segment <seconds>',
      'length of an HLS segment (4.8), of a leg (840; live-legs: 90) or of what a message holds (ingest: 0.16)',
      amount,
    )
    .option('--burst <seconds>', 'live-legs: what a player takes each time its buffer runs low (22)', amount)
    .option('--cached-share <share>', 'what comes from a cache, 0 to 1 (file: 0; live-legs: from the audience)', share)
    .option(
      '--encoded-share <share>',
      'file: what of the rest is encoded anew (by default each hour once for all listeners)',
      share,
    )
    .option('--download', 'file: by one streamed GET, as podcast apps do, not by ranges')
    .addOption(new Option('--cloudfront', 'listeners talk to CloudFront (default)').conflicts('functionUrl'))
    .option('--function-url', 'listeners talk to the function URL')
    .option('--free-tier', "take off a month's free amounts, as if there were no other use")
    .option('--region <region>', 'whose prices', 'us-east-1')
    .option('--json', 'as one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (records: string | undefined, options: CostOptions) => {
      const { runCost } = await import('./run-cost.ts');
      await runCost(records, options);
    });
}

function amount(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= 1e12) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

function share(text: string): number {
  if (/^(0|1|0?\.\d+)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}
