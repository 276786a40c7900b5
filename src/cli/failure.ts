import { CommanderError } from 'commander';
import { BatonError, hasCode, toBatonError, type FailureCode } from '../errors.ts';
import { styled } from './terminal.ts';

/** A command that did its work and found something wrong: exit code 1, and nothing more to say. */
export class Unwell extends Error {}

const WRONG_USAGE = 2;

/** 0: what was asked for was done (help, version); 1: it failed; 2: it was asked for in a wrong way. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : WRONG_USAGE;
  return hasCode(thrown, 'OPTIONS_INVALID', 'SOURCE_URL_INVALID') ? WRONG_USAGE : 1;
}

/** What to say of it, or null when all is said. No stack trace, unless the fault is ours. */
export function explain(thrown: unknown): string | null {
  if (thrown instanceof Unwell) return null;
  if (thrown instanceof CommanderError) return usage(thrown);
  const { code, message, detail } = toBatonError(thrown);
  const said = thrown instanceof BatonError && BY_DETAIL.has(code) && detail !== '' ? sentence(detail) : message;
  const more = said === message && detail !== '' ? `\n${detail}` : '';
  return `${styled('red', 'baton:')} ${said}${more} ${styled('dim', `(${code})`)}`;
}

/** Where the detail is the better sentence for somebody at the terminal. */
const BY_DETAIL: ReadonlySet<FailureCode> = new Set(['CONFIG_INVALID', 'OPTIONS_INVALID', 'SOURCE_URL_INVALID']);

function usage({ code, message }: CommanderError): string | null {
  if (code === 'commander.help' || code === 'commander.helpDisplayed' || code === 'commander.version') return null;
  return `${styled('red', 'baton:')} ${sentence(message.replace(/^error: /, ''))} \`baton --help\` lists what there is.`;
}

const sentence = (text: string): string => {
  const begun = /^[a-z]+ /.test(text) ? (text[0] ?? '').toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
};
