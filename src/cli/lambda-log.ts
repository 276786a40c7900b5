import type { LogLine } from '../local-lambda/runtime/log-line.ts';
import { styled } from './terminal.ts';

/** A log line for people; null for one that says nothing they would miss. */
export function readable({ functionName, requestId, kind, text }: LogLine): string | null {
  if (kind === 'platform' && /^(?:START|END) RequestId:/.test(text)) return null;
  const who = styled('cyan', functionName.padEnd(NAME_WIDTH), process.stdout);
  const which = styled('dim', (requestId ?? '').slice(0, ID_WIDTH).padEnd(ID_WIDTH), process.stdout);
  const what = kind === 'platform' ? styled(colourOf(text), platformText(text), process.stdout) : functionText(text);
  return `${who}  ${which}  ${what}`;
}

const NAME_WIDTH = 10;
const ID_WIDTH = 8;

const colourOf = (text: string): 'red' | 'dim' => (/\berror\b|\bcut\b|Function URL: \d/i.test(text) ? 'red' : 'dim');

/** `REPORT RequestId: … Duration: 9 ms …` as "took 9 ms, billed 189 ms, 51 of 256 MB, …". */
function platformText(text: string): string {
  if (!text.startsWith('REPORT ')) return text;
  const fields = new Map(
    text.split('\t').map((field): [string, string] => {
      const at = field.indexOf(': ');
      return [field.slice(0, at), field.slice(at + 2).trim()];
    }),
  );
  const said: readonly (readonly [string, string])[] = [
    ['took', 'Duration'],
    ['billed', 'Billed Duration'],
    ['started in', 'Init Duration'],
    ['streamed', 'Streamed'],
    ['used', 'Max Memory Used'],
    ['ended with', 'Error Type'],
  ];
  return said
    .flatMap(([word, name]) => {
      const value = fields.get(name);
      return value === undefined || value === '' ? [] : [`${word} ${value}`];
    })
    .join(', ');
}

/** The runtime client starts a line with time, request id and level; the id stands in its own column. */
const functionText = (text: string): string =>
  text.replace(/^[\d-]+T[\d:.]+Z\t[0-9a-f-]{36}\t/, '').replaceAll('\t', ' ');
