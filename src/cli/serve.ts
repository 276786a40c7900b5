import type { Command } from 'commander';
import { letHeapGrow } from '../local/heap-growth.ts';
import { keepYoungGenerationSmall } from '../local/young-generation.ts';
import { DATA_OPTION, portNumber } from './settings.ts';
import type { ServeOptions } from './run-server.ts';

const EXAMPLES = `
Examples:
  baton serve --demo               a page to try it out, with an episode of its own
  baton serve --port 9000
  baton serve --host 0.0.0.0 --data /var/lib/baton --quiet > usage.jsonl

One JSON line per response goes to stdout, everything else to stderr. SIGINT or SIGTERM lets responses under way end
(at most BATON_SHUTDOWN_SECONDS); a second one stops at once.`;

/** `baton serve`. */
export function addServe(program: Command): void {
  program
    .command('serve')
    .description('start the server')
    .option('--demo', 'with a demo episode, and a page that plays it and makes links (on loopback only)')
    .option('--port <number>', 'port to listen on, 0 for any (default: PORT, or 8080)', portNumber)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--quiet', 'say nothing on stderr unless something is wrong')
    .option(...DATA_OPTION)
    .addHelpText('after', EXAMPLES)
    .action(async (options: ServeOptions) => {
      keepYoungGenerationSmall(); // all of Baton would make it grow
      letHeapGrow();
      const { runServer } = await import('./run-server.ts'); // the other commands do without half of Baton
      await runServer(options);
    });
}
