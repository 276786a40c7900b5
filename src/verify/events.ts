import { fail, ok, type Check } from './check.ts';

const SCHEME = 'urn:baton:event:2026';
/** Of an event message box: after size, type, version and flags, and four numbers of the timeline. */
const SCHEME_AT = 32;

/** A box of a framed stream; `type` of an event is what its data says. */
interface Entry {
  readonly box: string;
  readonly type: string | null;
}

export const events: Check = {
  id: 'events',
  title: 'Order of events',
  about: 'framed',
  run: async (site) => {
    const { bytes, status, broke } = await site.whole();
    if (status !== 200) return fail(`${status} instead of 200`, 'The log of the function says why.');
    const { entries, isCut } = entriesOf(bytes);
    const names = entries.flatMap(({ type }) => (type === null ? [] : [type]));
    const last = names.at(-1);
    const seen =
      names.length > 8 ? `${names.slice(0, 3).join(', ')} … ${names.slice(-3).join(', ')}` : names.join(', ');
    if (names[0] !== 'start')
      return fail(
        seen === '' ? 'no event' : seen,
        'A stream begins with start: this is none of Baton, or another version of it.',
      );
    if (broke === 'left' && last !== 'end') return ok(`${seen} … (read no further)`);
    if (isCut || broke !== null || (last !== 'end' && last !== 'error'))
      return fail(
        `${seen}, then it breaks off`,
        'A body without end or error was cut: a timeout or a crash of the function. Players resume, at the cost of a gap.',
      );
    const closing = names.indexOf('closing');
    if (closing >= 0 && names.slice(closing).includes('start'))
      return fail(seen, 'The next leg is announced before this one began.');
    if (names.slice(0, -1).some((name) => name === 'end' || name === 'error'))
      return fail(seen, 'Something follows the end: players have stopped listening.');
    const stray = entries.find(({ type }, index) => type !== null && mediaAfter(entries, index) === 'mdat');
    if (stray !== undefined)
      return fail(
        `${stray.type ?? ''} stands inside a fragment`,
        'An event belongs before the moof it speaks of; MSE would drop it, or the fragment.',
      );
    return ok(seen);
  },
};

const mediaAfter = (entries: readonly Entry[], index: number): string | undefined =>
  entries.slice(index).find(({ box }) => box === 'moof' || box === 'mdat')?.box;

/** The top-level boxes (ISO/IEC 14496-12 section 4.2), and of emsg boxes of version 1 (23009-1 section 5.10.3.3) their type. */
function entriesOf(bytes: Buffer): { readonly entries: readonly Entry[]; readonly isCut: boolean } {
  const entries: Entry[] = [];
  let at = 0;
  while (at + 8 <= bytes.length) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > bytes.length) break;
    const box = bytes.toString('latin1', at + 4, at + 8);
    entries.push({ box, type: box === 'emsg' ? eventType(bytes.subarray(at, at + size)) : null });
    at += size;
  }
  return { entries, isCut: at !== bytes.length };
}

/** Scheme and value are texts that end with 0; the data follows. */
function eventType(emsg: Buffer): string | null {
  const schemeEnd = emsg.indexOf(0, SCHEME_AT);
  const valueEnd = emsg.indexOf(0, schemeEnd + 1);
  if (emsg[8] !== 1 || schemeEnd < 0 || valueEnd < 0 || emsg.toString('latin1', SCHEME_AT, schemeEnd) !== SCHEME)
    return null;
  try {
    const { type } = JSON.parse(emsg.toString('utf8', valueEnd + 1)) as { type?: unknown };
    return typeof type === 'string' ? type : null;
  } catch {
    return null;
  }
}
