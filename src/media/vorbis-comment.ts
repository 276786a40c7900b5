import type { Artwork, Chapter, Tags } from './tags.ts';

/** Players count chapters with three digits. */
const MOST_CHAPTERS = 1000;
const FRONT_COVER = 3;
const VENDOR = 'Baton';

/**
 * A comment header (Vorbis I section 5, without the framing bit): title, artist, album, chapters as `CHAPTER000` and
 * `CHAPTER000NAME`, and the cover. Equal tags give equal bytes.
 */
export function writeVorbisComment({ title, artist, album, chapters, artwork }: Tags): Uint8Array {
  const comments = [
    ...(title ? [`TITLE=${title}`] : []),
    ...(artist ? [`ARTIST=${artist}`] : []),
    ...(album ? [`ALBUM=${album}`] : []),
    ...chapters.slice(0, MOST_CHAPTERS).flatMap(chapterComments),
    ...(artwork ? [`METADATA_BLOCK_PICTURE=${pictureBlock(artwork).toString('base64')}`] : []),
  ].map((text) => ENCODER.encode(text));
  return Buffer.concat([...sized(ENCODER.encode(VENDOR)), uint32(comments.length, true), ...comments.flatMap(sized)]);
}

function chapterComments({ startMs, title }: Chapter, index: number): readonly string[] {
  const key = `CHAPTER${String(index).padStart(3, '0')}`;
  return [`${key}=${clock(startMs)}`, ...(title === '' ? [] : [`${key}NAME=${title}`])];
}

/** `hh:mm:ss.mmm` */
function clock(ms: number): string {
  const whole = Math.round(ms);
  const [hours, minutes, seconds] = [3_600_000, 60_000, 1000].map((unit, index) =>
    index === 0 ? Math.floor(whole / unit) : Math.floor(whole / unit) % 60,
  );
  const two = (value = 0): string => String(value).padStart(2, '0');
  return `${two(hours)}:${two(minutes)}:${two(seconds)}.${String(whole % 1000).padStart(3, '0')}`;
}

/** RFC 9639 section 8.8; the measures are left to whoever reads the picture. */
function pictureBlock({ mime, bytes }: Artwork): Buffer {
  const type = ENCODER.encode(mime);
  const unknown = uint32(0);
  return Buffer.concat([
    ...[uint32(FRONT_COVER), uint32(type.length), type],
    ...[unknown, unknown, unknown, unknown, unknown],
    ...[uint32(bytes.length), bytes],
  ]);
}

const ENCODER = new TextEncoder();

const sized = (bytes: Uint8Array): readonly Uint8Array[] => [uint32(bytes.length, true), bytes];

function uint32(value: number, littleEndian = false): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, littleEndian);
  return bytes;
}
