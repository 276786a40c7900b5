import type { Command } from 'commander';
import type { ProbeOptions } from './run-probe.ts';
import { DATA_OPTION } from './settings.ts';

const EXAMPLES = `
Examples:
  baton probe https://example.com/episode.mp3
  baton probe https://example.com/video.mp4 --json
  BATON_ALLOW_ORIGINS=http://localhost:9000 baton probe http://localhost:9000/a.mp3`;

/** `baton probe`. */
export function addProbe(program: Command): void {
  program
    .command('probe')
    .description('tell what Baton knows of a source')
    .argument('<url>', 'http or https address of the audio or video file')
    .option('--json', 'as one JSON object')
    .option(...DATA_OPTION)
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, options: ProbeOptions) => {
      const { runProbe } = await import('./run-probe.ts'); // with all the demuxers
      await runProbe(url, options);
    });
}
