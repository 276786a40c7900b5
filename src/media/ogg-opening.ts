import type { Bytes } from '../units.ts';
import { type OggPage, readOggPage } from './ogg-read.ts';

/** How an Ogg file begins: its streams, and all headers of the one that is to be heard. */
export interface OggOpening {
  readonly codec: OggCodec;
  readonly serial: number;
  /** Of all streams that play at the same time. */
  readonly serials: ReadonlySet<number>;
  /** One packet each. */
  readonly headers: readonly Uint8Array[];
  /** Where the first page with sound begins. */
  readonly start: Bytes;
}

/** The codecs that are read, and how their first packets begin. */
export type OggCodec = 'opus' | 'vorbis' | 'flac';

const SIGNATURES: readonly (readonly [OggCodec, string])[] = [
  ['opus', 'OpusHead'],
  ['vorbis', '\x01vorbis'],
  ['flac', '\x7fFLAC'],
];
const FLAC_BLOCK_AT = 13;

/** Takes the pages of an opening one by one, each once. */
export interface OggOpeningReader {
  /** The opening, without its `start`, when the page completes it; the names of the streams when none of them is read. */
  push(page: OggPage): Omit<OggOpening, 'start'> | readonly string[] | 'more';
  /** The names of the streams, where no page follows. */
  names(): readonly string[];
}

/**
 * Reads the pages from the start of a file. Gives 'more' when the headers go on behind `bytes`, null when there are no
 * pages, and the names of the streams when none of them is read.
 */
export function readOggOpening(bytes: Uint8Array): OggOpening | readonly string[] | 'more' | null {
  const opening = oggOpeningReader();
  for (let at = 0; ;) {
    const page = readOggPage(bytes, at);
    if (page === 'more') return 'more';
    if (page === null) return at === 0 ? null : opening.names();
    const found = opening.push(page);
    at += page.length;
    if (found !== 'more') return 'headers' in found ? { ...found, start: at } : found;
  }
}

/** Reads pages from the first one of a stream on. */
export function oggOpeningReader(): OggOpeningReader {
  const firsts = new Map<number, Uint8Array>();
  let track: { codec: OggCodec; serial: number } | null = null;
  const headers: Uint8Array[] = [];
  let open: Uint8Array[] | null = null;

  function push(page: OggPage): ReturnType<OggOpeningReader['push']> {
    if (page.isFirst) {
      const [first] = page.pieces;
      firsts.set(page.serial, first?.bytes ?? new Uint8Array());
      const codec = first && codecOf(first.bytes);
      if (codec && track === null) track = { codec, serial: page.serial };
    } else if (track === null) return namesOf(firsts);
    if (page.serial !== track?.serial) return 'more';
    const known = headers.length;
    open = collect(page, open, headers);
    if (!isComplete(track.codec, headers, known)) return 'more';
    return { ...track, serials: new Set(firsts.keys()), headers };
  }

  return { push, names: () => namesOf(firsts) };
}

/** Adds the packets that end on the page to `headers`; gives the one that goes on. */
function collect({ pieces }: OggPage, before: Uint8Array[] | null, headers: Uint8Array[]): Uint8Array[] | null {
  let open = before;
  for (const { bytes, isWhole } of pieces) {
    const packet: Uint8Array[] = open ?? [];
    packet.push(bytes);
    open = isWhole ? null : packet;
    if (isWhole) headers.push(packet.length === 1 ? bytes : Buffer.concat(packet));
  }
  return open;
}

/** Two headers in Opus, three in Vorbis, and in FLAC up to the block that says that it is the last: not among the `known`. */
function isComplete(codec: OggCodec, headers: readonly Uint8Array[], known: number): boolean {
  if (codec === 'opus') return headers.length >= 2;
  if (codec === 'vorbis') return headers.length >= 3;
  const isLast = (header: Uint8Array, index: number): boolean =>
    ((header[index === 0 ? FLAC_BLOCK_AT : 0] ?? 0) & 0x80) !== 0;
  return headers.slice(known).some((header, index) => isLast(header, known + index));
}

const codecOf = (packet: Uint8Array): OggCodec | undefined =>
  SIGNATURES.find(([, signature]) => latin1(packet, signature.length) === signature)?.[0];

/** Of the first few. */
const namesOf = (firsts: ReadonlyMap<number, Uint8Array>): string[] => [...firsts.values()].slice(0, 8).map(nameOf);

const nameOf = (packet: Uint8Array): string =>
  latin1(packet, 8)
    .replace(/[^\x20-\x7e]/g, '')
    .trim();

const latin1 = (bytes: Uint8Array, length: number): string => String.fromCharCode(...bytes.subarray(0, length));
