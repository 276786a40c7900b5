import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** For programs: results on stdout. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

/** For people: everything else on stderr. */
export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Coloured where `stream` is a terminal that wants colours (NO_COLOR is heeded). */
export const styled = (format: Format, text: string, stream: NodeJS.WriteStream = process.stderr): string =>
  styleText(format, text, { stream });

/** Two columns, the first as wide as its widest text. */
export function columns(rows: readonly (readonly [string, string])[], indent = ''): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${indent}${name.padEnd(width)}  ${text}`).join('\n');
}
