import { ok, fail, notApplicable, type Check, type Seen } from './check.ts';
import { partFault } from './part.ts';
import type { Site } from './site.ts';
import type { ByteRange, Bytes } from '../units.ts';

const SUFFIX_BYTES = 500;
const SEEK_BYTES = 4097;

/** Where a range lies in a file of `size` bytes of which `known` were read. */
type Place = (size: Bytes, known: Bytes) => { readonly header: string; readonly range: ByteRange };

export const firstTwo = range('first-two', 'Range 0-1, as Safari begins', () => ({
  header: '0-1',
  range: { start: 0, end: 2 },
}));

export const suffix = range('suffix', `Range -${SUFFIX_BYTES}, the end`, (size) => ({
  header: `-${SUFFIX_BYTES}`,
  range: { start: Math.max(0, size - SUFFIX_BYTES), end: size },
}));

export const open = range('open', 'Range n-, as Chromium seeks', (size) => {
  const start = Math.floor(size * 0.6);
  return { header: `${start}-`, range: { start, end: size } };
});

export const seek = range('seek', 'Range in the middle', (size, known) => {
  const start = Math.floor(Math.min(size, known) / 2);
  const end = Math.min(size, start + SEEK_BYTES);
  return { header: `${start}-${end - 1}`, range: { start, end } };
});

export const beyond: Check = {
  id: 'beyond',
  title: 'Range beyond the end',
  about: 'file',
  run: async (site) => {
    const size = await site.size();
    if (size === null) return notApplicable(NO_LENGTH);
    const { status, headers } = await site.ask({ range: `${size}-` });
    const contentRange = headers['content-range'];
    if (status === 416 && contentRange === `bytes */${size}`) return ok(`416, ${contentRange}`);
    return fail(
      `${status}, Content-Range: ${contentRange ?? 'missing'}`,
      'A download that is complete already asks this way and must hear 416 with the size, or it starts again.',
    );
  },
};

export const NO_LENGTH = 'no answer states the length (see HEAD)';

function range(id: string, title: string, place: Place): Check {
  const run = async (site: Site): Promise<Seen> => {
    const size = await site.size();
    if (size === null) return notApplicable(NO_LENGTH);
    const known = await site.known();
    const asked = place(size, known.length);
    const answer = await site.ask({ range: asked.header });
    const fault = partFault(answer, asked.range, size, known);
    return fault ?? ok(answer.headers['content-range'] ?? '');
  };
  return { id, title, about: 'file', run };
}
