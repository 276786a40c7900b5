import { parseArgs } from 'node:util';
import { BatonError, toBatonError } from '../errors.ts';

/** Values of the flags that were given. */
export type Flags = Readonly<Record<string, string | undefined>>;

/**
 * Runs an npm script: reads its flags (all of them take a value), prints `help` when asked for, and says what went
 * wrong in one line. Exit codes as the commands of `baton`: 1 it failed, 2 it was asked for in a wrong way.
 */
export async function runScript(
  help: string,
  names: readonly string[],
  work: (flags: Flags, say: (text: string) => void) => Promise<void>,
): Promise<void> {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  try {
    const flags = readFlags(names);
    if (flags === null) say(help.trimEnd());
    else await work(flags, say);
  } catch (thrown) {
    const { code, message, detail } = toBatonError(thrown);
    process.stderr.write(`baton: ${detail === '' ? message : detail} (${code})\n`);
    process.exitCode = code === 'OPTIONS_INVALID' ? 2 : 1;
  }
}

/** Null: help is asked for. */
function readFlags(names: readonly string[]): Flags | null {
  const known = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const { values } = parseArgs({ options: { ...known, help: { type: 'boolean', short: 'h' } } });
    return values.help === true ? null : (values as Flags);
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new BatonError('OPTIONS_INVALID', `${said.replace(/\. .*/, '')}. See --help`, { cause });
  }
}
