import { BatonError } from '../errors.ts';
import { ebmlUint, readEbmlHead, type EbmlHead } from '../media/ebml.ts';
import { blockTrack, readMatroskaBlock } from '../media/matroska-blocks.ts';
import { readPictureTrack, readSegmentInfo, readTracks } from '../media/matroska-head.ts';
import { ID } from '../media/matroska-ids.ts';
import type { Bytes, Milliseconds } from '../units.ts';
import { MOST_PICTURE } from './picture-format.ts';

/** A block of a live WebM. */
export interface WebmBlock {
  readonly track: 'sound' | 'pictures';
  readonly bytes: Uint8Array;
  /** On the clock of the stream. */
  readonly at: Milliseconds;
  readonly isKey: boolean;
}

/** Where reading a live WebM stands; as JSON it goes on in another process. */
export interface WebmState {
  /** Base64 of the beginning of an element. */
  rest: string;
  /** Bytes of an element to pass over. */
  skip: Bytes;
  /** Null until the tracks are known. */
  track: number | null;
  /** Base64 of the OpusHead. */
  opusHead: string | null;
  /** Bytes are missing: what follows is of use from the next cluster on. */
  isLost: boolean;
  /** Of the cluster, in ticks. */
  cluster?: number;
  tickMs?: Milliseconds;
  /** Null: they are left out. */
  pictures?: WebmPictures | null;
}

/** The first track of H.264. */
export interface WebmPictures {
  /** Null until the tracks are known. */
  readonly track: number | null;
  /** AVCDecoderConfigurationRecord in base64; null: start codes and parameter sets stand in the blocks. */
  readonly config: string | null;
}

/** `hasPictures`: those are read, too. */
export const newWebm = (hasPictures: boolean): WebmState => ({
  ...{ rest: '', skip: 0, track: null, opusHead: null, isLost: false },
  ...(hasPictures && { pictures: { track: null, config: null } }),
});

/** What MediaRecorder writes before the first cluster is a few hundred bytes. */
const MOST_TRACKS: Bytes = 64 * 1024;
/** A block of sound. */
const MOST_BLOCK: Bytes = 64 * 1024;
const BLOCK_HEAD: Bytes = 16;
/** A picture of a video track. */
const MOST_PASSED_OVER: Bytes = 4 * 2 ** 20;
const NS_PER_MS = 1e6;
const LONGEST_TICK: Milliseconds = 1_000;
const CLUSTER = Uint8Array.of(0x1f, 0x43, 0xb6, 0x75);
/** Elements whose content is read as elements. */
const ENTERED: readonly number[] = [ID.segment, ID.cluster];
/** Those that may come in a live stream (RFC 9559 5.1), besides Void and CRC-32. */
const KNOWN: readonly number[] = [
  ...[ID.ebml, ID.seekHead, ID.info, ID.tracks, ID.cues, ID.chapters, ID.tags, ID.attachments],
  ...[ID.timestamp, ID.simpleBlock, ID.blockGroup, 0xab, 0xa7, 0xec, 0xbf],
];

/**
 * The Opus packets of the first audio track that are whole with `bytes`, which follow those that `state` has seen, and
 * where they are wanted the pictures of the first video track. Other tracks are left out.
 * @throws INGEST_FORMAT for what is no WebM, or has no Opus, or no H.264
 */
export function webmBlocks(bytes: Uint8Array, state: WebmState): WebmBlock[] {
  const blocks: WebmBlock[] = [];
  let rest: Uint8Array = Buffer.concat([Buffer.from(state.rest, 'base64'), bytes]);
  if (state.isLost) {
    const cluster = Buffer.from(rest).indexOf(CLUSTER);
    if (cluster < 0) {
      state.rest = Buffer.from(rest.subarray(-CLUSTER.length + 1)).toString('base64');
      return [];
    }
    state.isLost = false;
    rest = rest.subarray(cluster);
  }
  let at = 0;
  while (at < rest.length) {
    if (state.skip > 0) {
      const passed = Math.min(state.skip, rest.length - at);
      state.skip -= passed;
      at += passed;
      continue;
    }
    const used = step(rest, at, state, blocks);
    if (used === 0) break;
    at += used;
  }
  state.rest = Buffer.from(rest.subarray(at)).toString('base64');
  return blocks;
}

