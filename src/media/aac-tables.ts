/** A Huffman book whose codes of each length follow each other, as far as it takes to pass over what they code. */
export interface HuffmanBook {
  /** How many codes have one bit, two bits, and so on. */
  readonly counts: readonly number[];
  /** Lines of the spectrum that a code stands for. */
  readonly lines: number;
  /** Of each code in order, in base 36: how many sign bits follow it, and five more for each escape; null: none do. */
  readonly extras: string | null;
}

// ISO/IEC 13818-7 (ISO/IEC 14496-3 4.A) tables A.1 to A.12, sorted by code.

/** Of scale factors, their noise and intensity likenesses. */
export const SCALE_FACTORS: HuffmanBook = {
  counts: [1, 0, 1, 3, 2, 4, 3, 5, 4, 6, 6, 6, 5, 8, 4, 7, 3, 7, 46],
  lines: 0,
  extras: null,
};

/** Of spectral lines, by codebook number less 1. */
export const SPECTRA: readonly HuffmanBook[] = [
  {
    counts: [1, 0, 0, 0, 8, 0, 24, 0, 24, 8, 16],
    lines: 4,
    extras: null,
  },
  {
    counts: [0, 0, 1, 1, 7, 24, 15, 19, 14],
    lines: 4,
    extras: null,
  },
  {
    counts: [1, 0, 0, 4, 2, 6, 3, 5, 15, 15, 8, 9, 3, 3, 5, 2],
    lines: 4,
    extras: '011112222232343311223232331221224334323244332333223243344233333344442233434443233',
  },
  {
    counts: [0, 0, 0, 10, 6, 0, 9, 21, 8, 14, 11, 2],
    lines: 4,
    extras: '433331202222121144443333333333332222222222221111444444333333333433344422222243333',
  },
  {
    counts: [1, 0, 0, 4, 4, 0, 4, 12, 12, 12, 18, 10, 4],
    lines: 2,
    extras: null,
  },
  {
    counts: [0, 0, 0, 9, 0, 16, 13, 8, 23, 8, 4],
    lines: 2,
    extras: null,
  },
  {
    counts: [1, 0, 2, 1, 0, 4, 5, 10, 14, 15, 8, 4],
    lines: 2,
    extras: '0112221122211222222221122212122222222211222222222222112222222222',
  },
  {
    counts: [0, 0, 1, 5, 7, 10, 14, 15, 8, 4],
    lines: 2,
    extras: '2212120112222222221122222222221212222222121222222222221212222112',
  },
  {
    counts: [1, 0, 2, 1, 0, 4, 3, 8, 11, 20, 31, 38, 32, 14, 4],
    lines: 2,
    extras:
      '0112221122211222222221122222221212222222212222222212221222212222112222222222222122212222222222222222' +
      '222212212222222122222222222222212212222122222222222222222222222222222',
  },
  {
    counts: [0, 0, 0, 3, 8, 14, 17, 25, 31, 41, 22, 8],
    lines: 2,
    extras:
      '2222112222211222202211222222222222121222222222222121222222222222222222122222122222222222222222121222' +
      '222212222221222222222222222221212122222222222222212122212221222222122',
  },
  {
    counts: [0, 0, 0, 2, 6, 7, 16, 59, 55, 95, 43, 6],
    lines: 2,
    extras:
      '02c1122222212122222221122222222222222277777271217277772222277227772272777272277222177222212772272722' +
      '2222272212222221222222222222221222222222226222222621222222222222222222222222222222122222222222222222' +
      '21222222222222222222222222222112222222222222222222222222212212122212222211222212212112112',
  },
];

/** Widths of the scale factor bands, as `width` or `width x count`: of a long window and of each of eight short ones. */
interface Bands {
  readonly long: readonly number[];
  readonly short: readonly number[];
}

// ISO/IEC 13818-7 tables 45 to 57 (ISO/IEC 14496-3 4.5.4), by the lowest rate that has them.
const AT_96: Bands = { long: widths('4x14 8x5 12x5 16x2 24 28 36 44 64x11'), short: widths('4x6 8x3 16 28 36') };
const AT_64: Bands = { long: widths('4x14 8x4 12x3 16x3 20 24x2 28 36 40x18'), short: AT_96.short };
const AT_48: Bands = {
  long: widths('4x10 8x7 12x4 16x2 20x2 24x2 28x2 32x19 96'),
  short: widths('4x5 8x3 12x3 16x3'),
};
const AT_32: Bands = { long: widths('4x10 8x7 12x4 16x2 20x2 24x2 28x2 32x22'), short: AT_48.short };
const AT_24: Bands = {
  long: widths('4x11 8x10 12x4 16x3 20x2 24x2 28x2 32 36x2 40 44 48 52x2 64x5'),
  short: widths('4x7 8x3 12x2 16x2 20'),
};
const AT_16: Bands = {
  long: widths('8x11 12x9 16x4 20x3 24x2 28x2 32 36 40x2 44 48 52 56 60 64x3'),
  short: widths('4x8 8x2 12x2 16 20x2'),
};
const AT_8: Bands = {
  long: widths('12x13 16x7 20x4 24x3 28x2 32 36x2 40 44 48 52 56 60 64 80'),
  short: widths('4x7 8x4 12 16 20x2'),
};

/** By sampling frequency index. */
export const BANDS: readonly Bands[] = [
  ...[AT_96, AT_96, AT_64, AT_48, AT_48, AT_32, AT_24, AT_24],
  ...[AT_16, AT_16, AT_16, AT_8, AT_8],
];

function widths(runs: string): readonly number[] {
  return runs.split(' ').flatMap((run) => {
    const [width = 0, count = 1] = run.split('x').map(Number);
    return Array.from({ length: count }, () => width);
  });
}
