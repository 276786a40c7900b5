import { MAX_FRAME_BYTES, type Mp3Frame, type Mp3Header, mp3Walker, readMp3Header } from '../media/mp3.ts';
import { readVbri, readXing } from '../media/xing.ts';
import type { Frames, Hertz, Samples } from '../units.ts';
import { CBR_SLACK, CBR_WINDOW, type CbrGrid, cbrOffset, findCbrFrame } from './cbr.ts';
import { type Counted, countedFrames, locate } from './counted-frames.ts';
import type { IndexScan } from './index-scan.ts';
import type { PacketRun } from './packet-run.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import type { Mp3Facts, ProbeRecord } from './record.ts';
import type { Place } from './seek-index.ts';
import { take } from './take.ts';

/** An MP3 that is open for reading. */
export interface Mp3Track {
  readonly record: ProbeRecord;
  readonly facts: Mp3Facts;
  readonly scan: IndexScan;
  readonly read: ReadBytes;
}

/**
 * Frames that come before the wanted ones: the bit reservoir reaches back 511 bytes in MPEG-1 and 255 in MPEG-2
 * (ISO/IEC 11172-3 2.4.2.7), and frames of the lowest rates carry only a few dozen.
 */
const LEAD_IN: Readonly<Record<Mp3Facts['version'], Frames>> = { 1: 12, 2: 24, 2.5: 24 };

/** The frames that decode to presentation samples [from, to), with the same lead-in every time and one frame more. */
export async function mp3Packets(
  track: Mp3Track,
  from: Samples,
  to: Samples,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<PacketRun> {
  const { record, facts } = track;
  const frameAt = (sample: Samples): number => (sample + record.skip) / facts.frameSamples;
  const first = Math.max(0, Math.floor(frameAt(from)) - LEAD_IN[facts.version]);
  const end = Math.ceil(frameAt(to)) + 1;
  const grid = gridOf(track);
  const place = grid === null || first === 0 ? await locate(track, first, signal, meter) : null;
  return {
    codec: 'mp3',
    decoderConfig: null,
    sampleRate: record.sampleRate,
    channels: record.channels,
    skip: from + record.skip - first * facts.frameSamples,
    packets:
      grid !== null && place === null
        ? cbrFrames(track, grid, first, end, signal, meter)
        : framesFrom(track, place, first, end, signal, meter),
  };
}

/** Any header of the stream, for telling its frames from those of others. */
export function streamHeader({ version }: Pick<Mp3Facts, 'version'>, sampleRate: Hertz): Mp3Header {
  const versionBits = { 1: 3, 2: 2, 2.5: 0 }[version];
  const rateBits = [44_100, 48_000, 32_000].indexOf(sampleRate * { 1: 1, 2: 2, 2.5: 4 }[version]);
  const header = readMp3Header(Uint8Array.of(0xff, 0xe3 | (versionBits << 3), 0x90 | (rateBits << 2), 0), 0);
  if (header === null) throw new RangeError(`no MP3 of version ${version} has ${sampleRate} Hz`);
  return header;
}

function gridOf({ facts, record }: Mp3Track): CbrGrid | null {
  const { cbrKbps, cbrFrameBytes, audio } = facts;
  if (cbrKbps === null || cbrFrameBytes === null) return null;
  return { start: audio.start, kbps: cbrKbps, sampleRate: record.sampleRate, frameBytes: cbrFrameBytes };
}

const countedIn = ({ record, facts, scan, read }: Mp3Track): Counted<Mp3Header> => ({
  scan,
  read,
  walk: () => mp3Walker(streamHeader(facts, record.sampleRate)),
  audioEnd: facts.audio.end,
  typicalBytes: 420,
  maxBytes: MAX_FRAME_BYTES,
});

async function* framesFrom(
  track: Mp3Track,
  place: Place | null,
  first: Frames,
  end: Frames,
  signal: AbortSignal,
  meter?: SourceMeter,
): AsyncGenerator<Uint8Array, void> {
  let isFirst = true;
  for await (const frame of countedFrames(countedIn(track), place, first, end, signal, meter)) {
    yield isFirst ? withoutTag(frame) : frame;
    isFirst = false;
  }
}

/** The frames [first, end) of a constant bitrate, found by arithmetic; by the index where that fails. */
async function* cbrFrames(
  track: Mp3Track,
  grid: CbrGrid,
  first: Frames,
  end: Frames,
  signal: AbortSignal,
  meter?: SourceMeter,
): AsyncGenerator<Uint8Array, void> {
  const { facts, record } = track;
  const start = cbrOffset(grid, first) - CBR_SLACK;
  const stop = Math.min(facts.audio.end, cbrOffset(grid, end) + CBR_SLACK);
  if (start >= stop) return;
  const body = track.read({ start, end: stop }, signal, meter);
  try {
    const opening = await take(body, CBR_WINDOW);
    const found = findCbrFrame(grid, opening, CBR_SLACK, stop === facts.audio.end);
    if (found === null)
      return yield* framesFrom(track, await locate(track, first, signal, meter), first, end, signal, meter);
    const walker = mp3Walker(streamHeader(facts, record.sampleRate));
    let frame = first;
    const wanted = function* (frames: readonly Mp3Frame[]): Generator<Uint8Array> {
      for (const { bytes } of frames) {
        if (frame < end) yield frame === first ? withoutTag(bytes) : bytes;
        frame++;
      }
    };
    yield* wanted(walker.push(opening.subarray(found)));
    for await (const piece of body) yield* wanted(walker.push(piece));
    yield* wanted(walker.end());
  } finally {
    await body.return();
  }
}

/**
 * A Xing, Info or VBRI frame in the middle (files are laid end to end) is a frame of silence like any other, but a
 * demuxer that met it first would take it for a header and drop it.
 */
function withoutTag(frame: Uint8Array): Uint8Array {
  if (readXing(frame) === null && readVbri(frame) === null) return frame;
  const plain = frame.slice();
  const { crc = false, sideInfoBytes = 0 } = readMp3Header(frame, 0) ?? {};
  plain.fill(0, 4 + (crc ? 2 : 0) + sideInfoBytes);
  return plain;
}
