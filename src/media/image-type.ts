import type { Artwork } from './tags.ts';

const PNG = '\x89PNG\r\n\x1a\n';

/** What picture these bytes are, whatever was said of them; null for any but JPEG and PNG. */
export function imageType(bytes: Uint8Array): Artwork['mime'] | null {
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  return String.fromCharCode(...bytes.subarray(0, PNG.length)) === PNG ? 'image/png' : null;
}
