import { formatRendition, type Rendition } from '../grid/rendition.ts';
import { shortHash } from '../source/record.ts';

// Raised when a change in the head or the grid alters bytes that were promised under an ETag.
const LAYOUT = 'baton-file-2';

/** A strong ETag, with quotes, of what `parts` decide. */
export const etagOf = (...parts: readonly unknown[]): string => `"${hash(LAYOUT, ...parts)}"`;

/** Store key of the chunks of a rendition of one version of a source, without the index; the container is not in it. */
export const chunksKey = (engineId: string, version: string, rendition: Rendition): string =>
  `chunk/${engineId}/${hash(LAYOUT, version, formatRendition(rendition))}`;

/** Tells the logical streams of Ogg apart (RFC 3533 section 4): 32 bits. */
export const serialOf = (...parts: readonly unknown[]): number => parseInt(hash('serial', ...parts).slice(0, 8), 16);

const hash = (...parts: readonly unknown[]): string => shortHash(JSON.stringify(parts));
