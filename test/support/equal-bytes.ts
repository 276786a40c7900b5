import { expect } from 'vitest';

/** Loaded before every test file: `toEqual` and the like compare bytes and samples at once, not one after the other. */
expect.addEqualityTesters([
  (a: unknown, b: unknown): boolean | undefined => {
    if (!isOfNumbers(a) || !isOfNumbers(b)) return undefined;
    return a.constructor === b.constructor && Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  },
]);

/** Of whole numbers: among others, values that are equal may differ in their bytes. */
const isOfNumbers = (value: unknown): value is Uint8Array | Int16Array =>
  value instanceof Uint8Array || value instanceof Int16Array;

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint8Array | Int16Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
