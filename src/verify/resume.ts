import type { Bytes } from '../units.ts';
import { fail, notApplicable, ok, type Check, type Seen } from './check.ts';
import { partFault } from './part.ts';
import { NO_LENGTH } from './ranges.ts';
import type { Site } from './site.ts';

const MOST_PARTS = 5_000;
const NOTHING_READ = 'the whole could not be read';

export const resume: Check = {
  id: 'resume',
  title: 'Resume after a cut',
  about: 'file',
  run: compared(async (site, size, known) => {
    const first = await site.ask({ leaveAfter: Math.max(1, Math.floor(known.length / 3)) });
    const at = Math.min(first.bytes.length, known.length, size - 1);
    const etag = first.headers['etag'];
    if (etag === undefined)
      return fail('no ETag to resume with', 'A player cannot know that the file is still the same.');
    if (!first.bytes.subarray(0, at).equals(known.subarray(0, at)))
      return fail(
        `two GETs differ within ${at} bytes`,
        'The same link must always give the same bytes: two engines or two versions of the source are answering.',
      );
    const rest = await site.ask({ range: `${at}-`, headers: { 'if-range': etag } });
    const fault = partFault(rest, { start: at, end: size }, size, known);
    return fault ?? ok(`dropped after ${at} bytes, went on with ${rest.headers['content-range'] ?? ''}`);
  }),
};

export const chain: Check = {
  id: 'chain',
  title: 'Chain of open ranges',
  about: 'file',
  run: compared(async (site, size, known) => {
    const etag = (await site.head()).headers['etag'];
    let at: Bytes = 0;
    let parts = 0;
    const last = known.length < size ? String(known.length - 1) : ''; // no further than the whole was read
    for (; at < known.length && parts < MOST_PARTS; parts++) {
      const headers = etag === undefined ? {} : { 'if-range': etag };
      const answer = await site.ask({ range: `${at}-${last}`, headers });
      const fault = partFault(answer, { start: at, end: known.length }, size, known);
      if (fault !== null) return fault;
      at += answer.bytes.length;
    }
    if (at < known.length)
      return fail(
        `${parts} ranges gave only ${at} of ${size} bytes`,
        'Ranges are bounded too tightly: BATON_RANGE_MB and BATON_RANGE_MS.',
      );
    return ok(`${at} bytes in ${parts} part${parts === 1 ? '' : 's'}`);
  }),
};

/** A check against the bytes of the whole, which has to have a length and to be there. */
function compared(run: (site: Site, size: Bytes, known: Buffer) => Promise<Seen>): Check['run'] {
  return async (site) => {
    const size = await site.size();
    if (size === null) return notApplicable(NO_LENGTH);
    const known = await site.known();
    return known.length === 0 ? notApplicable(NOTHING_READ) : run(site, size, known);
  };
}
