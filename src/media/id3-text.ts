/** No title is longer; what is longer is cut. */
const MAX_CHARACTERS = 1000;

const DECODERS = {
  latin1: new TextDecoder('windows-1252'), // what writers mean by "ISO-8859-1"
  utf16le: new TextDecoder('utf-16le', { ignoreBOM: true }),
  utf16be: new TextDecoder('utf-16be', { ignoreBOM: true }),
  utf8: new TextDecoder('utf-8', { ignoreBOM: true }),
};

/** A string of an ID3v2 frame, decoded, and the offset of what follows its terminator. */
export interface Id3String {
  readonly text: string;
  readonly end: number;
}

/**
 * The string at `start` in `encoding` (ID3v2.4 section 4: 0 Latin-1, 1 UTF-16 with BOM, 2 UTF-16BE, 3 UTF-8), up to its
 * terminator or the end. Control characters become spaces; long texts are cut. Unknown encodings are read as Latin-1.
 */
export function readId3String(bytes: Uint8Array, start: number, encoding: number): Id3String {
  const wide = encoding === 1 || encoding === 2;
  const terminator = wide ? wideZero(bytes, start) : bytes.indexOf(0, start);
  const stop = terminator < 0 ? bytes.length : terminator;
  const raw = bytes.subarray(start, Math.min(stop, start + 4 * MAX_CHARACTERS));
  return { text: clean(decode(raw, encoding)), end: terminator < 0 ? bytes.length : stop + (wide ? 2 : 1) };
}

/** `text` as one tidy line of at most 1000 characters. */
function clean(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\ufeff]+/g, ' ')
    .slice(0, MAX_CHARACTERS)
    .toWellFormed()
    .trim();
}

function decode(raw: Uint8Array, encoding: number): string {
  if (encoding === 3) return DECODERS.utf8.decode(raw);
  if (encoding === 2) return DECODERS.utf16be.decode(raw);
  if (encoding === 1) return (raw[0] === 0xfe && raw[1] === 0xff ? DECODERS.utf16be : DECODERS.utf16le).decode(raw);
  return DECODERS.latin1.decode(raw);
}

function wideZero(bytes: Uint8Array, start: number): number {
  for (let at = bytes.indexOf(0, start); at >= 0; at = bytes.indexOf(0, at + 1)) {
    if ((at - start) % 2 === 0 && bytes[at + 1] === 0) return at;
  }
  return -1;
}
