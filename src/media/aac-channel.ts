import { BANDS, type HuffmanBook, SCALE_FACTORS, SPECTRA } from './aac-tables.ts';
import type { BitCursor } from './bits.ts';

/** Which windows a channel's spectrum is laid out in. */
export interface Windows {
  readonly isShort: boolean;
  /** Widths of the bands in use. */
  readonly bands: readonly number[];
  /** How many windows share scale factors; one long window is a group. */
  readonly groups: readonly number[];
}

const SHORT_WINDOWS = 2;
const SPECTRAL_BOOKS = 11;
const RESERVED_BOOK = 12;
const NOISE_BOOK = 13;

/**
 * Passes over an individual_channel_stream of AAC-LC (ISO/IEC 14496-3 4.4.2.7). Throws RangeError where there is none.
 *
 * @param shared the windows that stand before both channels of a pair; null where the channel has its own
 */
export function passChannel(bits: BitCursor, shared: Windows | null, rateIndex: number): void {
  bits.skip(8);
  const windows = shared ?? readWindows(bits, rateIndex);
  const books = windows.groups.map(() => readSections(bits, windows));
  passScaleFactors(bits, books.flat());
  if (bits.read(1) === 1) passPulses(bits);
  if (bits.read(1) === 1) passNoiseShaping(bits, windows.isShort);
  if (bits.read(1) === 1) throw new RangeError('gain control');
  for (const [group, length] of windows.groups.entries()) passSpectrum(bits, windows, books[group] ?? [], length);
}

/** An ics_info (ISO/IEC 14496-3 4.4.2.1). Throws RangeError for what AAC-LC has not. */
export function readWindows(bits: BitCursor, rateIndex: number): Windows {
  bits.skip(1);
  const isShort = bits.read(2) === SHORT_WINDOWS;
  bits.skip(1);
  const bandCount = bits.read(isShort ? 4 : 6);
  const bands = BANDS[rateIndex]?.[isShort ? 'short' : 'long'] ?? [];
  if (bandCount > bands.length) throw new RangeError('too many bands');
  const groups = [1];
  // A bit for each short window but the first: it belongs to the group of the one before. Else: whether there is a
  // prediction, which AAC-LC has not.
  for (let left = isShort ? 7 : 1; left > 0; left--) {
    if (bits.read(1) === 0) {
      if (isShort) groups.push(1);
    } else if (isShort) groups.push((groups.pop() ?? 0) + 1);
    else throw new RangeError('prediction');
  }
  return { isShort, bands: bands.slice(0, bandCount), groups };
}

/** The codebook of each band. */
function readSections(bits: BitCursor, { isShort, bands }: Windows): number[] {
  const books: number[] = [];
  const width = isShort ? 3 : 5;
  while (books.length < bands.length) {
    const book = bits.read(4);
    let length = 0;
    let step = bits.read(width);
    for (; step === 2 ** width - 1; step = bits.read(width)) length += step;
    length += step;
    if (book === RESERVED_BOOK || books.length + length > bands.length) throw new RangeError('bad section');
    for (; length > 0; length--) books.push(book);
  }
  return books;
}

function passScaleFactors(bits: BitCursor, books: readonly number[]): void {
  let isFirstNoise = true;
  for (const book of books) {
    if (book === NOISE_BOOK && isFirstNoise) {
      bits.skip(9);
      isFirstNoise = false;
    } else if (book > 0) readCode(bits, SCALE_FACTORS);
  }
}

function passPulses(bits: BitCursor): void {
  const count = bits.read(2) + 1;
  bits.skip(6 + 9 * count);
}

function passNoiseShaping(bits: BitCursor, isShort: boolean): void {
  for (let window = isShort ? 8 : 1; window > 0; window--) {
    const filters = bits.read(isShort ? 1 : 2);
    if (filters === 0) continue;
    const resolution = 3 + bits.read(1);
    for (let filter = 0; filter < filters; filter++) {
      bits.skip(isShort ? 4 : 6);
      const order = bits.read(isShort ? 3 : 5);
      if (order === 0) continue;
      bits.skip(1);
      bits.skip(order * (resolution - bits.read(1)));
    }
  }
}

function passSpectrum(bits: BitCursor, { bands }: Windows, books: readonly number[], windows: number): void {
  for (const [band, book] of books.entries()) {
    const spectrum = book > SPECTRAL_BOOKS ? undefined : SPECTRA[book - 1];
    if (spectrum === undefined) continue;
    for (let left = (bands[band] ?? 0) * windows; left > 0; left -= spectrum.lines) passLines(bits, spectrum);
  }
}

function passLines(bits: BitCursor, book: HuffmanBook): void {
  const code = readCode(bits, book);
  const extra = parseInt(book.extras?.[code] ?? '0', 36);
  bits.skip(extra % 5);
  for (let escapes = Math.floor(extra / 5); escapes > 0; escapes--) {
    let length = 4;
    while (bits.read(1) === 1) length++;
    bits.skip(length);
  }
}

/** The number of the next code among all codes, the shortest first. */
function readCode(bits: BitCursor, { counts }: HuffmanBook): number {
  let code = 0;
  let first = 0;
  let index = 0;
  for (const count of counts) {
    code = code * 2 + bits.read(1);
    first *= 2;
    if (code - first < count) return index + code - first;
    index += count;
    first += count;
  }
  throw new RangeError('no code');
}
