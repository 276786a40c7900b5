import { BatonError } from '../errors.ts';
import { type OggOpening, readOggOpening } from '../media/ogg-opening.ts';
import { oggDemux, type OggTrack } from '../media/ogg-demux.ts';
import { oggSound } from '../media/ogg-track.ts';
import type { Bytes, Samples } from '../units.ts';
import { packetSamples } from './demux.ts';
import { type Excerpt, excerpts, wholeSize } from './excerpt.ts';
import { keptTags } from './kept-tags.ts';
import { oggEnd } from './ogg-end.ts';
import type { SourceMeter } from './reader.ts';
import type { Probed } from './record.ts';
import type { Sample } from './sample.ts';

/** Headers may hold pictures. */
const MAX_OPENING: Bytes = 16 * 2 ** 20;
const WINDOW: Bytes = 64 * 1024;

/**
 * What an Ogg file is: the first of its streams that is Opus, Vorbis or FLAC. It ends where the last page of that stream
 * says. Where several files are chained, as recordings of radio are, that is the end of the first.
 *
 * Throws SOURCE_DAMAGED, SOURCE_NO_AUDIO, CODEC_UNSUPPORTED, and what reading does.
 */
export async function probeOgg(sample: Sample, signal: AbortSignal, meter?: SourceMeter): Promise<Probed> {
  const bytesAt = excerpts(sample, signal, meter);
  const opening = await readOpening(bytesAt);
  const sound = oggSound(opening);
  if (sound === null) throw new BatonError('SOURCE_DAMAGED', `headers of ${opening.codec} in Ogg`);
  const { codec, sampleRate, channels, preSkip } = sound;
  const coded = { codec, decoderConfig: Buffer.from(sound.decoderConfig).toString('base64') };
  const { start, serial, serials } = opening;
  const samplesOf = packetSamples({ ...coded, sampleRate, channels }, 1);
  const size = await wholeSize(sample, signal, meter);
  const track = { serial, start, origin: 0, samplesOf, isChained: codec === 'vorbis' };
  const origin = await firstSample(track, size, bytesAt);
  const last = await oggEnd(serial, serials, { start, end: size }, bytesAt);
  if (origin === null || last === null) throw new BatonError('SOURCE_NO_AUDIO', `a stream of ${codec} without packets`);
  // A clock that begins below zero says that so much is to be cut off (Vorbis I, A.2).
  const skip = preSkip + (codec === 'vorbis' ? Math.max(0, 0 - origin) : 0);
  const samples = last.granule - origin - skip;
  if (samples <= 0) throw new BatonError('SOURCE_NO_AUDIO', `${samples} samples of ${codec}`);
  return {
    ...coded,
    sampleRate,
    channels,
    samples,
    skip,
    mp3: null,
    pcm: null,
    stream: { audio: { start, end: last.end }, track: serial, origin, tickSamples: 1, grain: 1 },
    tags: keptTags(sound.tags((samples * 1000) / sampleRate)),
  };
}

async function readOpening(bytesAt: Excerpt): Promise<OggOpening> {
  for (let length = WINDOW; ; length *= 2) {
    const bytes = await bytesAt({ start: 0, end: length });
    const opening = readOggOpening(bytes);
    if (opening === null || (opening === 'more' && (bytes.length < length || length >= MAX_OPENING)))
      throw new BatonError('SOURCE_DAMAGED', 'no Ogg pages with headers');
    if (opening === 'more') continue;
    if ('headers' in opening) return opening;
    const names = opening.join(', ');
    throw new BatonError(/Speex|PCM|CELT/.test(names) ? 'CODEC_UNSUPPORTED' : 'SOURCE_NO_AUDIO', names);
  }
}

/** What the clock of a track says at its first packet. */
async function firstSample(track: OggTrack, size: Bytes, bytesAt: Excerpt): Promise<Samples | null> {
  const demuxer = oggDemux(track)(track.start);
  for (let at = track.start; at < Math.min(size, track.start + MAX_OPENING); at += WINDOW) {
    const [first] = demuxer.push(await bytesAt({ start: at, end: Math.min(at + WINDOW, size) }));
    if (first) return first.at;
  }
  return null;
}
