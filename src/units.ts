/**
 * Numbers that carry their unit. A plain number fits each of these; two different units do not fit each other, so a
 * count of samples handed over as a count of bytes does not compile.
 */
export type Bytes = number & { readonly unit?: 'bytes' };
export type Samples = number & { readonly unit?: 'samples' };
export type Frames = number & { readonly unit?: 'frames' };
export type Milliseconds = number & { readonly unit?: 'ms' };
export type Seconds = number & { readonly unit?: 's' };
export type Hertz = number & { readonly unit?: 'Hz' };
export type Kbps = number & { readonly unit?: 'kbit/s' };

/** Half-open: `start` is the first byte, `end` is one past the last. Its length is `end - start`. */
export interface ByteRange {
  readonly start: Bytes;
  readonly end: Bytes;
}
