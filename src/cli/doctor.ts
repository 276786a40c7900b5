import type { Command } from 'commander';
import type { DoctorOptions } from './run-doctor.ts';
import { DATA_OPTION, portNumber } from './settings.ts';

const EXAMPLES = `
Every line says ok, warn or fail, and what to do. The exit code is 1 when something fails.

Examples:
  baton doctor
  FFMPEG_PATH=/usr/bin/ffmpeg baton doctor
  baton doctor --port 9000 --json`;

/** `baton doctor`. */
export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check that Baton can work here, and say what to do if not')
    .option('--json', 'as one JSON object')
    .option('--port <number>', 'port that the server is to listen on (default: PORT, or 8080)', portNumber)
    .option('--host <address>', 'address that the server is to listen on (default: 127.0.0.1)')
    .option(...DATA_OPTION)
    .addHelpText('after', EXAMPLES)
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('./run-doctor.ts');
      await runDoctor(options);
    });
}
