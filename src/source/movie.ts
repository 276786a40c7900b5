import type { EncodedPacketSink, Input, InputAudioTrack } from 'mediabunny';
import { BatonError } from '../errors.ts';
import type { Bytes, Frames, Samples } from '../units.ts';
import { type Errand, type MovieBytes, movieBytes, type Piece } from './movie-bytes.ts';
import type { Codec } from './codec.ts';
import { type MovieCoding, movieCoding } from './movie-coding.ts';
import type { ReadBytes } from './reader.ts';

/** An MP4, M4A or MOV that mediabunny has opened. */
export interface Movie extends MovieCoding {
  readonly input: Input;
  readonly track: InputAudioTrack;
  readonly sink: EncodedPacketSink;
  readonly bytes: MovieBytes;
  /** Where the first and the last packet start and end, in samples of the presentation; the first may be negative. */
  readonly first: Samples;
  readonly end: Samples;
  /** What the positions of packets are a multiple of, counted from the first: their timestamps may have been rounded. */
  readonly grain: Samples;
}

/** The memory of one input for what it reads; what counts is kept elsewhere. */
const CACHE: Bytes = 256 * 1024;

/**
 * Opens a movie of `size` bytes, of which the pieces in `known` are there already.
 *
 * Throws SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, SOURCE_TOO_LARGE (the index), and what reading does.
 */
export async function openMovie(size: Bytes, read: ReadBytes, known: readonly Piece[], errand: Errand): Promise<Movie> {
  const mediabunny = await import('mediabunny'); // 15 MB of memory that most sources do without
  const { CustomSource, Input, MP4, QTFF } = mediabunny;
  const bytes = movieBytes(size, read, known);
  const source = new CustomSource({
    getSize: () => size,
    read: (start, end) => bytes.read(start, end),
    maxCacheSize: CACHE,
    handleUnhandledError: () => undefined,
  });
  const input = new Input({ formats: [MP4, QTFF], source });
  try {
    return await bytes.during(errand, () => open(input, bytes, mediabunny.EncodedPacketSink));
  } catch (error) {
    input.dispose();
    errand.signal.throwIfAborted();
    throw damaged(error);
  }
}

/** What mediabunny throws for bytes it cannot read, as an error of ours. */
export const damaged = (error: unknown): unknown =>
  error instanceof BatonError ? error : new BatonError('SOURCE_DAMAGED', String(error), { cause: error });

async function open(input: Input, bytes: MovieBytes, PacketSink: typeof EncodedPacketSink): Promise<Movie> {
  const track = await input.getPrimaryAudioTrack();
  if (track === null) {
    const tracks = await input.getTracks();
    throw new BatonError(tracks.length > 0 ? 'SOURCE_NO_AUDIO' : 'SOURCE_DAMAGED', `${tracks.length} tracks`);
  }
  const sink = new PacketSink(track);
  const decoding = await movieCoding(track, bytes.kept, () => firstPackets(sink));
  const first = await sink.getFirstPacket({ metadataOnly: true });
  const last = await sink.getPacket(Infinity, { metadataOnly: true });
  if (first === null || last === null) throw new BatonError('SOURCE_NO_AUDIO', 'a track without packets');
  const samplesIn = (seconds: number): Samples => Math.round(seconds * decoding.sampleRate);
  bytes.keepNoMore();
  return {
    ...{ input, track, sink, bytes, ...decoding },
    first: samplesIn(first.timestamp),
    end: samplesIn(last.timestamp + last.duration),
    grain: grainOf(decoding.codec, samplesIn(first.duration)),
  };
}

/** As many as tell what is in all of them: more than a second. */
const FIRST: Frames = 32;

async function firstPackets(sink: EncodedPacketSink): Promise<readonly Uint8Array[]> {
  const packets: Uint8Array[] = [];
  let packet = await sink.getFirstPacket();
  for (; packet !== null && packets.length < FIRST; packet = await sink.getNextPacket(packet))
    packets.push(packet.data);
  return packets;
}

/** Frames of one length, in samples of the output. */
const FRAMES: Partial<Record<Codec, readonly Samples[]>> = { aac: [1024, 2048], mp3: [1152, 576] };
/** How much a duration may differ from the frame's own: half a millisecond does, frames of 960 samples do not. */
const ROUNDING = 0.05;

const grainOf = (codec: Codec, duration: Samples): Samples =>
  FRAMES[codec]?.find((frame) => Math.abs(duration - frame) <= ROUNDING * frame) ?? 1;
