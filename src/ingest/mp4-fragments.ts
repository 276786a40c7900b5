import { BatonError } from '../errors.ts';
import { boxesIn, fourCharacters, uint32, uint64 } from '../media/box-read.ts';
import { readFragmentInit, type FragmentTrack } from '../media/fragment-init.ts';
import { entriesOf } from '../media/fragments.ts';
import type { Bytes } from '../units.ts';

/** Where reading a live MP4 in fragments stands; as JSON it goes on in another process. */
export interface Mp4State {
  /** Base64 of the beginning of a box, or of a fragment. */
  rest: string;
  /** Bytes of a box to pass over. */
  skip: Bytes;
  /** Base64 of the movie box; null until it is known. */
  movie: string | null;
  /** Bytes are missing: what follows is of use from the next fragment on. */
  isLost: boolean;
}

export const newMp4 = (): Mp4State => ({ rest: '', skip: 0, movie: null, isLost: false });

/** Packets of sound, and the track that they are of. */
export interface Mp4Sound {
  readonly track: FragmentTrack;
  readonly packets: readonly Uint8Array[];
}

/** What MediaRecorder writes before the first fragment is a few hundred bytes. */
const MOST_MOVIE: Bytes = 64 * 1024;
/** Ten seconds of sound take less. */
const MOST_FRAGMENT: Bytes = 512 * 1024;
const MOST_PASSED_OVER: Bytes = 4 * 2 ** 20;
/** What may stand between fragments (ISO/IEC 14496-12 8). */
const PASSED_OVER: ReadonlySet<string> = new Set([
  ...['ftyp', 'styp', 'sidx', 'free', 'skip', 'wide', 'emsg', 'prft', 'mfra', 'uuid', 'meta', 'udta'],
]);

/**
 * The packets of the first track of sound in the fragments that are whole with `bytes`, which follow those that `state` has
 * seen; null where there is none. @throws INGEST_FORMAT for what is no MP4 in fragments, or has no sound
 */
export function mp4Sound(bytes: Uint8Array, state: Mp4State): Mp4Sound | null {
  let track = state.movie === null ? null : trackIn(Buffer.from(state.movie, 'base64'));
  const packets: Uint8Array[] = [];
  let rest: Uint8Array = Buffer.concat([Buffer.from(state.rest, 'base64'), bytes]);
  if (state.isLost) rest = fromFragment(rest, state);
  let at = 0;

  /** How many bytes are done with; 0 where those of a box are not all there. */
  function step(): Bytes {
    const head = headAt(rest, at);
    if (head === null) return 0;
    if (head.type === 'moof') return fragment(head.size);
    if (head.type !== 'moov') return passOver(head);
    if (head.size > MOST_MOVIE) throw refused(`a movie box of ${head.size} bytes`);
    if (at + head.size > rest.length) return 0;
    const movie = rest.subarray(at, at + head.size);
    track = trackIn(movie);
    state.movie = Buffer.from(movie).toString('base64');
    return head.size;
  }

  function passOver({ type, size, length }: BoxHead): Bytes {
    if (!PASSED_OVER.has(type) || size > MOST_PASSED_OVER) throw refused(`a box ${type} of ${size} bytes`);
    state.skip = size - length;
    return length;
  }

  function fragment(size: Bytes): Bytes {
    const data = headAt(rest, at + size);
    if (size + (data?.size ?? 0) > MOST_FRAGMENT) throw refused(`a fragment of ${size + (data?.size ?? 0)} bytes`);
    if (data === null) return 0;
    if (data.type !== 'mdat') throw refused(`a box ${data.type} within a fragment`);
    if (track === null) throw refused('a fragment before the movie box');
    const whole = size + data.size;
    if (at + whole > rest.length) return 0;
    for (const packet of samplesIn(rest.subarray(at, at + whole), track)) packets.push(packet);
    return whole;
  }

  while (at < rest.length && !state.isLost) {
    const passed = Math.min(state.skip, rest.length - at);
    state.skip -= passed;
    const used = passed > 0 ? passed : step();
    if (used === 0) break;
    at += used;
  }
  state.rest = Buffer.from(rest.subarray(at)).toString('base64');
  return track === null ? null : { track, packets };
}

/** Messages are missing. */
export const loseMp4 = (state: Mp4State): void =>
  void Object.assign(state, { rest: '', skip: 0, isLost: state.movie !== null });

interface BoxHead {
  readonly type: string;
  /** With its head, which takes `length`. */
  readonly size: Bytes;
  readonly length: Bytes;
}

/** Null where it is not all there. */
function headAt(bytes: Uint8Array, at: Bytes): BoxHead | null {
  const length = uint32(bytes, at) === 1 ? 16 : 8;
  if (at + length > bytes.length) return null;
  const size = length === 16 ? uint64(bytes, at + 8) : uint32(bytes, at);
  const type = fourCharacters(bytes, at + 4);
  if (size < length) throw refused(`a box ${type} of ${size} bytes`);
  return { type, size, length };
}

function trackIn(movie: Uint8Array): FragmentTrack {
  const track = readFragmentInit(movie);
  if (track === null) throw refused('no track of sound');
  return track;
}

/** Samples do not overlap, so that they never take more than the fragment does. */
function* samplesIn(fragment: Uint8Array, track: FragmentTrack): Generator<Uint8Array, void> {
  const [moof] = boxesIn(fragment);
  let end: Bytes = (moof?.offset ?? 0) + (moof?.content.length ?? 0);
  for (const { type, content } of boxesIn(moof?.content ?? NOTHING)) {
    if (type !== 'traf') continue;
    for (const { offset, size } of entriesOf(content, 0, track, 0, false)) {
      if (size === 0 || offset < end || offset + size > fragment.length) throw refused('samples out of place');
      end = offset + size;
      yield fragment.subarray(offset, end);
    }
  }
}

const NOTHING = new Uint8Array();
/** How a `moof` begins, behind its size. */
const FRAGMENT = Buffer.from('moof\0\0\0\x10mfhd', 'latin1');
const SIZE: Bytes = 4;

function fromFragment(bytes: Uint8Array, state: Mp4State): Uint8Array {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(FRAGMENT) - SIZE;
  if (at < 0) return bytes.subarray(Math.max(0, bytes.length - FRAGMENT.length - SIZE + 1));
  state.isLost = false;
  return bytes.subarray(at);
}

const refused = (detail: string): BatonError => new BatonError('INGEST_FORMAT', `MP4 with ${detail}`);
