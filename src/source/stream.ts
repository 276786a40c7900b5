import type { Demux, MediaPacket } from '../media/demuxer.ts';
import type { ByteRange, Bytes, Samples } from '../units.ts';
import type { SourceMeter, ReadBytes } from './reader.ts';
import { UNKNOWN_END } from './sample.ts';

/** A track whose packets are found by bisection: nothing in front of them has to be read. */
export interface Stream {
  /** The packets from the last one on that starts at or before `at`. Ends where the track does. */
  packets(at: Samples, to: Samples, signal: AbortSignal, meter?: SourceMeter): AsyncGenerator<MediaPacket, void>;
}

/** A place from which on reading comes upon the packet at `at`. */
interface Mark {
  readonly place: Bytes;
  readonly at: Samples;
}

/** Nearer than this, one reads through. */
const NEAR: Bytes = 64 * 1024;
/** How much is read at first to find a packet; more each time. */
const STEP: Bytes = 32 * 1024;
const LARGEST_STEP: Bytes = 2 ** 20;
const MOST_MARKS = 512;
const MOST_HELD = 4;
/** What is asked for beyond what packets of the mean size would take. */
const MARGIN = 1.1;

/**
 * Opens the track that stands in `audio` and lasts `length` samples. Where nobody knows the end of the bytes yet, nothing
 * tells how far a sample lies in, and one reads on from the nearest place that was come upon.
 */
export function openStream(demux: Demux, audio: ByteRange, length: Samples, read: ReadBytes): Stream {
  const start: Mark = { place: audio.start, at: 0 };
  const end: Mark = { place: audio.end, at: Math.max(1, length) };
  const isEndKnown = audio.end < UNKNOWN_END;
  const density = isEndKnown ? (audio.end - audio.start) / end.at : 0;
  /** What was come upon, in order: a play goes on where it was. */
  const marks: Mark[] = [start];

  async function* packets(
    at: Samples,
    to: Samples,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): AsyncGenerator<MediaPacket, void> {
    const { place, at: markedAt } = await nearestMark(at, signal, meter);
    const wanted = Math.ceil((to - markedAt) * density * MARGIN) + STEP;
    let held: MediaPacket[] = []; // of those that start where the last one before `at` does: one may add nothing
    for await (const packet of packetsFrom(place, wanted, signal, meter)) {
      if (packet.at <= at) {
        held = packet.at === held[0]?.at ? [...held.slice(1 - MOST_HELD), packet] : [packet];
        continue;
      }
      if (held[0]) remember(held[0]);
      yield* held.splice(0);
      yield packet;
      if (packet.at >= to) {
        remember(packet);
        return;
      }
    }
    yield* held;
  }

  /** The last mark at or before `at`, or one that is near it. */
  async function nearestMark(at: Samples, signal: AbortSignal, meter?: SourceMeter): Promise<Mark> {
    const index = marks.findLastIndex((mark) => mark.at <= at);
    let low = marks[index] ?? start;
    let high = marks[index + 1] ?? end;
    for (let halve = false; high.place - low.place > NEAR && (at - low.at) * density > NEAR;) {
      const share = halve ? 0.5 : (at - low.at) / Math.max(1, high.at - low.at);
      const width = high.place - low.place;
      const guess = low.place + Math.min(width - NEAR / 2, Math.max(1, Math.floor(width * share) - NEAR / 2));
      const found = await firstPacket({ start: Math.max(low.place + 1, guess), end: high.place }, signal, meter);
      if (found !== null && found.at <= at && found.place > low.place) low = found;
      else high = { place: guess, at: Math.min(high.at, found?.at ?? high.at) };
      halve = high.place - low.place > width / 2;
    }
    remember(low);
    return low;
  }

  async function firstPacket(
    { start, end }: ByteRange,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<Mark | null> {
    for await (const packet of packetsFrom(start, STEP, signal, meter)) return packet.place < end ? packet : null;
    return null;
  }

  async function* packetsFrom(
    place: Bytes,
    wanted: Bytes,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): AsyncGenerator<MediaPacket, void> {
    const demuxer = demux(place);
    let step = wanted;
    let next = STEP;
    for (let at = place; at < audio.end; at += step, step = next, next = Math.min(LARGEST_STEP, next * 2)) {
      const range = { start: at, end: Math.min(audio.end, at + step) };
      let left = range.end - range.start;
      for await (const bytes of read(range, signal, meter)) {
        left -= bytes.length;
        yield* demuxer.push(bytes);
      }
      if (left > 0) break; // the end of the source
    }
    yield* demuxer.end();
  }

  function remember({ place, at }: Mark): void {
    const index = marks.findLastIndex((mark) => mark.at <= at);
    if (marks[index]?.at === at || place <= (marks[index]?.place ?? 0)) return;
    if (marks.length >= MOST_MARKS) marks.splice(1 + (at % (MOST_MARKS - 1)), 1);
    marks.splice(marks.findLastIndex((mark) => mark.at <= at) + 1, 0, { place, at });
  }

  return { packets };
}
