import { effort } from '../media/effort.ts';
import { nextCapture, readOggPage } from '../media/ogg-read.ts';
import type { ByteRange, Bytes, Samples } from '../units.ts';
import type { Excerpt } from './excerpt.ts';
import { TAIL_BYTES } from './sample.ts';

/** Where a stream ends: in the file, and on its own clock. */
export interface OggEnd {
  readonly end: Bytes;
  readonly granule: Samples;
}

/** A page has at most 65,307 bytes: in this many there is a whole one. */
const WINDOW: Bytes = 2 * 65_536;
/** How far from the end of all streams the last page of one is looked for. */
const MAX_REACH: Bytes = 4 * 2 ** 20;

/**
 * The last page of stream `serial` in `range`. Its fellows are the `serials`; what belongs to none of them is a file that
 * was chained behind this one, whose start is found by bisection. Null when the stream has no page with an end.
 */
export async function oggEnd(
  serial: number,
  serials: ReadonlySet<number>,
  range: ByteRange,
  bytesAt: Excerpt,
): Promise<OggEnd | null> {
  const known = { start: range.start, end: await chainEnd(serials, range, bytesAt) };
  for (let reach = TAIL_BYTES; ; reach *= 4) {
    const start = Math.max(known.start, known.end - reach);
    const last = pagesIn(await bytesAt({ start, end: known.end })).findLast(
      ({ page }) => page.serial === serial && page.granule !== null,
    );
    if (last?.page.granule != null) return { end: start + last.at + last.page.length, granule: last.page.granule };
    if (start === known.start || reach >= MAX_REACH) return null;
  }
}

/** Where the first page of another file begins, or the end of the range. */
async function chainEnd(serials: ReadonlySet<number>, { start, end }: ByteRange, bytesAt: Excerpt): Promise<Bytes> {
  const isOurs = async (from: Bytes, to: Bytes): Promise<boolean> => {
    const [first] = pagesIn(await bytesAt({ start: from, end: to }));
    return first !== undefined && serials.has(first.page.serial);
  };
  const tail = pagesIn(await bytesAt({ start: Math.max(start, end - WINDOW), end }));
  if (tail.every(({ page }) => serials.has(page.serial))) return end;
  let low = start;
  let high = end;
  while (high - low > WINDOW) {
    const middle = Math.floor((low + high) / 2);
    if (await isOurs(middle, Math.min(middle + WINDOW, end))) low = middle;
    else high = middle;
  }
  const window = { start: low, end: Math.min(low + 2 * WINDOW, end) };
  const alien = pagesIn(await bytesAt(window)).find(({ page }) => !serials.has(page.serial));
  return alien ? low + alien.at : window.end;
}

function pagesIn(bytes: Uint8Array) {
  const pages = [];
  const spent = effort();
  spent.read(bytes.length);
  for (let at = nextCapture(bytes, 0); at < bytes.length; at = nextCapture(bytes, at)) {
    const page = readOggPage(bytes, at, spent);
    if (page === 'more') break;
    if (page !== null) pages.push({ at, page });
    at += page?.length ?? 1;
  }
  return pages;
}
