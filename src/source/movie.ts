import type { EncodedPacketSink, Input, InputAudioTrack } from 'mediabunny';
import { BatonError } from '../errors.ts';
import type { Bytes, Hertz, Samples } from '../units.ts';
import { settledConfig } from './aac-config.ts';
import { type Errand, type MovieBytes, movieBytes, type Piece } from './movie-bytes.ts';
import type { ReadBytes } from './reader.ts';

/** An MP4, M4A or MOV that mediabunny has opened. */
export interface Movie {
  readonly input: Input;
  readonly track: InputAudioTrack;
  readonly sink: EncodedPacketSink;
  readonly bytes: MovieBytes;
  readonly codec: 'aac' | 'mp3';
  /** AudioSpecificConfig; null for MP3. */
  readonly decoderConfig: Uint8Array | null;
  /** Of the decoder's output. */
  readonly sampleRate: Hertz;
  /** Where the first and the last packet start and end, in samples of the presentation; the first may be negative. */
  readonly first: Samples;
  readonly end: Samples;
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
  const decoding = await decodingOf(track);
  const sink = new PacketSink(track);
  const first = await sink.getFirstPacket({ metadataOnly: true });
  const last = await sink.getPacket(Infinity, { metadataOnly: true });
  if (first === null || last === null) throw new BatonError('SOURCE_NO_AUDIO', 'a track without packets');
  const samplesAt = (seconds: number): Samples => Math.round(seconds * decoding.sampleRate);
  bytes.keepNoMore();
  return {
    ...{ input, track, sink, bytes, ...decoding },
    first: samplesAt(first.timestamp),
    end: samplesAt(last.timestamp + last.duration),
  };
}

async function decodingOf(track: InputAudioTrack): Promise<Pick<Movie, 'codec' | 'decoderConfig' | 'sampleRate'>> {
  const codec = await track.getCodec();
  const config = await track.getDecoderConfig();
  const sampleRate = await track.getSampleRate();
  if (codec === 'mp3') return { codec, sampleRate, decoderConfig: null };
  if (codec !== 'aac' || config === null) {
    throw new BatonError('CODEC_UNSUPPORTED', codec ?? String(await track.getInternalCodecId()));
  }
  const settled = settledConfig(asBytes(config.description), sampleRate, await track.getTimeResolution());
  return { codec, sampleRate: settled.sampleRate, decoderConfig: settled.bytes };
}

function asBytes(description: AllowSharedBufferSource | undefined): Uint8Array {
  if (description === undefined) throw new BatonError('SOURCE_DAMAGED', 'AAC without its configuration');
  return ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);
}