/** Reads one element at `at`: how many bytes are done with, 0 when it is not all there. */
function step(bytes: Uint8Array, at: number, state: WebmState, blocks: WebmBlock[]): Bytes {
  const head = readEbmlHead(bytes, at);
  if (head === 'more') return 0;
  if (head === null) throw refused('no element of EBML');
  if (ENTERED.includes(head.id)) return head.length;
  if (!KNOWN.includes(head.id) || head.size === null) throw refused(`an element ${head.id.toString(16)}`);
  const content = bytes.subarray(at + head.length, at + head.length + head.size);
  if (head.id === ID.tracks) return isWhole(content, head, MOST_TRACKS) ? readHead(content, head, state) : 0;
  if (head.id === ID.timestamp || head.id === ID.info)
    return isWhole(content, head, MOST_TRACKS) ? readClock(content, head, state) : 0;
  if (head.id !== ID.simpleBlock && head.id !== ID.blockGroup) return passOver(head, state);
  if (state.track === null) throw refused('a block before the tracks');
  if (content.length < Math.min(head.size, BLOCK_HEAD)) return 0;
  const track = head.id === ID.simpleBlock ? blockTrack(content) : null;
  if (track !== null && kindOf(track, state) === null) return passOver(head, state);
  if (!isWhole(content, head, state.pictures && track !== state.track ? MOST_PICTURE + BLOCK_HEAD : MOST_BLOCK))
    return 0;
  const block = readMatroskaBlock(head.id, content);
  if (block === null) throw refused('a damaged block');
  const kind = kindOf(block.track, state);
  const time = ((state.cluster ?? 0) + block.ticks) * (state.tickMs ?? 1);
  if (kind !== null)
    for (const bytes of block.frames) blocks.push({ track: kind, bytes, at: time, isKey: block.isKey });
  return head.length + head.size;
}

function kindOf(track: number, state: WebmState): WebmBlock['track'] | null {
  if (track === state.track) return 'sound';
  return track === state.pictures?.track ? 'pictures' : null;
}

/** @throws INGEST_FORMAT when it is larger than `most` */
function isWhole(content: Uint8Array, { size }: EbmlHead, most: Bytes): boolean {
  if ((size ?? Infinity) > most) throw refused(`an element of ${size ?? 0} bytes`);
  return content.length === size;
}

function passOver({ id, length, size }: EbmlHead, state: WebmState): Bytes {
  if ((size ?? Infinity) > MOST_PASSED_OVER) throw refused(`an element ${id.toString(16)} of ${size ?? 0} bytes`);
  state.skip = size ?? 0;
  return length;
}

function readClock(content: Uint8Array, { id, length, size }: EbmlHead, state: WebmState): Bytes {
  if (id === ID.timestamp) {
    const ticks = ebmlUint(content);
    if (content.length > 8 || !Number.isSafeInteger(ticks)) throw refused('a time that is none');
    state.cluster = ticks;
  } else {
    const tickMs = readSegmentInfo(content).tickNs / NS_PER_MS;
    if (!(tickMs <= LONGEST_TICK)) throw refused(`ticks of ${tickMs} ms`);
    state.tickMs = tickMs;
  }
  return length + (size ?? 0);
}

function readHead(content: Uint8Array, { length, size }: EbmlHead, state: WebmState): Bytes {
  const [track] = readTracks(content).audio;
  if (track === undefined) throw refused('no audio track');
  if (track.codecId !== 'A_OPUS' || track.codecPrivate === null || track.isSealed)
    throw refused(`a track of ${track.codecId}`);
  const opusHead = Buffer.from(track.codecPrivate).toString('base64');
  if (state.opusHead !== null && state.opusHead !== opusHead) throw refused('another head in mid-stream');
  Object.assign(state, { track: track.number, opusHead });
  if (state.pictures) state.pictures = picturesIn(content);
  return length + (size ?? 0);
}

function picturesIn(content: Uint8Array): WebmPictures {
  const track = readPictureTrack(content);
  if (track?.codecId !== 'V_MPEG4/ISO/AVC' || track.isSealed) throw refused(`pictures of ${track?.codecId ?? 'none'}`);
  const { number, codecPrivate } = track;
  return { track: number, config: codecPrivate && Buffer.from(codecPrivate).toString('base64') };
}

const refused = (detail: string): BatonError => new BatonError('INGEST_FORMAT', `WebM with ${detail}`);
