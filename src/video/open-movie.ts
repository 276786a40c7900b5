import { BatonError } from '../errors.ts';
import { box } from '../media/fmp4-box.ts';
import { readFragmentInit, readPictureInit } from '../media/fragment-init.ts';
import { childOf, uint32 } from '../source/movie-boxes.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Bytes, Seconds } from '../units.ts';
import { excerpt, type FilmBytes } from './film-bytes.ts';
import { fetchFragments } from './fetch-fragments.ts';
import { firstTicks, keptFragment } from './fragment-table.ts';
import { isFragmented, picturesOf, soundStart } from './movie-index.ts';

const PAGE: Bytes = 64 * 1024;
const MOST_BOXES = 64;
const LARGEST_INDEX: Bytes = 64 * 2 ** 20;
const HEAD: Bytes = 16;

/**
 * What of a movie its pictures take, in one piece to be kept: when its sound begins, then what `readMovieIndex` reads.
 * Null where it has no pictures. Throws SOURCE_DAMAGED, SOURCE_TOO_LARGE, VIDEO_UNSUPPORTED, and what reading does.
 */
export async function fetchPictures(
  bytes: FilmBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Uint8Array | null> {
  const moov = await fetchMoov(bytes, signal, meter);
  const pictures = picturesOf(moov);
  if (pictures === null) return null;
  if (isFragmented(moov)) return await fetchFragmented(moov, pictures, bytes, signal, meter);
  return Buffer.concat([keptSoundStart(soundStart(moov)), pictures]);
}

/** The same of a movie in fragments, of which those of its pictures are kept. */
async function fetchFragmented(
  moov: Uint8Array,
  pictures: Uint8Array,
  bytes: FilmBytes,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<Uint8Array> {
  const whole = box('moov', moov);
  const track = readPictureInit(whole);
  if (track === null) throw new BatonError('SOURCE_DAMAGED', 'a track that is not described');
  const fragments = await fetchFragments(bytes, signal, meter);
  const sound = readFragmentInit(whole);
  const begins = soundStart(moov) + (sound === null ? 0 : firstTicks(fragments, sound) / sound.timescale);
  const kept = fragments.map((fragment) => box('frg0', keptFragment(fragment, track)));
  return Buffer.concat([keptSoundStart(begins), pictures, box('mvex', childOf(moov, 'mvex') ?? []), ...kept]);
}

function keptSoundStart(start: Seconds): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setFloat64(0, start);
  return box('snd0', new Uint8Array(bytes.buffer));
}

/** When the sound begins, on the movie's clock, in what `fetchPictures` gave. */
export function soundStartIn(kept: Uint8Array): Seconds {
  const start = childOf(kept, 'snd0');
  return start ? new DataView(start.buffer, start.byteOffset, start.length).getFloat64(0) : 0;
}

/** The content of the movie box, which may stand before what it describes or behind it. */
async function fetchMoov(bytes: FilmBytes, signal: AbortSignal, meter?: SourceMeter): Promise<Uint8Array> {
  let page = { start: 0, bytes: await excerpt(bytes, { start: 0, end: PAGE }, signal, meter) };
  let at: Bytes = 0;
  for (let count = 0; count < MOST_BOXES; count++) {
    if (at < page.start || at + HEAD > page.start + page.bytes.length)
      page = { start: at, bytes: await excerpt(bytes, { start: at, end: at + PAGE }, signal, meter) };
    const head = page.bytes.subarray(at - page.start);
    if (head.length < 8) break;
    const short = uint32(head, 0);
    const headBytes = short === 1 ? 16 : 8;
    const size = short === 1 ? uint32(head, 8) * 2 ** 32 + uint32(head, 12) : short === 0 ? Infinity : short;
    if (size < headBytes) break;
    if (Buffer.from(head.subarray(4, 8)).toString('latin1') === 'moov') {
      if (size > LARGEST_INDEX) throw new BatonError('SOURCE_TOO_LARGE', `an index of ${size} bytes`);
      if (size <= head.length) return head.subarray(headBytes, size);
      const whole = await excerpt(bytes, { start: at + headBytes, end: at + size }, signal, meter);
      if (whole.length < size - headBytes) throw new BatonError('SOURCE_DAMAGED', 'a movie box that is cut off');
      return whole;
    }
    at += size;
  }
  throw new BatonError('SOURCE_DAMAGED', 'no movie box');
}
