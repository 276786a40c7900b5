import type { Readable } from 'node:stream';

/** Gives each line that arrives on `stream` to `onLine`, the unfinished last one when it closes. */
export function forEachLine(stream: Readable, onLine: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(withoutReturns(line));
  });
  stream.once('close', () => {
    if (rest !== '') onLine(withoutReturns(rest));
  });
  stream.on('error', () => undefined); // a pipe that breaks has closed
}

/** The runtime client writes the line breaks inside a message as carriage returns, so that one message is one line. */
const withoutReturns = (line: string): string => line.replaceAll('\r', '\n');
