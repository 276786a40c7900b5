import type { Store } from '../store/store.ts';
import type { Bytes, Samples } from '../units.ts';
import { BatonError } from '../errors.ts';
import { openAdts, openMp3 } from './counted-medium.ts';
import { demuxOf } from './demux.ts';
import { openHls } from './hls-medium.ts';
import type { SoundMark } from './hls-marks.ts';
import type { HlsSupply } from './hls-supply.ts';
import { type Movie, openMovie } from './movie.ts';
import { decodePieces, encodePieces } from './movie-bytes.ts';
import type { PacketRun } from './packet-run.ts';
import { mp4Packets } from './packets-mp4.ts';
import { pcmPackets } from './packets-pcm.ts';
import { streamPackets } from './packets-stream.ts';
import type { SourceMeter } from './reader.ts';
import { indexKey, type ProbeRecord, type StreamFacts } from './record.ts';
import { UNKNOWN_END } from './sample.ts';
import type { Scan } from './scan.ts';
import { openStream } from './stream.ts';
import type { Supply } from './supply.ts';

/** A version of a source that is open for reading packets. */
export interface Medium {
  packets(from: Samples, to: Samples, signal: AbortSignal, meter?: SourceMeter): Promise<PacketRun>;
  /** Of a playlist of HLS: where the sound of each stretch stands; see `SoundMark`. */
  readonly soundMarks?: (signal: AbortSignal, meter?: SourceMeter) => Promise<readonly SoundMark[]>;
  /** Null where positions are known without one. */
  readonly scan: Scan | null;
  close(): void;
}

/** Opens a source for reading packets, with the index that the store has. */
export function openMedium(record: ProbeRecord, supply: Supply, store: Store, signal: AbortSignal): Promise<Medium> {
  const { mp3, adts, pcm, stream, hls } = record;
  if (hls !== undefined) return openHls(record, hls, segmentsOf(supply), store, signal);
  if (mp3 !== null) return openMp3(record, mp3, supply, store, signal);
  if (adts !== undefined) return openAdts(record, adts, supply, store, signal);
  if (pcm !== null) return Promise.resolve(bare((...at) => pcmPackets(record, pcm, supply.read, ...at)));
  if (stream !== null) return openTrack(record, stream, supply);
  return openMp4(record, supply, store, signal);
}

function segmentsOf({ hls }: Supply): HlsSupply {
  if (hls === undefined) throw new BatonError('INTERNAL', 'a playlist without its segments');
  return hls;
}

type ReadPackets = (...at: Parameters<Medium['packets']>) => PacketRun | Promise<PacketRun>;

/** Of a source whose packets are found without an index. */
const bare = (packets: ReadPackets): Medium => ({
  scan: null,
  close: () => undefined,
  packets: async (...at) => await packets(...at),
});

async function openTrack(record: ProbeRecord, facts: StreamFacts, { read }: Supply): Promise<Medium> {
  const length = (record.samples ?? 0) + record.skip;
  const track = openStream(demuxOf(record.container, record, facts), facts.audio, length, read);
  return await Promise.resolve(bare((...at) => streamPackets(track, record, ...at)));
}

/** A movie that is open already. Its index is stored, so that nobody needs to read it again. */
export function movieMedium(movie: Movie, record: ProbeRecord, store: Store): Medium {
  // Losing it does no harm: it can be made again.
  store.putIfAbsent(indexKey(record.version), encodePieces(movie.bytes.kept)).catch(() => undefined);
  let runs = 0;
  let closed = false;
  const settle = (): void => {
    if (closed && runs === 0) movie.input.dispose();
  };
  return {
    scan: null,
    close: () => {
      closed = true;
      settle();
    },
    packets: async (from, to, ...rest) => {
      runs++;
      const run = await mp4Packets(movie, record, from, to, ...rest);
      return {
        ...run,
        packets: untilDone(run.packets, () => {
          runs--;
          settle();
        }),
      };
    },
  };
}

async function* untilDone<T>(items: AsyncIterable<T>, done: () => void): AsyncGenerator<T> {
  try {
    yield* items;
  } finally {
    done();
  }
}

async function openMp4(record: ProbeRecord, supply: Supply, store: Store, signal: AbortSignal): Promise<Medium> {
  const stored = await store.get(indexKey(record.version), signal);
  const known = stored ? decodePieces(stored.bytes) : [];
  const movie = await openMovie(record.size ?? (await sizeOf(supply, signal)), supply.read, known, {
    signal,
    meter: undefined,
    ahead: 0,
  });
  return movieMedium(movie, record, store);
}

async function sizeOf({ stream }: Supply, signal: AbortSignal): Promise<Bytes> {
  let size: Bytes = 0;
  for await (const piece of stream({ start: 0, end: UNKNOWN_END }, signal)) size += piece.length;
  return size;
}
