import { Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { variables } from './config.ts';
import { addCost } from './cli/cost.ts';
import { addDoctor } from './cli/doctor.ts';
import { exitCodeOf, explain } from './cli/failure.ts';
import { addIngest } from './cli/ingest.ts';
import { addKeys } from './cli/keys.ts';
import { addLink } from './cli/link.ts';
import { addProbe } from './cli/probe.ts';
import { addLambda } from './cli/lambda.ts';
import { addServe } from './cli/serve.ts';
import { addVerify } from './cli/verify.ts';
import { say } from './cli/terminal.ts';

const ENVIRONMENT = Object.entries(variables).map(([name, meaning]) => `  ${name.padEnd(25)} ${meaning}`);

const program = new Command('baton')
  .description('Plays any podcast episode in another format at once: transcoded on the fly, exact to the byte.')
  .version(manifest.version)
  .helpCommand(false)
  .exitOverride()
  .configureOutput({ outputError: () => undefined }) // said below, once and in our words
  .addHelpText('after', `\nEnvironment:\n${ENVIRONMENT.join('\n')}`);

for (const add of [addServe, addLambda, addLink, addIngest, addProbe, addVerify, addCost, addDoctor, addKeys])
  add(program);

// A reader who has seen enough (`baton link … | head -c 10`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = exitCodeOf(thrown);
  const text = explain(thrown);
  if (text !== null) say(text);
}
