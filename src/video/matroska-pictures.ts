import type { MediaPacket } from '../media/demuxer.ts';
import { matroskaDemux } from '../media/matroska-demux.ts';
import type { PictureTrack } from '../media/matroska-head.ts';
import type { SourceMeter } from '../source/reader.ts';
import type { Bytes } from '../units.ts';
import type { FilmBytes } from './film-bytes.ts';

/** Coded pictures in the order they are decoded; `at` is in ticks of the file's clock. */
export type Pictures = AsyncGenerator<MediaPacket, void>;

/** From a key picture on, which is shown at `at`. */
export interface FromKey {
  readonly at: number;
  readonly pictures: Pictures;
}

export interface PicturesIn {
  readonly track: PictureTrack;
  readonly bytes: FilmBytes;
  /** Where clusters begin and end; infinite where that is not known. */
  readonly start: Bytes;
  readonly end: Bytes;
  /** Where key pictures are, in order; none where nothing lists them. */
  readonly cues: readonly { readonly at: number; readonly place: Bytes }[];
}

export interface MatroskaPictures {
  fromStart(signal: AbortSignal, meter?: SourceMeter): Pictures;
  /**
   * From a key picture on that is shown at or before `wanted`, or from the first one of all. Where nothing lists them it
   * is looked for `lead` ticks before; null when there is none.
   */
  fromKey(wanted: number, lead: number, signal: AbortSignal, meter?: SourceMeter): Promise<FromKey | null>;
  /** When the last picture is shown; null where none is found near the end. */
  lastTicks(signal: AbortSignal, meter?: SourceMeter): Promise<number | null>;
}

const STEP: Bytes = 128 * 1024;
const LARGEST_STEP: Bytes = 4 * 2 ** 20;
/** Nearer than this one reads through. */
const NEAR: Bytes = 512 * 1024;
/** Clusters of video take up to 5 MB by habit. */
const FARTHEST: Bytes = 32 * 2 ** 20;
const MOST_HELD: Bytes = 64 * 2 ** 20;

/** The pictures of one track of Matroska, found by its cues or else by bisection. */
export function matroskaPictures({ track, bytes, start, end, cues }: PicturesIn): MatroskaPictures {
  const demux = matroskaDemux({
    ...{ track: track.number, start, origin: 0, tickSamples: 1, sampleNs: 1, grain: 1 },
    ...{ samplesOf: () => 0, isChained: false, prefix: track.prefix, isPictures: true },
  });

  async function* from(place: Bytes, signal: AbortSignal, meter?: SourceMeter, first: Bytes = STEP): Pictures {
    const demuxer = demux(place);
    let step = first;
    for (let at = place; at < end; at += step, step = Math.min(LARGEST_STEP, step * 2)) {
      let left = Math.min(end, at + step) - at;
      for await (const piece of bytes.stream({ start: at, end: at + left }, signal, meter)) {
        left -= piece.length;
        yield* demuxer.push(piece);
      }
      if (left > 0) return; // the end of the source
    }
  }

  /** The last place known to lie before what is shown at `wanted`. */
  async function bisect(wanted: number, signal: AbortSignal, meter?: SourceMeter): Promise<Bytes> {
    let [low, high] = [start, end];
    while (high - low > NEAR && high < Infinity) {
      const middle = low + Math.floor((high - low) / 2);
      let found: MediaPacket | null = null;
      for await (const packet of from(middle, signal, meter)) {
        found = packet;
        break;
      }
      if (found !== null && found.place < high && found.at <= wanted) low = Math.max(found.place, low + 1);
      else high = middle;
    }
    return low;
  }

  async function cued(
    cue: { at: number; place: Bytes },
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<FromKey | null> {
    const pictures = from(cue.place, signal, meter);
    for (let next = await pictures.next(); next.done !== true; next = await pictures.next())
      if (next.value.isKey === true && next.value.at >= cue.at)
        return { at: next.value.at, pictures: following([next.value], pictures) };
    return null;
  }

  async function searched(
    wanted: number,
    lead: number,
    signal: AbortSignal,
    meter?: SourceMeter,
  ): Promise<FromKey | null> {
    const place = await bisect(wanted - lead, signal, meter);
    const pictures = from(place, signal, meter);
    let held: MediaPacket[] = [];
    let size: Bytes = 0;
    for (let next = await pictures.next(); next.done !== true; next = await pictures.next()) {
      const packet = next.value;
      const [key] = held;
      const isBehind = packet.at > wanted;
      if (packet.isKey === true && (isBehind ? key === undefined && place === start : true)) {
        held = [];
        size = 0;
      } else if (key === undefined) {
        if (isBehind && place > start) break;
        continue;
      }
      held.push(packet);
      size += packet.bytes.length;
      if (isBehind || size > MOST_HELD) break;
    }
    const [key] = held;
    if (key !== undefined) return { at: key.at, pictures: following(held, pictures) };
    await pictures.return();
    return null;
  }

  return {
    fromStart: (signal, meter) => from(start, signal, meter),
    fromKey: (wanted, lead, signal, meter) => {
      const cue = cues.findLast(({ at }) => at <= wanted) ?? cues[0];
      return cue === undefined ? searched(wanted, lead, signal, meter) : cued(cue, signal, meter);
    },
    lastTicks: async (signal, meter) => {
      if (end === Infinity) return null;
      for (let reach = NEAR; reach <= FARTHEST; reach *= 4) {
        let last = -1;
        for await (const { at } of from(Math.max(start, end - reach), signal, meter, reach)) last = Math.max(last, at);
        if (last >= 0) return last;
        if (end - reach <= start) break;
      }
      return null;
    },
  };
}

async function* following(held: readonly MediaPacket[], rest: Pictures): Pictures {
  try {
    yield* held;
    yield* rest;
  } finally {
    await rest.return();
  }
}
