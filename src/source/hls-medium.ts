import { BatonError } from '../errors.ts';
import type { MediaPacket } from '../media/demuxer.ts';
import type { Store } from '../store/store.ts';
import type { Bytes, Frames, Samples } from '../units.ts';
import { createHlsIndex, decodeHlsIndex, encodeHlsIndex, type HlsIndex } from './hls-index.ts';
import { type HlsSegments, hlsSegments } from './hls-segments.ts';
import { soundMarks } from './hls-marks.ts';
import type { HlsCoding } from './hls-sound.ts';
import type { HlsSupply } from './hls-supply.ts';
import { type HlsClock, placePackets, placeSilence, type PlacedPacket } from './hls-timeline.ts';
import type { Medium } from './medium.ts';
import { streamPackets } from './packets-stream.ts';
import type { SourceMeter } from './reader.ts';
import { hlsCodingOf } from './probe-hls.ts';
import type { HlsFacts, ProbeRecord } from './record.ts';
import { createScan, type ScanPass } from './scan.ts';
import { storedIndex } from './stored-index.ts';
import type { Stream } from './stream.ts';

/** Of all segments that are read to make an index. */
const MOST_SCANNED: Bytes = 8 * 2 ** 30;
/** Segments that are read ahead of the one that is looked at. */
const AHEAD = 3;
/** The first packet tells where all are. */
const FIRST: Frames = 1;

/** Opens a playlist for reading packets, with the index that the store has. */
export async function openHls(
  record: ProbeRecord,
  facts: HlsFacts,
  supply: HlsSupply,
  store: Store,
  signal: AbortSignal,
): Promise<Medium> {
  const coding = hlsCodingOf(record, facts);
  const format = {
    create: () => createHlsIndex(coding.frameSamples),
    encode: encodeHlsIndex,
    decode: (bytes: Uint8Array, complete: boolean) => decodeHlsIndex(bytes, complete, coding.frameSamples),
  };
  const stored = await storedIndex(record.version, format, store, signal);
  const { index } = stored;
  const save = (): void => {
    stored.save();
  };
  const segments = hlsSegments(supply, coding, index);
  const scan = createScan(index, (pass) => readOn(index, segments, coding, pass));
  scan.completed.then(save, () => undefined);
  const stream: Stream = {
    packets: (at, to, signal, meter) => packetsOf({ index, segments, coding, scan }, at, to, signal, meter),
  };
  return {
    scan,
    packets: (...at) => streamPackets(stream, record, ...at),
    soundMarks: async (stop, meter) => {
      const { segments: all } = await segments.playlist(stop, meter);
      const isOne = all.every(({ discontinuity }, number) => number === 0 || !discontinuity);
      if (!index.complete) await scan.reach(isOne ? FIRST : Infinity, stop, meter);
      return await soundMarks(index, all, record, supply.reader, stop, meter);
    },
    close: () => {
      scan.close();
      if (!index.complete) save();
    },
  };
}

/** Looks at one segment more. */
async function readOn(index: HlsIndex, segments: HlsSegments, coding: HlsCoding, pass: ScanPass): Promise<void> {
  const { signal, meter } = pass;
  const number = index.segments;
  const { segments: all } = await segments.playlist(signal, meter);
  const segment = all[number];
  if (segment !== undefined) {
    if (pass.toEnd()) for (let next = 1; next <= AHEAD; next++) segments.ahead(number + next, signal, meter);
    const { entry } = await segments.read(number, signal, meter);
    const { clock } = await placed(number, index, segments, coding, signal, meter);
    index.note(entry, clock);
    if (index.end > MOST_SCANNED) throw new BatonError('SOURCE_TOO_LARGE', `${index.end} bytes in ${number} segments`);
  }
  if (number + 1 >= all.length) index.finish();
  pass.noticed();
}

/** The packets of a segment in their places. */
async function placed(
  number: number,
  index: HlsIndex,
  segments: HlsSegments,
  coding: HlsCoding,
  signal: AbortSignal,
  meter?: SourceMeter,
): Promise<{ readonly placed: readonly PlacedPacket[]; readonly clock: HlsClock }> {
  const before = index.clock(number);
  const segment = (await segments.playlist(signal, meter)).segments[number];
  const { sound } = await segments.read(number, signal, meter);
  const clock = segment?.discontinuity === true ? { ...before, at: null } : before;
  return sound === null
    ? placeSilence(clock, segment?.duration ?? 0, coding)
    : placePackets(clock, sound.packets, coding);
}

interface HlsTrack {
  readonly index: HlsIndex;
  readonly segments: HlsSegments;
  readonly coding: HlsCoding;
  readonly scan: NonNullable<Medium['scan']>;
}

async function* packetsOf(
  { index, segments, coding, scan }: HlsTrack,
  at: Samples,
  to: Samples,
  signal: AbortSignal,
  meter?: SourceMeter,
): AsyncGenerator<MediaPacket, void> {
  if (!index.complete) await scan.reach(Math.ceil(to / coding.frameSamples), signal, meter);
  let held: MediaPacket | null = null;
  for (let number = index.segmentAt(at); number < index.segments; number++) {
    const { placed: packets } = await placed(number, index, segments, coding, signal, meter);
    for (const packet of packets) {
      const media = { ...packet, place: 0 };
      if (packet.at <= at) {
        held = media;
        continue;
      }
      if (held !== null) yield held;
      held = null;
      yield media;
      if (packet.at >= to) return;
    }
  }
  if (held !== null) yield held;
}
